// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_attachment.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace llmgw {

std::string_view sniff_media_type(std::string_view bytes) {
    constexpr std::size_t kRiffType = 8;  // "RIFF", four bytes of size, then the type
    if (bytes.starts_with("\x89PNG\r\n\x1a\n")) {
        return "image/png";
    }
    if (bytes.starts_with("\xFF\xD8\xFF")) {
        return "image/jpeg";
    }
    if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) {
        return "image/gif";
    }
    if (bytes.starts_with("RIFF") && bytes.size() > kRiffType &&
        bytes.substr(kRiffType).starts_with("WEBP")) {
        return "image/webp";
    }
    if (bytes.starts_with("%PDF-")) {
        return "application/pdf";
    }
    return {};
}

Result<Attachment> make_attachment(std::string name, std::string bytes) {
    Attachment file;
    file.name = std::move(name);
    file.media_type = sniff_media_type(bytes);
    if (file.media_type == "application/pdf") {
        file.kind = Attachment::Kind::pdf;
    } else if (!file.media_type.empty()) {
        file.kind = Attachment::Kind::image;
    } else if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
        return fail(Errc::invalid_file, file.name + " looks like UTF-16, not UTF-8",
                    "convert it: iconv -f UTF-16 -t UTF-8 FILE");
    } else if (bytes.find('\0') != std::string::npos || !is_utf8(bytes)) {
        return fail(Errc::invalid_file,
                    file.name + " is neither UTF-8 text nor a PNG, JPEG, GIF, WebP or PDF file",
                    "convert it to one of these");
    } else if (bytes.starts_with("\xEF\xBB\xBF")) {
        bytes.erase(0, 3);
    }
    file.bytes = std::move(bytes);
    return file;
}

std::string fenced(const Attachment& file) {
    std::size_t longest = 2;
    std::size_t run = 0;
    for (const char c : file.bytes) {
        run = c == '`' ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    const std::string fence(longest + 1, '`');
    std::string text = printable(file.name) + ":\n" + fence + '\n' + file.bytes;
    if (!text.ends_with('\n')) {
        text += '\n';
    }
    return text + fence;
}

std::string data_url(const Attachment& file) {
    return "data:" + file.media_type + ";base64," + to_base64(file.bytes);
}

}  // namespace llmgw
