// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/head.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxHeaders = 128;
constexpr std::size_t kMaxTarget = 8 * 1024 - 64;  // cpp-httplib's own limit is 8 KiB

// RFC 9110 §5.6.2: token characters.
constexpr std::array<bool, 256> make_token_table() {
    std::array<bool, 256> table{};
    for (char c = '0'; c <= '9'; c++) {
        table[static_cast<unsigned char>(c)] = true;
    }
    for (char c = 'a'; c <= 'z'; c++) {
        table[static_cast<unsigned char>(c)] = true;
        table[static_cast<unsigned char>(c - 'a' + 'A')] = true;
    }
    for (char c : std::string_view("!#$%&'*+-.^_`|~")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}
constexpr auto kToken = make_token_table();

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return kToken[static_cast<unsigned char>(c)];
    });
}

// RFC 9110 §5.5: visible characters, space, tab and bytes of other encodings; no controls.
bool is_field_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
    });
}

// Takes one line ending in CRLF off `rest`; false when there is none or a bare CR or LF is in it.
bool take_line(std::string_view& rest, std::string_view& line) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || end == 0 || rest[end - 1] != '\r') {
        return false;
    }
    line = rest.substr(0, end - 1);
    rest.remove_prefix(end + 1);
    return line.find('\r') == std::string_view::npos;
}

