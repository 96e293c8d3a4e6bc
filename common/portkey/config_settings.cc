// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/portkey/config_node.h"
#include "common/routes/header_names.h"

namespace llmgw {

namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kDay = 24 * 3600 * kSecond;
constexpr std::int64_t kLongestTimeout = kDay;  // as routes have it

void read_parameters(ConfigContext& context, const ConfigValue& value, RouteParameters& out,
                     ConfigValue* model) {
    if (!value || is_expression(context, value, Severity::error)) {
        return;
    }
    if (!value.is(JsonKind::object)) {
        note_type(context, value, "an object of parameters", "leaves it out",
                  "write an object of parameters");
        return;
    }
    for (const auto& [name, member] : value.members()) {
        if (model != nullptr && name == "model" && !member.is(JsonKind::null)) {
            *model = member;
        } else if (context.document.plain && context.document.has_placeholder(member.pointer)) {
            context.note(Severity::warning, "I-EXPR", member.pointer,
                         {"sent this text as it is, unless a program fills it in",
                          "sends it as it is", "write the value here if it stands for one"});
            out.emplace_back(name, std::string(member.json));
        } else if (name.starts_with("...") || name.starts_with("**") ||
                   context.document.has_placeholder(member.pointer)) {
            context.note(Severity::warning, "I-EXPR", member.pointer,
                         {"got the value that the program has for " + shown(member),
                          "cannot know it and does not set " + printable(name),
                          "write the value here, or import what the program sends"});
        } else if (name.empty()) {
            note_type(context, member, "a name for each parameter", "leaves it out", "");
        } else {
            out.emplace_back(name, std::string(member.json));
        }
    }
}

// What the open-source gateway does not do. True: it is left out.
bool is_hosted_only(ConfigContext& context, const ConfigValue& value, std::string_view what) {
    if (!value || !context.reading.oss) {
        return false;
    }
    context.note(Severity::warning, "I-OSS", value.pointer,
                 {"did nothing with " + std::string(what) + " in its open-source gateway",
                  "leaves it out, so as to do the same",
                  "import without --portkey oss if it is meant to count"});
    return true;
}

void read_drops(ConfigContext& context, const ConfigValue& value, RouteNode& node) {
    for (const ConfigValue& path : read_texts(context, value)) {
        RouteNode trial;
        trial.drop.push_back(path.text());
        if (parse_route(print_route(trial))) {
            node.drop.push_back(std::move(trial.drop.front()));
        } else {
            note_type(context, path, "the path of a parameter", "leaves it out",
                      "write a path such as metadata or tools[*].strict");
        }
    }
}

void read_retry(ConfigContext& context, const ConfigValue& value, RouteNode& node) {
    if (!value || is_expression(context, value)) {
        return;
    }
    RouteRetry retry;
    if (context.reading.oss) {
        retry.statuses = {429, 500, 502, 503, 504};
    }
    static constexpr std::array<std::string_view, 4> kNames = {
        "attempts", "on_status_codes", "use_retry_after_header", "use_retry_after_headers"};
    ConfigObject object(context, value);
    ConfigValue attempts = object.take("attempts");
    if (value.is(JsonKind::number)) {
        note_type(context, value, "an object", "takes it as so many attempts",
                  "write {\"attempts\": " + std::string(value.json) + "}");
        attempts = value;
    } else if (!value.is(JsonKind::object)) {
        note_type(context, value, "an object", "leaves it out", "write {\"attempts\": 3}");
        return;
    } else if (!attempts) {
        context.note(Severity::warning, "I-TYPE", value.pointer,
                     {"wants the number of attempts here, and refused the config", "does not retry",
                      "add \"attempts\""});
    }
    // The hosted gateway retries five times at most; a route takes ten.
    const std::int64_t most = context.reading.oss ? 10 : 5;
    const std::int64_t asked = read_integer(context, attempts).value_or(0);
    retry.attempts = static_cast<int>(std::clamp<std::int64_t>(asked, 0, most));
    if (asked > most) {
        context.note(Severity::warning, "R-ATTEMPTS", attempts.pointer,
                     {context.reading.oss ? "retried so often" : "retried five times at most",
                      "retries " + std::to_string(most) + " times", ""});
    }
    if (auto statuses = read_status_codes(context, object.take("on_status_codes"))) {
        retry.statuses = std::move(*statuses);
    }
    for (const std::string_view name : {"use_retry_after_header", "use_retry_after_headers"}) {
        const auto wait = read_flag(context, object.take(name));
        retry.use_retry_after = retry.use_retry_after || wait.value_or(false);
    }
    object.finish({"retry", kNames});
    node.retry = std::move(retry);
}

// `max_age` in milliseconds. The hosted gateway counts in seconds and has bounds.
std::optional<std::int64_t> read_max_age(ConfigContext& context, const ConfigValue& value) {
    const std::int64_t unit = context.reading.oss ? 1 : kSecond;
    const std::int64_t shortest = context.reading.oss ? kSecond : 60 * kSecond;
    const std::int64_t longest = context.reading.oss ? 365 * kDay : 90 * kDay;
    std::optional<std::int64_t> age;
    const auto duration = value && value.is(JsonKind::string)
                              ? parse_duration_ms(value.text())
                              : Result<std::int64_t>(fail(Errc::failed, ""));
    if (duration && !context.document.is_placeholder(value.pointer) && *duration > 0) {
        note_type(context, value, "a number", "takes it as " + format_duration_ms(*duration),
                  "write the number of " + std::string(unit == 1 ? "milliseconds" : "seconds"));
        age = *duration;
    } else if (const auto number = read_integer(context, value)) {
        age = *number > longest / unit ? longest + 1 : *number * unit;
    }
    if (!age) {
        return std::nullopt;
    }
    const std::int64_t kept = std::clamp(*age, shortest, longest);
    if (kept != *age) {
        context.note(
            Severity::info, "CA-TTL", value.pointer,
            {context.reading.oss ? "stored answers for so many milliseconds"
                                 : "stores answers for a minute at least and 90 days at most",
             "stores them for " + format_duration_ms(kept), ""});
    }
    return kept;
}

std::string read_cache_mode(ConfigContext& context, const ConfigValue& cache,
                            const ConfigValue& mode) {
    if (!mode) {
        context.note(Severity::warning, "I-TYPE", cache.pointer,
                     {"wants a mode here and refused the config", "takes it as simple",
                      "add \"mode\": \"simple\""});
        return "simple";
    }
    std::string word = read_text(context, mode).value_or("");
    if (word != "simple" && word != "semantic") {
        if (!context.document.is_placeholder(mode.pointer)) {
            note_type(context, mode, "simple or semantic", "does not store answers for it",
                      "write simple or semantic");
        }
        return {};
    }
    if (word == "semantic") {
        const bool oss = context.reading.oss;
        context.note(Severity::warning, "CA-SEM", mode.pointer,
                     {oss ? "stored nothing: its open-source gateway has no semantic cache"
                          : "answered similar questions from the cache, too",
                      oss ? "does not store answers for it" : "answers equal requests only",
                      "llmgw config set cache.near true also takes questions that are nearly "
                      "word for word the same"});
        return oss ? "" : "simple";
    }
    return word;
}

void read_cache(ConfigContext& context, const ConfigValue& value, RouteNode& node) {
    if (!value || is_expression(context, value)) {
        return;
    }
    static constexpr std::array<std::string_view, 2> kNames = {"mode", "max_age"};
    ConfigObject object(context, value);
    ConfigValue mode = object.take("mode");
    const ConfigValue age = object.take("max_age");
    if (value.is(JsonKind::string)) {
        note_type(context, value, "an object", "takes it as the mode",
                  "write {\"mode\": \"simple\"}");
        mode = value;
    } else if (value.is(JsonKind::boolean)) {
        note_type(context, value, "an object",
                  value.is_true() ? "takes it as a simple cache" : "stores nothing for it",
                  "write {\"mode\": \"simple\"}");
    } else if (!value.is(JsonKind::object)) {
        note_type(context, value, "an object", "leaves it out", "write {\"mode\": \"simple\"}");
        return;
    }
    RouteCache cache;
    const std::string word = value.is(JsonKind::boolean) ? (value.is_true() ? "simple" : "")
                                                         : read_cache_mode(context, value, mode);
    const auto max_age = read_max_age(context, age);
    object.finish({"cache", kNames});
    cache.enabled = !word.empty();
    if (cache.enabled) {
        cache.ttl_ms = max_age ? max_age : context.reading.oss ? kDay : 7 * kDay;
    }
    node.cache = cache;
}

void read_timeout(ConfigContext& context, const ConfigValue& value, RouteNode& node) {
    const auto duration = value && value.is(JsonKind::string)
                              ? parse_duration_ms(value.text())
                              : Result<std::int64_t>(fail(Errc::failed, ""));
    if (duration && *duration > 0 && !context.document.is_placeholder(value.pointer)) {
        note_type(context, value, "a number of milliseconds",
                  "takes it as " + format_duration_ms(*duration), "write the number");
        node.timeout_ms = std::min(*duration, kLongestTimeout);
        return;
    }
    const auto timeout = read_integer(context, value);
    if (timeout && *timeout < 0) {
        note_type(context, value, "a number of milliseconds", "leaves it out", "write 0 for none");
    } else if (timeout && *timeout > 0) {  // 0 leaves it to the config around
        node.timeout_ms = std::min(*timeout, kLongestTimeout);
    }
}

void read_forwarded(ConfigContext& context, const ConfigValue& value, RouteNode& node) {
    if (value.is(JsonKind::array) || value.is(JsonKind::string)) {
        node.forward_headers.emplace();  // an empty list replaces that of the config around it, too
    }
    for (const ConfigValue& name : read_texts(context, value)) {
        const std::string header = name.text();
        const std::string_view problem = header_problem(header);
        if (problem.empty()) {
            node.forward_headers->push_back(header);
            continue;
        }
        context.note(Severity::warning, "H-FWD", name.pointer,
                     {"copied the client's " + printable(header) + " to the provider",
                      "does not: it is " + std::string(problem),
                      "put a key of the provider's into llmgw: llmgw providers add"});
    }
}

void read_compliance(ConfigContext& context, const ConfigValue& value) {
    const auto strict = read_flag(context, value);
    if (strict && !*strict) {
        context.note(Severity::info, "H-STRICT", value.pointer,
                     {"added fields that OpenAI's format does not have, such as content_blocks",
                      "answers in OpenAI's format and keeps what an OpenAI-compatible provider "
                      "adds",
                      "for thinking and citations of Claude ask /v1/messages"});
    }
}

void read_metadata(ConfigContext& context, const ConfigValue& value) {
    if (value) {
        context.note(
            Severity::warning, "I-META", value.pointer,
            {"logged this metadata with every request of the config",
             "takes metadata from requests only", "send it with the requests: x-llmgw-metadata"});
    }
}

void read_modes_of_operation(ConfigContext& context, ConfigObject& object) {
    const ConfigValue passthrough = object.take("passthrough");
    if (read_flag(context, passthrough).value_or(false)) {
        context.note(Severity::warning, "S-PASS", passthrough.pointer,
                     {"sent the body to the provider as it came",
                      "sends it as it came to providers of OpenAI's format, and translates it for "
                      "others",
                      ""});
    }
    const ConfigValue models = object.take("fetch_integrated_models");
    if (read_flag(context, models)) {
        context.note(Severity::info, "I-DEAD", models.pointer,
                     {"let it decide which models its list shows",
                      "lists the models that its keys can ask", ""});
    }
}

}  // namespace

