// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "common/store/settings.h"

namespace llmgw {

namespace {

using enum SettingType;

constexpr double kKib = 1024;
constexpr double kMib = kKib * kKib;
constexpr double kGib = kKib * kMib;
constexpr double kSecond = 1'000;
constexpr double kMinute = 60 * kSecond;
constexpr double kHour = 60 * kMinute;
constexpr double kDay = 24 * kHour;
constexpr double kShortest = 10;       // milliseconds; nothing upstream is quicker
constexpr double kWindow = 2 * kHour;  // health is kept for no longer

constexpr std::array<std::string_view, 4> kStrategies = {"auto", "price", "throughput", "latency"};
constexpr std::array<std::string_view, 2> kReplays = {"instant", "timed"};
constexpr std::array<std::string_view, 2> kScopes = {"shared", "private"};
constexpr std::array<std::string_view, 3> kLastResorts = {"none", "failing", "any"};

constexpr SettingInfo choice_of(std::string_view name, std::string_view default_value,
                                std::string_view help, std::span<const std::string_view> choices) {
    return {name, choice, default_value, help, 0, 0, choices};
}

// A family whose members have no value of their own unless they are set.
constexpr SettingInfo timeout_of(std::string_view name, std::string_view help, double max) {
    return {name, duration, "", help, kShortest, max, {}, SettingTarget::call};
}

// The constants of routing are LLM Gateway's where it documents them.
constexpr auto kSettings = std::to_array<SettingInfo>({
    {"cache.enabled", boolean, "false", "Answer repeated requests from stored answers"},
    {"cache.max_entry", size, "4m", "Larger answers are not stored", kKib, 64 * kMib},
    {"cache.max_size", size, "1g", "Stored answers on disk; those used longest ago go", 8 * kMib,
     1024 * kGib},
    {"cache.memory", size, "64m", "Stored answers kept in memory as well", 0, 64 * kGib},
    {"cache.near", boolean, "false",
     "Let questions share an answer that differ in white space, punctuation or word order only"},
    {"cache.near_threshold", decimal, "0.8", "How alike their word order must be", 0.5, 1},
    choice_of("cache.replay", "instant",
              "How a stored stream is sent: instant, or timed as it was first", kReplays),
    choice_of("cache.scope", "shared",
              "Who gets a stored answer: shared, or private to the gateway key it was made for",
              kScopes),
    {"cache.ttl", duration, "60s", "How long an answer is stored", 10 * kSecond, 365 * kDay},
    {"fetch.images", boolean, "false",
     "Fetch images from https addresses for providers that need the bytes"},
    {"limits.body", size, "64m", "The largest request body", kKib, 2 * kGib},
    {"limits.connections", integer, "4096", "Client connections open at one time", 1, 1'000'000},
    {"logs.enabled", boolean, "true", "Keep a log of requests, and their usage"},
    {"logs.keep", duration, "30d", "How long requests stay in the log", kMinute, 3650 * kDay},
    {"logs.max_size", size, "1g", "The size of the log's file; the oldest requests go", kMib,
     1024 * kGib},
    {"portkey.compat", boolean, "true", "Honour the x-portkey-* headers of requests"},
    {"portkey.inline_config", boolean, "false",
     "Let requests bring configs, provider keys and addresses in x-portkey-* headers"},
    {"portkey.trusted_hosts", text, "localhost,127.0.0.1,::1,host.docker.internal",
     "Hosts that such addresses may name, although they are not on the public Internet"},
    {"routing.cache_hit_rate", decimal, "0.1",
     "The part of a large prompt's tokens that is expected to cost the cached price", 0, 1},
    {"routing.decay.near", duration, "5m",
     "Calls younger than this count with routing.decay.near_weight", kSecond, kWindow},
    {"routing.decay.near_weight", decimal, "3",
     "Weight of calls younger than routing.decay.near in a key's health", 0, 1'000},
    {"routing.decay.older_weight", decimal, "1",
     "Weight of all older calls of the window in a key's health", 0, 1'000},
    {"routing.decay.recent", duration, "1m",
     "Calls younger than this count with routing.decay.recent_weight", kSecond, kWindow},
    {"routing.decay.recent_weight", decimal, "10",
     "Weight of calls younger than routing.decay.recent in a key's health", 0, 1'000},
    {"routing.defaults.latency", duration, "1s",
     "Time to the first content of a stream, of a key without calls in the window", 1, kHour},
    {"routing.defaults.throughput", decimal, "50",
     "Output tokens a second, of a key without calls in the window", 0, 1'000'000},
    {"routing.defaults.uptime", decimal, "100",
     "Percent of calls that succeed, of a key without calls in the window", 0, 100},
    {"routing.exploration_rate", decimal, "0.01",
     "The part of requests that go to any provider, to learn how it does", 0, 1},
    {"routing.fallback_statuses", integers, "",
     "Further statuses, such as 400,422, after which another provider is asked", 400, 599},
    {"routing.large_prompt", integer, "5000",
     "Estimated prompt tokens from which the prices of cached input count", 0, 1'000'000'000},
    choice_of("routing.last_resort", "failing",
              "Whom to ask when all keys rest: nobody, those that only failed, or any",
              kLastResorts),
    {"routing.low_uptime", decimal, "90",
     "Percent; below it a provider named in the model is left for another one", 0, 100},
    {"routing.max_retries", integer, "2", "Further attempts after a provider failed", 0, 10},
    {"routing.max_throughput_score", decimal, "3", "The most that slowness adds to a score", 0,
     1'000},
    {"routing.output_ratio", decimal, "0.2",
     "Output tokens that are expected for each input token of a large prompt", 0, 1'000},
    {"routing.penalty.factor", decimal, "5", "How steep the penalty for low uptime is; 0: none", 0,
     1'000},
    {"routing.penalty.threshold", decimal, "95", "Percent of uptime from which there is no penalty",
     0, 100},
    {"routing.priority.NAME",
     decimal,
     "1",
     "How much a provider or key is preferred, added to its score as 1 - priority; 0 takes it out",
     0,
     1'000,
     {},
     SettingTarget::provider},
    {"routing.rest.failing", duration, "30s",
     "The first rest of a key that keeps failing; it doubles", 0, kDay},
    {"routing.rest.failures", integer, "3", "Failures in a row after which a key rests", 1, 1'000},
    {"routing.rest.max", duration, "15m", "The longest rest that doubling leads to", 0, 7 * kDay},
    {"routing.rest.rate_limit", duration, "10s",
     "The rest of a rate-limited key whose provider does not say how long", 0, kDay},
    {"routing.rest.refused", duration, "1m",
     "The first rest of a key that its provider refuses; it doubles", 0, kDay},
    {"routing.route_backoff", duration, "1s",
     "How long a route's target waits before its first retry; it doubles, four times", 0, 600'000},
    {"routing.session.min_uptime", decimal, "85",
     "Percent; below it a session leaves the provider it has used", 0, 100},
    {"routing.session.ttl", duration, "1h",
     "How long a session stays with its provider, after its last request", 0, 7 * kDay},
    {"routing.stable.margin", decimal, "0.15",
     "How much better another provider's score must be before a model moves to it", 0, 1'000},
    {"routing.stable.min_uptime", decimal, "85",
     "Percent; below it a model leaves the provider it has used", 0, 100},
    {"routing.stable.ttl", duration, "1h", "How long a model prefers the provider it has used", 0,
     7 * kDay},
    choice_of("routing.strategy", "auto",
              "What decides between providers, of requests that do not say", kStrategies),
    {"routing.unstable", boolean, "false",
     "Ask providers whose offer of a model the catalog marks as unstable like any other"},
    {"routing.weights.cache", decimal, "0", "Weight of prompt caching in a score, of large prompts",
     0, 1'000},
    {"routing.weights.image_price", decimal, "1",
     "Weight of the price in a score, of models that make images", 0, 1'000},
    {"routing.weights.latency", decimal, "0.025",
     "Weight of the time to the first content in a score, of streams", 0, 1'000},
    {"routing.weights.price", decimal, "0.6", "Weight of the price in a score", 0, 1'000},
    {"routing.weights.strategy", decimal, "0.9",
     "Weight of the one thing that routing.strategy or a request asks for; uptime has the rest", 0,
     1},
    {"routing.weights.throughput", decimal, "0.05", "Weight of output tokens a second in a score",
     0, 1'000},
    {"routing.weights.uptime", decimal, "0.5", "Weight of uptime in a score", 0, 1'000},
    {"routing.window", duration, "1h", "How far back a key's health looks", kMinute, kWindow},
    {"strict", boolean, "false",
     "Refuse a request with fields its provider rejects, instead of dropping them"},
    {"timeouts.connect", duration, "10s", "Connecting to a provider, with TLS", kShortest,
     10 * kMinute},
    timeout_of("timeouts.connect.NAME", "timeouts.connect of one provider, key or model",
               10 * kMinute),
    {"timeouts.first_byte", duration, "10m",
     "From the request's end to the first byte of a provider's answer", kShortest, kDay},
    timeout_of("timeouts.first_byte.NAME", "timeouts.first_byte of one provider, key or model",
               kDay),
    {"timeouts.heartbeat", duration, "15s",
     "Silence in a stream after which its client gets a comment; 0: never", 0, kHour},
    {"timeouts.idle", duration, "5m", "The longest silence inside a provider's answer", kShortest,
     kDay},
    timeout_of("timeouts.idle.NAME", "timeouts.idle of one provider, key or model", kDay),
    {"timeouts.total", duration, "30m", "A whole request, with all its attempts", kShortest, kDay},
    timeout_of("timeouts.total.NAME", "The whole call of one provider, key or model", kDay),
});

static_assert(std::is_sorted(kSettings.begin(), kSettings.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));

constexpr std::string_view kTarget = "NAME";
constexpr std::size_t kMaxTarget = 512;  // as long as a model's name in a request may be

// Whether a text may be a NAME; who it is, is not known here.
bool may_be_target(std::string_view text, SettingTarget target) {
    const bool clean = std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
    });
    const bool whole = !text.empty() && text.front() != '/' && text.back() != '/';
    return clean && whole && text.size() <= kMaxTarget &&
           (target == SettingTarget::call || text.find('/') == std::string_view::npos);
}

}  // namespace

std::string_view SettingInfo::prefix() const {
    return target == SettingTarget::none ? name : name.substr(0, name.size() - kTarget.size());
}

std::string_view SettingInfo::target_of(std::string_view setting) const {
    return target == SettingTarget::none ? std::string_view() : setting.substr(prefix().size());
}

std::span<const SettingInfo> setting_infos() {
    return kSettings;
}

const SettingInfo* find_setting(std::string_view name) {
    const auto found =
        std::find_if(kSettings.begin(), kSettings.end(), [&](const SettingInfo& info) {
            if (info.target == SettingTarget::none) {
                return info.name == name;
            }
            return name.starts_with(info.prefix()) &&
                   may_be_target(info.target_of(name), info.target);
        });
    return found == kSettings.end() ? nullptr : &*found;
}

std::optional<RoutingStrategy> find_strategy(std::string_view name) {
    const auto found = std::find(kStrategies.begin(), kStrategies.end(), name);
    return found != kStrategies.end()
               ? std::optional(static_cast<RoutingStrategy>(found - kStrategies.begin()))
               : std::nullopt;
}

std::string_view strategy_name(RoutingStrategy strategy) {
    return kStrategies.at(static_cast<std::size_t>(strategy));
}

}  // namespace llmgw
