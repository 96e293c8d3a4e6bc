// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/request_images.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "daemon/gateway/exchange.h"
#include "daemon/gateway/fetch_image.h"
#include "daemon/gateway/provider_call.h"

namespace llmgw {

namespace {

struct NamedImage {
    std::string url;
    std::string param;
};

// The images that a request gives the addresses of, each once; at most one more than are fetched.
std::vector<NamedImage> images_by_address(const ChatRequest& chat) {
    std::vector<NamedImage> images;
    for (std::size_t m = 0; m < chat.messages.size(); m++) {
        const auto& content = chat.messages[m].content;
        for (std::size_t c = 0; c < content.size(); c++) {
            if (!is_image_by_address(content[c]) || images.size() > kMaxFetchedImages) {
                continue;
            }
            const bool known = std::any_of(images.begin(), images.end(), [&](const auto& image) {
                return image.url == content[c].url;
            });
            if (!known) {
                images.push_back({content[c].url, image_param(m, c)});
            }
        }
    }
    return images;
}

Error not_fetched(const std::string& param, const std::string& why) {
    Error error;
    error.kind = Errc::invalid_request;
    error.code = kImageAddressUnsupported;
    error.param = param;
    error.message = param + " cannot be fetched: " + why;
    return error;
}

}  // namespace

// One after the other; together they may be as large as a request's body.
Task<void> fetch_images(Exchange& exchange, const InferenceCall& call) {
    const Settings& settings = exchange.snapshot->settings;
    RequestImages& images = exchange.images;
    if (!settings.fetch_images || images.failure) {
        co_return;
    }
    const auto chat = read_chat_request(call);
    if (!chat) {
        co_return;
    }
    const std::vector<NamedImage> wanted = images_by_address(*chat);
    if (wanted.size() > kMaxFetchedImages) {
        images.failure = not_fetched(wanted[kMaxFetchedImages].param,
                                     "a request may name " + std::to_string(kMaxFetchedImages) +
                                         " images by their addresses");
        co_return;
    }
    std::size_t left = settings.max_body;
    for (const NamedImage& image : wanted) {
        ImageFetch fetch{exchange.core.loop, exchange.core.image_guard, left, kImageTime, {}};
        fetch.time = std::clamp(exchange.time_left(), std::chrono::milliseconds(1), kImageTime);
        fetch.on_call = [&exchange](HttpCall* http) { exchange.active = http; };
        auto got = co_await fetch_image(fetch, image.url);
        if (!got) {
            images.failure = not_fetched(image.param, got.error().message);
            co_return;
        }
        left -= std::min(left, got->base64.size() / 4 * 3);
        images.by_url.emplace(image.url, std::move(*got));
    }
}

}  // namespace llmgw