std::string_view trim_field(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::string_view find_header(const std::vector<HeaderView>& headers, std::string_view name) {
    for (const HeaderView& header : headers) {
        if (equals_ignoring_case(header.name, name)) {
            return header.value;
        }
    }
    return {};
}

bool parse_decimal(std::string_view text, std::uint64_t& out) {
    if (text.empty() || text.size() > 19) {
        return false;
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && text.front() != '+' &&
           text.front() != '-';
}

// What the framing headers say together; nullopt when they are malformed or contradict each other.
struct FramingHeaders {
    bool has_length = false;
    bool has_encoding = false;
    bool chunked = false;
    std::uint64_t length = 0;
};

std::optional<FramingHeaders> read_framing(const std::vector<HeaderView>& headers) {
    FramingHeaders out;
    for (const HeaderView& header : headers) {
        if (equals_ignoring_case(header.name, "content-length")) {
            if (out.has_length || !parse_decimal(header.value, out.length)) {
                return std::nullopt;
            }
            out.has_length = true;
        } else if (equals_ignoring_case(header.name, "transfer-encoding")) {
            if (out.has_encoding) {
                return std::nullopt;
            }
            out.has_encoding = true;
            out.chunked = equals_ignoring_case(header.value, "chunked");
        }
    }
    return out;
}

bool has_connection_option(const std::vector<HeaderView>& headers, std::string_view option) {
    for (const HeaderView& header : headers) {
        if (!equals_ignoring_case(header.name, "connection")) {
            continue;
        }
        for (std::string_view one : split(header.value, ',')) {
            if (equals_ignoring_case(trim_field(one), option)) {
                return true;
            }
        }
    }
    return false;
}

// Whether a request may carry a body; others with one are how requests are smuggled.
bool may_have_body(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

std::optional<HttpRefusal> refuse(int status, std::string message, std::string code = {}) {
    return HttpRefusal{status, std::move(message), std::move(code)};
}

std::optional<HttpRefusal> parse_request_line(std::string_view line, RequestHead& out) {
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return refuse(400, "the request line is malformed");
    }
    out.method = line.substr(0, first);
    out.target = line.substr(first + 1, last - first - 1);
    const std::string_view version = line.substr(last + 1);
    if (!is_token(out.method)) {
        return refuse(400, "the request line is malformed");
    }
    if (version == "HTTP/1.1") {
        out.minor_version = 1;
    } else if (version == "HTTP/1.0") {
        out.minor_version = 0;
    } else {
        return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    if (out.target.size() > kMaxTarget) {
        return refuse(414, "the request target is over 8 KiB", "uri_too_long");
    }
    const bool visible = std::all_of(out.target.begin(), out.target.end(),
                                     [](char c) { return c > 0x20 && c < 0x7f; });
    if (out.target.empty() || !visible || (out.target.front() != '/' && out.target != "*")) {
        return refuse(400, "the request target must be a path");
    }
    const std::size_t question = out.target.find('?');
    out.path = out.target.substr(0, question);
    out.query = question == std::string_view::npos ? "" : out.target.substr(question + 1);
    return std::nullopt;
}

std::optional<HttpRefusal> parse_request_fields(std::string_view rest, RequestHead& out) {
    int hosts = 0;
    std::string_view line;
    for (;;) {
        if (!take_line(rest, line)) {
            return refuse(400, "header lines must end with CR LF");
        }
        if (line.empty()) {
            break;
        }
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
            return refuse(400, "a header line is malformed");
        }
        const HeaderView header{line.substr(0, colon), trim_field(line.substr(colon + 1))};
        if (!is_field_value(header.value)) {
            return refuse(400, "a header value holds control characters");
        }
        if (out.headers.size() == kMaxHeaders) {
            return refuse(431, "too many headers", "headers_too_large");
        }
        hosts += equals_ignoring_case(header.name, "host") ? 1 : 0;
        out.portkey = out.portkey || is_portkey_header(header.name);
        out.headers.push_back(header);
    }
    if (hosts != 1) {
        return refuse(400, hosts == 0 ? "the Host header is missing" : "several Host headers");
    }
    return std::nullopt;
}

std::optional<HttpRefusal> work_out_framing(RequestHead& out) {
    const auto framing = read_framing(out.headers);
    if (!framing) {
        return refuse(400, "Content-Length or Transfer-Encoding is malformed or repeated");
    }
    if (framing->has_encoding && (framing->has_length || out.minor_version == 0)) {
        return refuse(400, "Transfer-Encoding cannot be combined with Content-Length or HTTP/1.0");
    }
    if (framing->has_encoding && !framing->chunked) {
        return refuse(501, "only the transfer encoding \"chunked\" is understood");
    }
    if (!may_have_body(out.method)) {
        if (framing->has_encoding || framing->length > 0) {
            return refuse(400, "a " + std::string(out.method) + " request has no body here");
        }
        return std::nullopt;
    }
    if (framing->chunked) {
        out.framing.kind = BodyFraming::Kind::chunked;
    } else if (framing->has_length) {
        out.framing = {BodyFraming::Kind::length, framing->length};
    } else {
        return refuse(411, "Content-Length is required", "length_required");
    }
    const std::string_view encoding = out.header("content-encoding");
    if (!encoding.empty() && !equals_ignoring_case(encoding, "identity")) {
        return refuse(415, "compressed request bodies are not accepted", "unsupported_media_type");
    }
    return std::nullopt;
}

}  // namespace

bool is_portkey_header(std::string_view name) {
    constexpr std::string_view kPrefix = "x-portkey-";
    return name.size() > kPrefix.size() && (name[0] | 0x20) == 'x' && (name[2] | 0x20) == 'p' &&
           equals_ignoring_case(name.substr(0, kPrefix.size()), kPrefix);
}

std::string_view RequestHead::header(std::string_view name) const {
    return find_header(headers, name);
}

std::string_view ResponseHead::header(std::string_view name) const {
    return find_header(headers, name);
}

std::optional<HttpRefusal> parse_request_head(std::string_view head, RequestHead& out) {
    out = RequestHead();
    out.headers.reserve(16);
    std::string_view line;
    if (!take_line(head, line)) {
        return refuse(400, "the request line is malformed");
    }
    if (auto refusal = parse_request_line(line, out)) {
        return refusal;
    }
    if (auto refusal = parse_request_fields(head, out)) {
        return refusal;
    }
    if (auto refusal = work_out_framing(out)) {
        return refusal;
    }
    const std::string_view expect = out.header("expect");
    if (!expect.empty()) {
        if (!equals_ignoring_case(expect, "100-continue")) {
            return refuse(417, "only \"Expect: 100-continue\" is understood");
        }
        out.expect_continue = out.minor_version == 1;
    }
    out.keep_alive = out.minor_version == 1 ? !has_connection_option(out.headers, "close")
                                            : has_connection_option(out.headers, "keep-alive");
    return std::nullopt;
}

bool parse_response_head(std::string_view head, ResponseHead& out) {
    out = ResponseHead();
    out.headers.reserve(24);
    std::string_view line;
    const auto next_line = [&] {
        const std::size_t end = head.find('\n');
        if (end == std::string_view::npos) {
            return false;
        }
        line = head.substr(0, end);
        head.remove_prefix(end + 1);
        if (!line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        return true;
    };
    if (!next_line() || line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') {
        return false;
    }
    out.minor_version = line[7] == '0' ? 0 : 1;
    std::uint64_t status = 0;
    if (!parse_decimal(line.substr(9, 3), status) || status < 100 || status > 999) {
        return false;
    }
    out.status = static_cast<int>(status);
    while (next_line() && !line.empty()) {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
            return false;
        }
        const HeaderView header{line.substr(0, colon), trim_field(line.substr(colon + 1))};
        if (!is_field_value(header.value) || out.headers.size() == kMaxHeaders) {
            return false;
        }
        out.headers.push_back(header);
    }
    const auto framing = read_framing(out.headers);
    if (!framing || (framing->has_encoding && !framing->chunked)) {
        return false;
    }
    if (out.status < 200 || out.status == 204 || out.status == 304) {
        out.framing.kind = BodyFraming::Kind::none;
    } else if (framing->chunked) {
        out.framing.kind = BodyFraming::Kind::chunked;
    } else if (framing->has_length) {
        out.framing = {BodyFraming::Kind::length, framing->length};
    } else {
        out.framing.kind = BodyFraming::Kind::until_close;
    }
    out.keep_alive = out.framing.kind != BodyFraming::Kind::until_close &&
                     (out.minor_version == 1 ? !has_connection_option(out.headers, "close")
                                             : has_connection_option(out.headers, "keep-alive"));
    return true;
}

std::size_t find_head_end(std::string_view bytes, std::size_t from) {
    // An empty line may have begun up to three bytes before.
    std::size_t at = bytes.find('\n', from > 3 ? from - 3 : 0);
    while (at != std::string_view::npos) {
        if (at + 1 < bytes.size() && bytes[at + 1] == '\n') {
            return at + 2;
        }
        if (at + 2 < bytes.size() && bytes[at + 1] == '\r' && bytes[at + 2] == '\n') {
            return at + 3;
        }
        at = bytes.find('\n', at + 1);
    }
    return std::string_view::npos;
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 100:
            return "Continue";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 411:
            return "Length Required";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 529:
            return "Overloaded";
        default:
            return status < 400 ? "OK" : "Error";
    }
}

}  // namespace llmgw