void read_circuit_breaker(ConfigContext& context, const ConfigValue& value) {
    if (value && !is_hosted_only(context, value, "cb_config")) {
        context.note(Severity::warning, "S-CB", value.pointer,
                     {"left a target out for a while after so many failures",
                      "asks every target of a route in its turn, and keeps the health of keys for "
                      "requests that name no key",
                      "leave the choice to llmgw: a target without \"provider\" is asked where the "
                      "model does best"});
    }
}

void read_settings(ConfigContext& context, ConfigObject& object, RouteNode& node,
                   ConfigInherited& inherited) {
    read_parameters(context, object.take("override_params"), node.set, &inherited.model);
    const ConfigValue defaults = object.take("default_params");
    if (!is_hosted_only(context, defaults, "default_params")) {
        read_parameters(context, defaults, node.defaults, nullptr);
    }
    const ConfigValue drops = object.take("drop_params");
    if (!is_hosted_only(context, drops, "drop_params")) {
        read_drops(context, drops, node);
    }
    read_retry(context, object.take("retry"), node);
    read_cache(context, object.take("cache"), node);
    read_timeout(context, object.take("request_timeout"), node);
    read_forwarded(context, object.take("forward_headers"), node);
    read_compliance(context, object.take("strict_open_ai_compliance"));
    read_metadata(context, object.take("metadata"));
    read_modes_of_operation(context, object);
    read_circuit_breaker(context, object.take("cb_config"));
    if (const ConfigValue codes = object.take("on_status_codes")) {
        context.note(Severity::warning, "I-TOPCODES", codes.pointer,
                     {"ignored on_status_codes in this place", "leaves it out",
                      "write it into strategy (when a fallback goes on) or retry (when a call is "
                      "repeated)"});
    }
    if (ConfigValue host = object.take("custom_host")) {
        inherited.custom_host = std::move(host);
    }
    read_guardrails(context, object);
}

}  // namespace llmgw
