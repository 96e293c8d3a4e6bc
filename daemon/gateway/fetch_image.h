// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/url.h"
#include "daemon/gateway/request_images.h"
#include "daemon/net/loop.h"
#include "daemon/net/public_address.h"
#include "daemon/net/task.h"
#include "daemon/upstream/http_call.h"

namespace llmgw {

/// Where images may be fetched from. An address in a request is the client's choice, and the
/// gateway reaches networks that the client does not (server-side request forgery): so only public
/// servers are asked, nothing of the client's is sent, and no redirect is followed.
struct ImageGuard {
    HttpCall::AddressFilter allows = is_public_address;
    std::uint16_t port = 443;
};

constexpr std::size_t kMaxImage = 20 * 1024 * 1024;
constexpr std::chrono::milliseconds kImageConnectTime{5'000};
constexpr std::chrono::milliseconds kImageTime{15'000};

/// An image's address, taken apart. Its path is that of the request, with the query.
[[nodiscard]] Result<BaseUrl> parse_image_url(std::string_view text, const ImageGuard& guard);

/// The kind of image that bytes are: "image/png", "image/jpeg", "image/gif", "image/webp" or "".
[[nodiscard]] std::string_view image_type(std::string_view bytes);

/// How an image is fetched.
struct ImageFetch {
    Loop& loop;
    ImageGuard guard;
    std::size_t max_size = kMaxImage;
    std::chrono::milliseconds time = kImageTime;
    /// Is told the call before it begins, so that it can be cancelled, and nullptr behind its end.
    std::function<void(HttpCall*)> on_call;
};

/// Fetches one. The error's message says what failed, without any address that was found.
Task<Result<FetchedImage>> fetch_image(const ImageFetch& fetch, const std::string& url);

}  // namespace llmgw
