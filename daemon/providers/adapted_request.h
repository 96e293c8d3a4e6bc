// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

/// A request body as it goes to an upstream: pieces of the client's bytes and of what replaces
/// some of them. Valid while the client's body and this object live.
struct AdaptedRequest {
    std::string path;    ///< behind the base URL; with its query
    std::string fields;  ///< further header lines of the format, each "name: value\r\n"
    std::vector<std::string_view> body;
    std::list<std::string> owned;  ///< what the pieces that are not the client's point to

    std::vector<std::string> dropped;  ///< fields the provider rejects
    std::vector<std::string> clamped;  ///< fields whose value was moved into the provider's range
    std::vector<std::string> renamed;  ///< fields that the provider knows by another name

    [[nodiscard]] std::size_t body_size() const {
        std::size_t size = 0;
        for (const std::string_view piece : body) {
            size += piece.size();
        }
        return size;
    }
    /// "dropped=seed,logit_bias; clamped=temperature"; empty when nothing was changed.
    [[nodiscard]] std::string changes() const;
};

}  // namespace llmgw
