// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"

namespace llmgw {

enum class SettingType { text, boolean, integer, integers, decimal, duration, size, choice };

/// What NAME may be in a setting such as `timeouts.idle.NAME`.
enum class SettingTarget : std::uint8_t {
    none,      ///< the setting has no NAME: it holds for everything
    provider,  ///< a provider of the catalog, or the label of a key
    call,      ///< one of these, a model, or both: "openai/gpt-5", "lab/llama"
};

/// A setting that `llmgw config` knows, or with a target a family of them.
struct SettingInfo {
    std::string_view name;  ///< "timeouts.first_byte"; of a family, "routing.priority.NAME"
    SettingType type;
    std::string_view default_value;  ///< as a person would write it: "10m"
    std::string_view help;           ///< one line
    double min = 0, max = 0;         ///< for numbers, in the type's unit (ms, bytes); both 0: any
    std::span<const std::string_view> choices = {};  ///< of a choice
    SettingTarget target = SettingTarget::none;

    /// What the names of a family's settings begin with: "routing.priority.".
    [[nodiscard]] std::string_view prefix() const;
    /// The NAME in a setting's name; empty without one.
    [[nodiscard]] std::string_view target_of(std::string_view setting) const;
};

/// All settings and families, by name.
[[nodiscard]] std::span<const SettingInfo> setting_infos();
/// By a setting's full name: "timeouts.idle", "timeouts.idle.openai/gpt-5".
[[nodiscard]] const SettingInfo* find_setting(std::string_view name);

/// A value as numbers in the type's unit: 1 and 0 for a boolean, milliseconds, bytes, the place of
/// a choice, all of a list; none for a text. The error says what would be right.
[[nodiscard]] Result<std::vector<double>> read_setting(const SettingInfo& info,
                                                       std::string_view name,
                                                       std::string_view value);
[[nodiscard]] Result<void> check_setting(const SettingInfo& info, std::string_view name,
                                         std::string_view value);

/// The variable that overrides a setting: "LLMGW_TIMEOUTS_FIRST_BYTE". Those of a family have none.
[[nodiscard]] std::string setting_variable(std::string_view name);

/// Where a setting's value comes from.
enum class SettingOrigin { fallback, stored, environment };

struct SettingValue {
    std::string value;
    SettingOrigin origin;
};

/// The value in force: the variable, else the stored one, else the default. `stored` is
/// Store::settings().
[[nodiscard]] SettingValue effective_setting(
    const SettingInfo& info, std::string_view name,
    std::span<const std::pair<std::string, std::string>> stored);

/// What decides between the providers of a model.
enum class RoutingStrategy : std::uint8_t { automatic, price, throughput, latency };
/// "auto", "price", "throughput", "latency".
[[nodiscard]] std::optional<RoutingStrategy> find_strategy(std::string_view name);
[[nodiscard]] std::string_view strategy_name(RoutingStrategy strategy);

/// What is done when all keys that could answer rest.
enum class LastResort : std::uint8_t { none, failing, any };

/// The constants of routing (`routing.*`); the defaults are LLM Gateway's.
struct RoutingSettings {
    RoutingStrategy strategy;  ///< of requests that do not say
    double price_weight, image_price_weight, uptime_weight, throughput_weight, latency_weight,
        cache_weight;
    double strategy_weight;  ///< of the one thing that a strategy is about; uptime has the rest
    double default_uptime;   ///< percent, without data
    double default_latency_ms;
    double default_throughput;    ///< tokens a second
    double max_throughput_score;  ///< the most that slowness counts
    double penalty_threshold;     ///< percent of uptime from which there is no penalty
    double penalty_factor;
    std::int64_t window_ms;  ///< how far back health looks
    std::int64_t recent_ms, near_ms;
    double recent_weight, near_weight, rest_weight;  ///< of calls younger than these, and of others
    double exploration_rate;
    std::int64_t stable_ttl_ms;
    double stable_min_uptime, stable_margin;
    std::int64_t session_ttl_ms;
    double session_min_uptime;
    double low_uptime;          ///< below it a pinned provider is left
    std::int64_t large_prompt;  ///< tokens from which cached prices count
    double cache_hit_rate;      ///< of large prompts
    double output_ratio;        ///< output tokens for each input token of these
    std::int64_t max_retries;
    std::int64_t failures_to_rest;    ///< in a row
    std::int64_t failing_rest_ms;     ///< the first rest after them; it doubles
    std::int64_t rate_limit_rest_ms;  ///< when the provider does not say how long
    std::int64_t refused_rest_ms;     ///< the first rest of a refused key; it doubles
    std::int64_t max_rest_ms;
    LastResort last_resort;
    std::int64_t route_backoff_ms;       ///< of a route's targets: before a retry; it doubles
    bool unstable;                       ///< offers that the catalog marks as unstable count, too
    std::vector<int> fallback_statuses;  ///< further ones that another provider is asked after
    /// By provider id or key label; 1 without an entry, 0 takes it out.
    std::vector<std::pair<std::string, double>> priorities;

