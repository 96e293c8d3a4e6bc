// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/catalog/catalog.h"
#include "daemon/http/head.h"
#include "daemon/providers/adapted_request.h"
#include "daemon/providers/chat_event.h"
#include "daemon/providers/chat_request.h"

namespace llmgw {

/// `--option k=v` of a provider key.
using ProviderOptions = std::vector<std::pair<std::string, std::string>>;
/// An option's value; empty when it is not set.
[[nodiscard]] std::string_view find_option(const ProviderOptions& options, std::string_view name);

/// Where a translated request goes, as far as its form depends on it.
struct WireTarget {
    const Provider* provider = nullptr;  ///< nullptr: a custom server
    const Mapping* mapping = nullptr;    ///< nullptr: a model outside the catalog
    std::string_view model;              ///< as the provider calls it
    std::string_view region;             ///< empty: the provider's default
    /// `--option k=v` of the provider key, such as Azure's `api_version`.
    const ProviderOptions* options = nullptr;

    /// An option's value; empty when it is not set.
    [[nodiscard]] std::string_view option(std::string_view name) const;
};

/// Reads an answer's body, a stream or a whole document, piece by piece as it arrives. Pure: bytes
/// in, events out. The pieces may be split anywhere.
class AnswerDecoder {
  public:
    virtual ~AnswerDecoder() = default;
    /// Appends what the bytes say. The error is Errc::upstream: the body is not well-formed.
    [[nodiscard]] virtual Result<void> feed(std::string_view bytes,
                                            std::vector<ChatEvent>& out) = 0;
    /// The body has ended. An error when it stopped in the middle.
    [[nodiscard]] virtual Result<void> finish(std::vector<ChatEvent>& out) = 0;
};

/// What a provider says when it refuses, in the terms of OpenAI's error object.
struct ProviderError {
    std::string message;  ///< the provider's own words
    std::string type;     ///< "invalid_request_error"…
    std::string code;     ///< its own code; may be empty
    int status = 0;       ///< what its status should have been; 0: as it was
};

/// One provider format. Stateless; its functions are pure and may be called from any thread.
struct WireAdapter {
    /// Makes the provider's request: path, body, header lines, and what had to be changed. The
    /// error is Errc::invalid_request, for what the provider cannot do and no change can mend.
    Result<AdaptedRequest> (*encode)(const ChatRequest& request, const WireTarget& target);
    /// A decoder for the answer to that request.
    std::unique_ptr<AnswerDecoder> (*decoder)(const ChatRequest& request, const WireTarget& target);
    ProviderError (*read_error)(int status, const ResponseHead& head, std::string_view body);
    /// The provider takes images as bytes only and fetches none itself: encode() is not called with
    /// an image that is still an address.
    bool needs_image_bytes = false;
};

/// nullptr for formats that are not translated.
[[nodiscard]] const WireAdapter* adapter_for(Wire wire);

}  // namespace llmgw
