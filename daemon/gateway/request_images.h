// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/base/error.h"
#include "daemon/net/task.h"

namespace llmgw {

struct Exchange;
class InferenceCall;

constexpr std::size_t kMaxFetchedImages = 10;

/// An image that a request gave the address of.
struct FetchedImage {
    std::string media_type;  ///< "image/png"
    std::string base64;
};

/// What one request's images came to.
struct RequestImages {
    std::unordered_map<std::string, FetchedImage> by_url;
    std::optional<Error> failure;  ///< why they are not all there
};

/// Fetches the images that a chat completion gives the addresses of into the exchange, for a
/// provider that needs their bytes. Once for a request, however many providers are tried, and only
/// when `fetch.images` allows it.
Task<void> fetch_images(Exchange& exchange, const InferenceCall& call);

}  // namespace llmgw
