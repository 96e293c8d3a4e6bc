// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/store/settings.h"

namespace llmgw {

namespace {

using Stored = std::span<const std::pair<std::string, std::string>>;

// Reads settings in force. After the first bad one the others are zero, and error() tells of it.
class SettingReader {
  public:
    SettingReader(Stored stored, Stored given) : stored_(stored), given_(given) {}

    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

    double number(std::string_view name) {
        const auto all = numbers(name);
        return all.empty() ? 0 : all.front();
    }
    std::int64_t whole(std::string_view name) { return static_cast<std::int64_t>(number(name)); }
    bool flag(std::string_view name) { return number(name) != 0; }
    // The enumerators are in the order of the setting's choices.
    template <typename Enum>
    Enum choice(std::string_view name) {
        return static_cast<Enum>(whole(name));
    }
    std::vector<double> numbers(std::string_view name);
    // What is between the commas of a text.
    std::vector<std::string> list(std::string_view name);

  private:
    [[nodiscard]] SettingValue value_of(const SettingInfo& info, std::string_view name) const;
    void blame(std::string_view name, SettingOrigin origin, Error error);

    Stored stored_;
    Stored given_;
    std::optional<Error> error_;
};

SettingValue SettingReader::value_of(const SettingInfo& info, std::string_view name) const {
    const auto last = std::find_if(given_.rbegin(), given_.rend(),
                                   [&](const auto& one) { return one.first == name; });
    return last == given_.rend() ? effective_setting(info, name, stored_)
                                 : SettingValue{last->second, SettingOrigin::stored};
}

std::vector<double> SettingReader::numbers(std::string_view name) {
    const SettingInfo* const info = find_setting(name);
    LLMGW_ASSERT(info != nullptr && info->type != SettingType::text);
    const SettingValue value = value_of(*info, name);
    auto read = read_setting(*info, name, value.value);
    if (!read) {
        blame(name, value.origin, std::move(read.error()));
        return {};
    }
    return *std::move(read);
}

std::vector<std::string> SettingReader::list(std::string_view name) {
    const SettingInfo* const info = find_setting(name);
    LLMGW_ASSERT(info != nullptr && info->type == SettingType::text);
    const std::string text = value_of(*info, name).value;
    std::vector<std::string> parts;
    for (const std::string_view part : split(text, ',')) {
        if (const std::string_view bare = trim(part); !bare.empty()) {
            parts.emplace_back(bare);
        }
    }
    return parts;
}

// A bad value is blamed on where it comes from.
void SettingReader::blame(std::string_view name, SettingOrigin origin, Error error) {
    if (error_) {
        return;
    }
    error.kind = Errc::invalid_file;
    if (origin == SettingOrigin::environment) {
        const std::string variable = setting_variable(name);
        error.message = "the variable " + variable + " is not usable: " + error.message;
        error.hint = "unset " + variable;
    } else {
        error.message = "a stored setting is not usable: " + error.message;
        error.hint = "llmgw config unset " + std::string(name);
    }
    error_ = std::move(error);
}

RoutingSettings read_routing(SettingReader& read) {
    RoutingSettings routing{};
    routing.strategy = read.choice<RoutingStrategy>("routing.strategy");
    routing.price_weight = read.number("routing.weights.price");
    routing.image_price_weight = read.number("routing.weights.image_price");
    routing.uptime_weight = read.number("routing.weights.uptime");
    routing.strategy_weight = read.number("routing.weights.strategy");
    routing.throughput_weight = read.number("routing.weights.throughput");
    routing.latency_weight = read.number("routing.weights.latency");
    routing.cache_weight = read.number("routing.weights.cache");
    routing.default_uptime = read.number("routing.defaults.uptime");
    routing.default_latency_ms = read.number("routing.defaults.latency");
    routing.default_throughput = read.number("routing.defaults.throughput");
    routing.max_throughput_score = read.number("routing.max_throughput_score");
    routing.penalty_threshold = read.number("routing.penalty.threshold");
    routing.penalty_factor = read.number("routing.penalty.factor");
    routing.window_ms = read.whole("routing.window");
    routing.recent_ms = read.whole("routing.decay.recent");
    routing.near_ms = read.whole("routing.decay.near");
    routing.recent_weight = read.number("routing.decay.recent_weight");
    routing.near_weight = read.number("routing.decay.near_weight");
    routing.rest_weight = read.number("routing.decay.older_weight");
    routing.exploration_rate = read.number("routing.exploration_rate");
    routing.stable_ttl_ms = read.whole("routing.stable.ttl");
    routing.stable_min_uptime = read.number("routing.stable.min_uptime");
    routing.stable_margin = read.number("routing.stable.margin");
    routing.session_ttl_ms = read.whole("routing.session.ttl");
    routing.session_min_uptime = read.number("routing.session.min_uptime");
    routing.low_uptime = read.number("routing.low_uptime");
    routing.large_prompt = read.whole("routing.large_prompt");
    routing.cache_hit_rate = read.number("routing.cache_hit_rate");
    routing.output_ratio = read.number("routing.output_ratio");
    routing.max_retries = read.whole("routing.max_retries");
    routing.failures_to_rest = read.whole("routing.rest.failures");
    routing.failing_rest_ms = read.whole("routing.rest.failing");
    routing.rate_limit_rest_ms = read.whole("routing.rest.rate_limit");
    routing.refused_rest_ms = read.whole("routing.rest.refused");
    routing.max_rest_ms = read.whole("routing.rest.max");
    routing.unstable = read.flag("routing.unstable");
    routing.last_resort = read.choice<LastResort>("routing.last_resort");
    routing.route_backoff_ms = read.whole("routing.route_backoff");
    for (const double status : read.numbers("routing.fallback_statuses")) {
        routing.fallback_statuses.push_back(static_cast<int>(status));
    }
    return routing;
}

CacheSettings read_cache(SettingReader& read) {
    CacheSettings cache{};
    cache.enabled = read.flag("cache.enabled");
    cache.ttl_ms = read.whole("cache.ttl");
    cache.max_size = read.whole("cache.max_size");
    cache.memory = read.whole("cache.memory");
    cache.max_entry = read.whole("cache.max_entry");
    cache.near = read.flag("cache.near");
    cache.near_threshold = read.number("cache.near_threshold");
    cache.replay = read.choice<CacheReplay>("cache.replay");
    cache.scope = read.choice<CacheScope>("cache.scope");
    return cache;
}

PortkeySettings read_portkey(SettingReader& read) {
    PortkeySettings portkey{};
    portkey.compat = read.flag("portkey.compat");
    portkey.inline_config = read.flag("portkey.inline_config");
    portkey.trusted_hosts = read.list("portkey.trusted_hosts");
    return portkey;
}

// What is set for single providers, keys and models. A target that occurs twice has the same value
// both times: the one in force.
void read_targets(Stored set, SettingReader& read, Settings& settings) {
    struct Field {
        std::string_view family;
        std::optional<std::int64_t> OwnTimeouts::*value;
    };
    constexpr Field kFields[] = {
        {"timeouts.connect.NAME", &OwnTimeouts::connect},
        {"timeouts.first_byte.NAME", &OwnTimeouts::first_byte},
        {"timeouts.idle.NAME", &OwnTimeouts::idle},
        {"timeouts.total.NAME", &OwnTimeouts::total},
    };
    for (const auto& [name, value] : set) {
        const SettingInfo* const info = find_setting(name);
        if (info == nullptr || info->target == SettingTarget::none) {
            continue;
        }
        const std::string_view target = info->target_of(name);
        if (info->name == "routing.priority.NAME") {
            settings.routing.priorities.emplace_back(target, read.number(name));
            continue;
        }
        for (const Field& field : kFields) {
            if (field.family == info->name) {
                auto own =
                    std::find_if(settings.own_timeouts.begin(), settings.own_timeouts.end(),
                                 [&](const OwnTimeouts& known) { return known.target == target; });
                if (own == settings.own_timeouts.end()) {
                    own = settings.own_timeouts.insert(own, OwnTimeouts{});
                    own->target = target;
                }
                (*own).*field.value = read.whole(name);
            }
        }
    }
}

// How closely a target of timeouts fits a call; 0: it does not.
int closeness(std::string_view target, std::string_view label, std::string_view provider,
              std::string_view model) {
    const auto is_model_of = [&](std::string_view owner) {
        return target.size() == owner.size() + 1 + model.size() && target.starts_with(owner) &&
               target[owner.size()] == '/' && target.ends_with(model);
    };
    if (is_model_of(label)) {
        return 5;
    }
    if (is_model_of(provider)) {
        return 4;
    }
    return target == model ? 3 : target == label ? 2 : target == provider ? 1 : 0;
}

}  // namespace

double RoutingSettings::priority_of(std::string_view label, std::string_view provider) const {
    double priority = 1;
    for (const auto& [target, value] : priorities) {
        if (target == label) {
            return value;
        }
        if (target == provider) {
            priority = value;
        }
    }
    return priority;
}

Timeouts timeouts_for(const Settings& settings, std::string_view label, std::string_view provider,
                      std::string_view model) {
    Timeouts timeouts = settings.timeouts;
    struct Closest {
        int connect = 0, first_byte = 0, idle = 0, total = 0;
    } closest;
    for (const OwnTimeouts& own : settings.own_timeouts) {
        const int close = closeness(own.target, label, provider, model);
        const auto take = [close](const std::optional<std::int64_t>& value, int& best,
                                  std::int64_t& out) {
            if (value && close > best) {
                best = close;
                out = *value;
            }
        };
        take(own.connect, closest.connect, timeouts.connect);
        take(own.first_byte, closest.first_byte, timeouts.first_byte);
        take(own.idle, closest.idle, timeouts.idle);
        take(own.total, closest.total, timeouts.total);
    }
    return timeouts;
}

Result<Settings> read_settings(Stored stored, Stored given) {
    SettingReader read(stored, given);
    Settings settings{};
    settings.timeouts.connect = read.whole("timeouts.connect");
    settings.timeouts.first_byte = read.whole("timeouts.first_byte");
    settings.timeouts.idle = read.whole("timeouts.idle");
    settings.timeouts.total = read.whole("timeouts.total");
    settings.heartbeat_ms = read.whole("timeouts.heartbeat");
    settings.max_body = static_cast<std::uint64_t>(read.whole("limits.body"));
    settings.max_connections = read.whole("limits.connections");
    settings.routing = read_routing(read);
    settings.logs.enabled = read.flag("logs.enabled");
    settings.logs.keep_ms = read.whole("logs.keep");
    settings.logs.max_size = read.whole("logs.max_size");
    settings.cache = read_cache(read);
    settings.portkey = read_portkey(read);
    settings.logs.enabled = read.flag("logs.enabled");
    settings.logs.keep_ms = read.whole("logs.keep");
    settings.logs.max_size = read.whole("logs.max_size");
    settings.strict = read.flag("strict");
    settings.fetch_images = read.flag("fetch.images");
    read_targets(stored, read, settings);
    read_targets(given, read, settings);
    if (read.error()) {
        return tl::unexpected(*read.error());
    }
    return settings;
}

}  // namespace llmgw