    /// A key's own priority comes before that of its provider.
    [[nodiscard]] double priority_of(std::string_view label, std::string_view provider) const;
};

/// How long each phase of a provider's call may take, in milliseconds.
struct Timeouts {
    std::int64_t connect, first_byte, idle, total;
};

/// Timeouts of one provider key, provider or model, as far as they are set.
struct OwnTimeouts {
    std::string target;  ///< "openai", "lab", "gpt-5", "openai/gpt-5", "lab/gpt-5"
    std::optional<std::int64_t> connect, first_byte, idle, total;
};

/// The log of requests (`logs.*`).
struct LogSettings {
    bool enabled;
    std::int64_t keep_ms;   ///< older calls go
    std::int64_t max_size;  ///< of the file, in bytes; the oldest calls go
};

/// How a stored stream is sent again: at once, or with the pauses that it had.
enum class CacheReplay : std::uint8_t { instant, timed };
/// Whose answers a gateway key is given: everybody's, or its own only.
enum class CacheScope : std::uint8_t { shared, private_to_key };

/// The response cache (`cache.*`).
struct CacheSettings {
    bool enabled;
    std::int64_t ttl_ms;
    std::int64_t max_size;   ///< of cache.db, in bytes
    std::int64_t memory;     ///< of the answers in memory, in bytes
    std::int64_t max_entry;  ///< larger answers are not stored
    bool near;               ///< near-duplicates share answers
    double near_threshold;   ///< similarity from which they do
    CacheReplay replay;
    CacheScope scope;
};

/// What is done for clients that still speak to Portkey (`portkey.*`).
struct PortkeySettings {
    bool compat;         ///< their headers are honoured
    bool inline_config;  ///< also configs, keys and addresses that come with the request
    std::vector<std::string> trusted_hosts;  ///< which these addresses may lead to, wherever it is
};

/// The settings in force as the gateway uses them.
struct Settings {
    Timeouts timeouts;
    std::vector<OwnTimeouts> own_timeouts;
    std::int64_t heartbeat_ms;  ///< a comment after so much silence in a stream; 0: none
    std::uint64_t max_body;
    std::int64_t max_connections;
    RoutingSettings routing;
    CacheSettings cache;
    LogSettings logs;
    PortkeySettings portkey;
    bool strict;
    bool fetch_images;
};

/// The timeouts of one call. Of several that apply the most specific wins, each by itself: those of
/// LABEL/MODEL, PROVIDER/MODEL, MODEL, LABEL, PROVIDER, and then the general ones.
[[nodiscard]] Timeouts timeouts_for(const Settings& settings, std::string_view label,
                                    std::string_view provider, std::string_view model);

/// Reads them all; a bad value from a variable or an older version fails with its name. What is
/// `given` wins over what is stored and over variables.
[[nodiscard]] Result<Settings> read_settings(
    std::span<const std::pair<std::string, std::string>> stored,
    std::span<const std::pair<std::string, std::string>> given = {});

}  // namespace llmgw
