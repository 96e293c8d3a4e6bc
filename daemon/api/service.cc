// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/service.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/clock.h"
#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/api/errors.h"
#include "daemon/api/models.h"
#include "daemon/api/routes.h"
#include "daemon/api/sent_keys.h"
#include "daemon/gateway/pipeline.h"
#include "daemon/gateway/resolve.h"
#include "daemon/portkey/answer_fields.h"

namespace llmgw {

namespace {

Error make_error(Errc kind, std::string message, std::string hint = {}, std::string code = {}) {
    Error error;
    error.kind = kind;
    error.message = std::move(message);
    error.hint = std::move(hint);
    error.code = std::move(code);
    return error;
}

// A Host header without its port; empty when it is malformed. The port itself may be any: a
// forwarded one (ssh -L, a container) differs from ours, and a page that rebinds its name to this
// machine cannot hide the name.
std::string_view host_name(std::string_view host) {
    const std::size_t bracket = host.starts_with('[') ? host.find(']') : 0;
    if (bracket == std::string_view::npos) {
        return {};
    }
    const std::size_t colon = host.find(':', bracket);
    const std::string_view name = host.substr(0, colon);
    const std::string_view port = colon == std::string_view::npos ? "" : host.substr(colon + 1);
    return port.find_first_not_of("0123456789") == std::string_view::npos ? name
                                                                          : std::string_view();
}

bool is_loopback_name(std::string_view name) {
    return name == "127.0.0.1" || name == "[::1]" || equals_ignoring_case(name, "localhost");
}

bool is_address(std::string_view name) {
    return name.starts_with('[') ||
           (!name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos);
}

bool is_json(std::string_view content_type) {
    return equals_ignoring_case(trim(content_type.substr(0, content_type.find(';'))),
                                "application/json");
}

LocalAnswer health(const char* status, int code) {
    LocalAnswer answer;
    answer.status = code;
    answer.body = std::string("{\"status\":\"") + status + "\"}";
    return answer;
}

LocalAnswer wrong_method(std::string_view method, std::string_view path, const char* allowed) {
    Error error = make_error(Errc::invalid_request,
                             std::string(path) + " does not take " + printable(method));
    error.http_status = 405;
    error.code = "method_not_allowed";
    LocalAnswer answer = error_answer(error);
    answer.fields = std::string("allow: ") + allowed + "\r\n";
    return answer;
}

// The paths that take GET; "" for others.
bool takes_get(std::string_view path) {
    return is_public_path(path) || path == "/models" || path.starts_with("/models/") ||
           path == "/admin/status";
}

}  // namespace

ApiService::ApiService(Core& core, const Vault& vault, Options options, DaemonControl control)
    : core_(core),
      vault_(vault),
      options_(std::move(options)),
      control_(std::move(control)),
      local_([this](const LocalRequest& request) { return answer_locally(request); }) {}

std::uint64_t ApiService::max_body() const {
    return core_.snapshot->settings.max_body;
}

std::size_t ApiService::max_connections() const {
    return static_cast<std::size_t>(core_.snapshot->settings.max_connections);
}

// A web page in the user's browser can reach 127.0.0.1, by itself or after rebinding its own name
// to it. Its requests give themselves away by Host, Origin or Sec-Fetch-Site.
std::optional<Error> ApiService::check_origin(const RequestHead& head) const {
    const std::string_view host = head.header("host");
    const std::string_view name = host_name(host);
    const bool known =
        is_loopback_name(name) || name == options_.host || (!options_.loopback && is_address(name));
    if (!known) {
        return make_error(Errc::permission,
                          "the Host \"" + printable(host) + "\" is not this daemon's",
                          "use http://127.0.0.1");
    }
    const std::string_view origin = head.header("origin");
    if (!origin.empty() && origin != "http://" + std::string(host)) {
        return make_error(Errc::permission, "requests from web pages are refused (Origin \"" +
                                                printable(origin) + "\")");
    }
    const std::string_view site = head.header("sec-fetch-site");
    if (equals_ignoring_case(site, "cross-site")) {
        return make_error(Errc::permission, "requests from other web sites are refused");
    }
    return std::nullopt;
}

const Vault::Digest& ApiService::digest_of(std::string_view key) {
    if (!equal_constant_time(key, last_key_)) {
        last_digest_ = vault_.digest(key);
        last_key_ = key;
    }
    return last_digest_;
}

bool ApiService::speaks_portkey(const RequestHead& head) const {
    return head.portkey && core_.snapshot->settings.portkey.compat;
}

// Of the keys in a request, the one that is a gateway key, or else what was meant as one.
std::string_view ApiService::gateway_key(const RequestHead& head) {
    if (!speaks_portkey(head)) {
        return sent_key(head);
    }
    const std::vector<std::string_view> keys = portkey_keys(head);
    for (const std::string_view key : keys) {
        if (core_.snapshot->keys.find(digest_of(key)) != nullptr) {
            return key;
        }
    }
    return keys.empty() ? std::string_view() : keys.front();
}

std::optional<Error> ApiService::check_key(const RequestHead& head) {
    if (options_.no_auth) {
        return std::nullopt;
    }
    const std::string_view key = gateway_key(head);
    if (key.empty()) {
        return make_error(Errc::auth, "a gateway key is missing from the request",
                          "llmgw keys create NAME", "invalid_api_key");
    }
    const ValidGatewayKey* const found = core_.snapshot->keys.find(digest_of(key));
    if (found == nullptr) {
        return make_error(Errc::auth, "the gateway key is not known, or was revoked",
                          "llmgw keys create NAME", "invalid_api_key");
    }
    if (found->expires_at <= unix_ms()) {
        return make_error(Errc::auth, "the gateway key " + mask_secret(key) + " has expired",
                          "llmgw keys create NAME", "invalid_api_key");
    }
    return std::nullopt;
}

// A key of the client's own provider account that is beside the gateway key. What is no key of
// this gateway any more, or stands where an SDK insists on a key (`Bearer X`), is none.
std::string_view ApiService::provider_key(const RequestHead& head) {
    constexpr std::size_t kShortest = 8;
    const std::string_view own = head.header("x-portkey-api-key");
    for (const std::string_view key : portkey_keys(head)) {
        if (key.size() >= kShortest && key != own && !key.starts_with("llmgw_") &&
            core_.snapshot->keys.find(digest_of(key)) == nullptr) {
            return key;
        }
    }
    return {};
}

std::string_view ApiService::route_of_key(const RequestHead& head) {
    const KeyTable& keys = core_.snapshot->keys;
    const ValidGatewayKey* const key = keys.find(digest_of(gateway_key(head)));
    return key == nullptr ? std::string_view() : keys.route_of(*key);
}

bool ApiService::is_admin(const RequestHead& head) const {
    return !control_.admin_token.empty() &&
           equal_constant_time(sent_key(head), control_.admin_token);
}

std::optional<LocalAnswer> ApiService::screen(const RequestHead& head) {
    auto refusal = refusal_of(head);
    if (refusal && speaks_portkey(head) && inference_endpoint(normal_path(head.path))) {
        std::string trace = read_portkey_headers(head).trace_id;
        trace = trace.empty() ? core_.new_request_id() : trace;
        PortkeyAnswer portkey;
        portkey.trace_id = trace;
        refusal->fields += portkey_answer_fields(portkey);
    }
    return refusal;
}

std::optional<LocalAnswer> ApiService::refusal_of(const RequestHead& head) {
    if (const auto error = check_origin(head)) {
        return error_answer(*error);
    }
    const std::string path = normal_path(head.path);
    if (is_public_path(path)) {
        return std::nullopt;
    }
    if (is_admin_path(path)) {
        if (is_admin(head)) {
            return std::nullopt;
        }
        return error_answer(make_error(Errc::auth, "this needs the daemon's admin token",
                                       "llmgw serve status", "invalid_api_key"));
    }
    if (const auto error = check_key(head)) {
        LocalAnswer answer = error_answer(*error);
        answer.fields = "www-authenticate: Bearer\r\n";
        return answer;
    }
    if (inference_endpoint(path)) {
        if (head.method != "POST") {
            return wrong_method(head.method, path, "POST");
        }
        if (!is_json(head.header("content-type"))) {
            Error error = make_error(Errc::invalid_request, "Content-Type must be application/json",
                                     {}, "unsupported_media_type");
            error.http_status = 415;
            return error_answer(error);
        }
    }
    return std::nullopt;
}

Task<void> ApiService::handle(const RequestHead& head, std::string body, Client& client) {
    const std::string path = normal_path(head.path);
    if (const auto endpoint = inference_endpoint(path)) {
        InferenceRequest request{*endpoint, head, std::move(body), {}, {}, {}, nullptr};
        const bool portkey = speaks_portkey(head);
        if ((core_.cache.enabled() || portkey) && !options_.no_auth) {
            request.gateway_key = Vault::short_id(digest_of(gateway_key(head)));
        }
        if (portkey) {
            request.portkey = std::make_unique<PortkeyRequest>(read_portkey_headers(head));
            request.portkey->provider_key = provider_key(head);
        }
        if (!core_.snapshot->routes.empty() && !options_.no_auth) {
            request.key_route = route_of_key(head);
        }
        co_await serve_inference(core_, std::move(request), client);
        co_return;
    }
    LocalAnswer local = local_.answer(head, std::move(body), is_admin(head));
    const AnswerHead answer{local.status, local.content_type, local.fields};
    std::vector<std::string_view> pieces(1, local.body);
    co_await client.answer(answer, std::move(pieces));
}

LocalAnswer ApiService::refuse(const HttpRefusal& refusal) {
    Error error = make_error(Errc::invalid_request, refusal.message, {}, refusal.code);
    error.http_status = refusal.status;
    return error_answer(error);
}

LocalAnswer ApiService::answer_locally(const LocalRequest& request) {
    const std::string path = normal_path(request.path);
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (takes_get(path) && !reads) {
        return wrong_method(request.method, path, "GET, HEAD");
    }
    if (path == "/") {
        return health("llmgw", 200);
    }
    if (path == "/healthz") {
        return health("ok", 200);
    }
    if (path == "/readyz") {
        return control_.draining() ? health("stopping", 503) : health("ok", 200);
    }
    if (path == "/models") {
        LocalAnswer answer;
        answer.body = core_.snapshot->models_json;
        return answer;
    }
    if (path.starts_with("/models/")) {
        LocalAnswer answer;
        const std::string id = path.substr(8);
        if (auto document = model_document(*core_.snapshot, id)) {
            answer.body = std::move(*document);
            return answer;
        }
        const auto why = resolve_model(*core_.snapshot, id, {});
        Error error = why ? Error{} : why.error();
        error.http_status = 404;
        error.code = "model_not_found";
        return error_answer(error);
    }
    if (path == "/admin/status" && request.admin) {
        LocalAnswer answer;
        answer.body = control_.status();
        return answer;
    }
    if ((path == "/admin/stop" || path == "/admin/reload") && request.admin) {
        if (request.method != "POST") {
            return wrong_method(request.method, path, "POST");
        }
        if (path == "/admin/reload") {
            control_.reload();
        } else {
            const auto fields = scan_object(request.body);
            const JsonField* const now = fields ? find_field(*fields, "now") : nullptr;
            control_.stop(now != nullptr && now->value == "true");
        }
        LocalAnswer answer;
        answer.body = "{\"status\":\"ok\",\"drain_ms\":" + std::to_string(control_.drain_ms) + "}";
        return answer;
    }
    return error_answer(make_error(Errc::not_found,
                                   "there is nothing at " + printable(request.path),
                                   "the endpoints are under /v1: chat/completions, completions, "
                                   "embeddings, models",
                                   "not_found"));
}

}  // namespace llmgw
