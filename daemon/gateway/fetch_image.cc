// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/fetch_image.h"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "common/base/text.h"
#include "daemon/upstream/pool.h"

namespace llmgw {

namespace {

constexpr std::string_view kScheme = "https://";
constexpr std::array<std::string_view, 4> kTypes = {"image/png", "image/jpeg", "image/gif",
                                                    "image/webp"};

tl::unexpected<Error> cannot(std::string why) {
    return fail(Errc::invalid_request, std::move(why));
}

// Whether a host is meant as an IPv4 address: its last label is a number, in any of the notations
// that inet_aton(3) takes (WHATWG URL Standard, "ends in a number").
bool ends_in_number(std::string_view host) {
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    const std::string_view last = host.substr(host.rfind('.') + 1);
    return last.starts_with("0x") || last.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_plain_host(const std::string& host) {
    if (host.find(':') != std::string::npos || !ends_in_number(host)) {
        return true;
    }
    std::error_code error;
    const auto address = asio::ip::make_address_v4(host, error);
    return !error && address.to_string() == host;
}

std::string request_head(const BaseUrl& url) {
    std::string head = "GET " + url.path + " HTTP/1.1\r\nHost: " + std::string(url.host_header()) +
                       "\r\nAccept: image/png, image/jpeg, image/gif, image/webp\r\n"
                       "Accept-Encoding: identity\r\nUser-Agent: llmgw/" LLMGW_VERSION
                       "\r\nConnection: close\r\n\r\n";
    return head;
}

// A failed call in words that are the same whether a name is unknown, leads to a closed network or
// to a server that does not answer: which of them it is would tell about that network.
std::string failure_of(const HttpCall& http, const Error& error, const std::string& host) {
    switch (error.kind) {
        case Errc::timeout:
            return host + " took too long";
        case Errc::interrupted:
            return error.message;
        default:
            break;
    }
    if (!http.phases().connect) {
        return "no public server answers at " + host;
    }
    return http.phases().tls ? host + " broke off its answer" : error.message;
}

// The type that the head of a good answer declares.
Result<std::string> declared_type(const ResponseHead& head, const std::string& host) {
    if (head.status >= 300 && head.status < 400) {
        return cannot(host + " redirects to another address, which is not followed");
    }
    if (head.status != 200) {
        return cannot(host + " answered with status " + std::to_string(head.status));
    }
    const std::string_view encoding = head.header("content-encoding");
    if (!encoding.empty() && !equals_ignoring_case(encoding, "identity")) {
        return cannot(host + " compressed its answer, although that was not asked for");
    }
    const std::string_view field = head.header("content-type");
    std::string type = to_lower(trim(field.substr(0, field.find(';'))));
    type = type == "image/jpg" ? "image/jpeg" : type;
    if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
        return cannot(host + " sent no PNG, JPEG, GIF or WebP image but \"" +
                      printable(field.substr(0, 100)) + "\"");
    }
    return type;
}

Task<Result<std::string>> read_image(HttpCall& http, std::size_t limit, const std::string& host) {
    const std::string too_large =
        "the image is larger than " + std::to_string(limit) + " bytes, all that is taken";
    const BodyFraming& framing = http.head().framing;
    if (framing.kind == BodyFraming::Kind::length && framing.length > limit) {
        co_return cannot(too_large);
    }
    std::string bytes;
    for (;;) {
        const BodyPart part = co_await http.next();
        if (part.state == BodyPart::State::failed) {
            co_return cannot(failure_of(http, *part.error, host));
        }
        if (part.state == BodyPart::State::end) {
            co_return bytes;
        }
        if (part.bytes.size() > limit - bytes.size()) {
            co_return cannot(too_large);
        }
        bytes.append(part.bytes);
    }
}

Task<Result<FetchedImage>> run(HttpCall& http, const BaseUrl& url, std::size_t limit) {
    const std::string head = request_head(url);
    auto started = co_await http.start(url, head, {});
    if (!started) {
        co_return cannot(failure_of(http, started.error(), url.host));
    }
    auto declared = declared_type(http.head(), url.host);
    if (!declared) {
        co_return tl::unexpected(std::move(declared.error()));
    }
    const auto bytes = co_await read_image(http, limit, url.host);
    if (!bytes) {
        co_return tl::unexpected(bytes.error());
    }
    if (image_type(*bytes) != *declared) {
        co_return cannot(url.host + " sent something that is not the " + *declared +
                         " it calls itself");
    }
    FetchedImage image{std::move(*declared), to_base64(*bytes)};
    co_return image;
}

}  // namespace

Result<BaseUrl> parse_image_url(std::string_view text, const ImageGuard& guard) {
    if (!equals_ignoring_case(text.substr(0, kScheme.size()), kScheme)) {
        return cannot("only https addresses are fetched");
    }
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
        return cannot("its address holds a space or a character that is not ASCII");
    }
    const std::string_view rest = text.substr(kScheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    auto url = parse_base_url(std::string(kScheme) + std::string(rest.substr(0, end)));
    if (!url) {
        return cannot(std::move(url.error().message));
    }
    if (!is_plain_host(url->host)) {
        return cannot("its host is an IP address in an unusual notation");
    }
    if (url->port != guard.port) {
        return cannot("only port " + std::to_string(guard.port) + " is fetched from");
    }
    const std::string_view target = rest.substr(end, rest.find('#') - end);
    url->path = (target.starts_with('/') ? "" : "/") + std::string(target);
    return url;
}

std::string_view image_type(std::string_view bytes) {
    if (bytes.starts_with("\x89PNG\r\n\x1a\n")) {
        return "image/png";
    }
    if (bytes.starts_with("\xff\xd8\xff")) {
        return "image/jpeg";
    }
    if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) {
        return "image/gif";
    }
    if (bytes.size() >= 12 && bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP") {
        return "image/webp";
    }
    return {};
}

Task<Result<FetchedImage>> fetch_image(const ImageFetch& fetch, const std::string& url) {
    const auto parsed = parse_image_url(url, fetch.guard);
    if (!parsed) {
        co_return tl::unexpected(parsed.error());
    }
    const CallTimeouts timeouts{std::min(kImageConnectTime, fetch.time), fetch.time, fetch.time,
                                fetch.time};
    // Shares nothing with the connections to providers, which may be in closed networks, and
    // remembers nothing of what clients name.
    UpstreamPool pool(fetch.loop);
    HttpCall http(pool, timeouts, fetch.guard.allows);
    if (fetch.on_call) {
        fetch.on_call(&http);
    }
    auto image = co_await run(http, *parsed, std::min(fetch.max_size, kMaxImage));
    if (fetch.on_call) {
        fetch.on_call(nullptr);
    }
    co_return image;
}

}  // namespace llmgw
