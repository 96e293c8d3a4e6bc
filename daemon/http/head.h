// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

/// One header field; views into the message's bytes.
struct HeaderView {
    std::string_view name;
    std::string_view value;
};

/// Whether it is one of those that clients of Portkey send.
[[nodiscard]] bool is_portkey_header(std::string_view name);

/// How the end of a message's body is found (RFC 9112 §6).
struct BodyFraming {
    enum class Kind { none, length, chunked, until_close };
    Kind kind = Kind::none;
    std::uint64_t length = 0;
};

/// A request's head, strictly checked: everything an attacker could use to make two parsers
/// disagree (RFC 9112 §11.2) is refused. All views point into the bytes it was parsed from.
struct RequestHead {
    std::string_view method;
    std::string_view target;  ///< as sent: "/v1/models?limit=5"
    std::string_view path;    ///< the target before "?"
    std::string_view query;   ///< behind it
    int minor_version = 1;
    std::vector<HeaderView> headers;
    BodyFraming framing;
    bool keep_alive = true;
    bool expect_continue = false;
    bool portkey = false;  ///< some header's name begins with "x-portkey-"

    /// The first header of that name, or an empty view.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Why a request is refused before anything else looks at it.
struct HttpRefusal {
    int status = 400;
    std::string message;
    std::string code;
};

/// Parses `head`, which ends with its empty line. Returns the refusal if it is not acceptable.
[[nodiscard]] std::optional<HttpRefusal> parse_request_head(std::string_view head,
                                                            RequestHead& out);

/// A response's head from an upstream. Its framing is strict as well, the rest lenient.
struct ResponseHead {
    int status = 0;
    int minor_version = 1;
    std::vector<HeaderView> headers;
    BodyFraming framing;
    bool keep_alive = true;

    [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// False when `head` is not an HTTP/1.x response head.
[[nodiscard]] bool parse_response_head(std::string_view head, ResponseHead& out);

/// Where the head in `bytes` ends (behind its empty line), or npos when it has not all arrived.
/// `from` is where an earlier look had come to.
[[nodiscard]] std::size_t find_head_end(std::string_view bytes, std::size_t from);

/// The reason phrase of a status, such as "Not Found".
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace llmgw
