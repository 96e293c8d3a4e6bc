// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// Something that goes along with a prompt.
struct Attachment {
    enum class Kind { text, image, pdf };
    Kind kind = Kind::text;
    std::string name;        ///< as the user typed it
    std::string media_type;  ///< "image/png"; empty for text
    std::string bytes;
};

/// The media type that a file's first bytes tell: png, jpeg, gif, webp or pdf; otherwise empty.
[[nodiscard]] std::string_view sniff_media_type(std::string_view bytes);

/// Takes a file for what its bytes say it is, whatever its name. Fails with Errc::invalid_file for
/// one that is neither UTF-8 text nor one of sniff_media_type()'s.
[[nodiscard]] Result<Attachment> make_attachment(std::string name, std::string bytes);

/// A text file for a model: its name, and its text between fences longer than any inside it.
[[nodiscard]] std::string fenced(const Attachment& file);

/// "data:image/png;base64,…"
[[nodiscard]] std::string data_url(const Attachment& file);

}  // namespace llmgw
