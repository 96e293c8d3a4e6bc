// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/access_token.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "common/base/json_scan.h"
#include "common/base/percent_encode.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// `expires_in` is only recommended; Google's and Microsoft's tokens live for an hour.
constexpr std::uint64_t kUnknownLifetime = 300;
constexpr std::uint64_t kLongestLifetime = 24ULL * 3600;

std::string text_of(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? std::string() : json_text(field->value).value_or("");
}

// The rest of such a description is trace ids and dates.
std::string first_line(const std::string& text) {
    return printable(text.substr(0, std::min<std::size_t>(text.find_first_of("\r\n"), 200)));
}

tl::unexpected<Error> refused(int status, const std::vector<JsonField>& fields) {
    std::string message = "the token endpoint answered with status " + std::to_string(status);
    const std::string code = printable(text_of(fields, "error").substr(0, 100));
    const std::string words = first_line(text_of(fields, "error_description"));
    if (!code.empty()) {
        message += " (" + code + (words.empty() ? "" : ": " + words) + ")";
    }
    const bool genuine = status == 400 || status == 401 || status == 403;
    return fail(genuine ? Errc::auth : Errc::upstream, std::move(message));
}

}  // namespace

Result<AccessToken> read_token_answer(int status, std::string_view body) {
    const auto fields = scan_object(body);
    if (status != 200) {
        return refused(status, fields ? *fields : std::vector<JsonField>());
    }
    AccessToken token;
    token.text = fields ? text_of(*fields, "access_token") : std::string();
    const bool usable =
        !token.text.empty() && std::all_of(token.text.begin(), token.text.end(),
                                           [](char c) { return c > ' ' && c < '\x7f'; });
    if (!usable) {
        return fail(Errc::upstream, "the token endpoint's answer holds no token");
    }
    const JsonField* const life = find_field(*fields, "expires_in");
    std::optional<std::uint64_t> seconds;
    if (life != nullptr) {
        // Some endpoints write the number as a string.
        const auto text = json_text(life->value);
        seconds = json_uint(text ? std::string_view(*text) : life->value);
    }
    token.lifetime_ms = static_cast<std::int64_t>(
        1000 * std::min(seconds.value_or(kUnknownLifetime), kLongestLifetime));
    if (token.lifetime_ms == 0) {
        return fail(Errc::upstream, "the token endpoint's token has expired already");
    }
    return token;
}

std::string form_body(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
    std::string out;
    for (const auto& [name, value] : fields) {
        out += (out.empty() ? "" : "&") + std::string(name) + "=" + percent_encode(value);
    }
    return out;
}

Result<BaseUrl> parse_token_endpoint(std::string_view url) {
    auto parsed = parse_base_url(url);
    if (parsed && !parsed->tls && !parsed->is_loopback()) {
        return fail(Errc::invalid_file, "the token endpoint must be an https address");
    }
    return parsed;
}

}  // namespace llmgw
