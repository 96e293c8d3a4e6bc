// SPDX-License-Identifier: Apache-2.0
#include "common/routes/node_reader.h"

#include <algorithm>
#include <array>

#include "common/base/json_layout.h"
#include "common/base/text.h"
#include "common/routes/drop_path.h"
#include "common/routes/header_names.h"

namespace llmgw {

namespace {

constexpr std::int64_t kMaxRetries = 10;
constexpr std::int64_t kMaxTimeoutMs = 24LL * 3600 * 1000;
constexpr std::int64_t kMinCacheTtlMs = 1000;
constexpr std::int64_t kMaxCacheTtlMs = 365LL * 24 * 3600 * 1000;  // as of cache.ttl
constexpr std::size_t kMaxHeaders = 50;
constexpr std::size_t kMaxDrops = 200;

void read_parameters(const DocumentObject& in, std::string_view name, RouteParameters& out) {
    const DocumentValue* const parameters = in.find(name);
    if (parameters == nullptr) {
        return;
    }
    const DocumentObject object(*parameters);
    for (const auto& [parameter, value] : object.members()) {
        if (parameter.empty()) {
            value.refuse("has no name");
        }
        out.emplace_back(parameter, compact_json(value.json()));
    }
}

void read_drop(const DocumentObject& in, std::vector<std::string>& out) {
    const DocumentValue* const drop = in.find("drop");
    if (drop == nullptr) {
        return;
    }
    for (const DocumentValue& element : drop->elements(kMaxDrops)) {
        std::string path = element.text();
        if (const auto steps = parse_drop_path(path); !steps) {
            element.report(steps.error().message);
        }
        out.push_back(std::move(path));
    }
}

void read_retry(const DocumentObject& in, std::optional<RouteRetry>& out) {
    const DocumentValue* const value = in.find("retry");
    if (value == nullptr) {
        return;
    }
    constexpr std::array<std::string_view, 3> kNames = {"attempts", "on_status", "retry_after"};
    const DocumentObject retry(*value);
    retry.check_names(kNames);
    out.emplace();
    if (const DocumentValue* const attempts = retry.require("attempts")) {
        out->attempts = static_cast<int>(attempts->integer(0, kMaxRetries));
    }
    if (const DocumentValue* const statuses = retry.find("on_status")) {
        out->statuses = read_statuses(*statuses);
    }
    if (const DocumentValue* const wait = retry.find("retry_after")) {
        out->use_retry_after = wait->boolean();
    }
}

void read_cache(const DocumentObject& in, std::optional<RouteCache>& out) {
    const DocumentValue* const value = in.find("cache");
    if (value == nullptr) {
        return;
    }
    out.emplace();
    if (value->kind() == JsonKind::boolean) {
        out->enabled = value->boolean();
        return;
    }
    if (value->kind() != JsonKind::object) {
        value->refuse("must be true, false or {\"ttl\": \"1h\"}");
        return;
    }
    constexpr std::array<std::string_view, 1> kNames = {"ttl"};
    const DocumentObject cache(*value);
    cache.check_names(kNames);
    if (const DocumentValue* const ttl = cache.require("ttl")) {
        out->ttl_ms = ttl->duration_ms(kMinCacheTtlMs, kMaxCacheTtlMs);
    }
}

void refuse_header(const DocumentValue& at, std::string_view name) {
    if (const std::string_view problem = header_problem(name); !problem.empty()) {
        at.refuse("is " + std::string(problem));
    }
}

void read_headers(const DocumentObject& in, RouteNode& out) {
    const DocumentValue* const value = in.find("headers");
    if (value == nullptr) {
        return;
    }
    const DocumentObject headers(*value);
    for (const auto& [name, text] : headers.members()) {
        refuse_header(text, name);
        for (const auto& [other, _] : out.headers) {
            if (equals_ignoring_case(name, other)) {
                text.refuse("is there twice: the names of headers have no case");
            }
        }
        std::string line = json_text(text.json()).value_or("");
        if (text.kind() != JsonKind::string || !is_header_value(line)) {
            text.refuse("must be a text of printable ASCII");
        }
        out.headers.emplace_back(name, std::move(line));
        if (out.headers.size() > kMaxHeaders) {
            value->refuse("has more than " + std::to_string(kMaxHeaders) + " headers");
            return;
        }
    }
}

void read_forwarded(const DocumentObject& in, RouteNode& out) {
    const DocumentValue* const value = in.find("forward_headers");
    if (value == nullptr) {
        return;
    }
    out.forward_headers.emplace();
    for (const DocumentValue& element : value->elements(kMaxHeaders)) {
        std::string name = element.text("the name of a header");
        if (!name.empty()) {
            refuse_header(element, name);
        }
        out.forward_headers->push_back(std::move(name));
    }
}

}  // namespace

std::string read_provider_name(const DocumentValue& value) {
    constexpr const char* kWanted = "the id of a provider or the @LABEL of a key";
    std::string name = value.text(kWanted);
    if (name.find('/') != std::string::npos) {
        value.refuse(std::string("must be ") + kWanted, "the model goes into \"model\"");
    } else if (name == "@" || printable(name) != name || name.find(' ') != std::string::npos) {
        value.refuse(std::string("must be ") + kWanted);
    }
    return name;
}

std::string read_model_name(const DocumentValue& value) {
    std::string name = value.text("the name of a model");
    if (name.starts_with("route/")) {
        value.refuse("must be a model: a route does not ask another one",
                     "put the other one's tree in the place of this target");
    }
    return name;
}

std::vector<int> read_statuses(const DocumentValue& value) {
    constexpr std::size_t kMax = 100;
    std::vector<int> statuses;
    for (const DocumentValue& element : value.elements(kMax)) {
        statuses.push_back(static_cast<int>(element.integer(100, 599)));
    }
    return statuses;
}

void read_node_settings(const DocumentObject& in, RouteNode& out) {
    read_parameters(in, "set", out.set);
    read_parameters(in, "default", out.defaults);
    read_drop(in, out.drop);
    read_retry(in, out.retry);
    if (const DocumentValue* const timeout = in.find("timeout")) {
        out.timeout_ms = timeout->duration_ms(0, kMaxTimeoutMs);
    }
    read_cache(in, out.cache);
    read_headers(in, out);
    read_forwarded(in, out);
}

}  // namespace llmgw
