// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/store/log_store.h"
#include "common/store/settings.h"
#include "daemon/routing/health_window.h"
#include "daemon/routing/rest_state.h"

namespace llmgw {

/// A provider key and a model that it is asked for.
struct KeyModel {
    std::string_view key;  ///< the provider key's label
    std::string_view model;
};

/// What is known of a key and model at a moment.
struct Standing {
    HealthFigures health;
    Readiness readiness = Readiness::ready;
    const Rest* rest = nullptr;  ///< of the model or the whole key; until the table changes
};

/// A call that is being made: what has to be known of it when it is reported.
struct CallInFlight {
    std::int64_t began = 0;
    bool probes_model = false;  ///< it is the one probe
    bool probes_key = false;
};

/// What has changed since it was last asked for.
struct HealthChanges {
    std::vector<HealthRow> health;  ///< to be added to what is saved of the same span
    bool rests_changed = false;
    std::vector<RestRow> rests;  ///< if they changed: all there are
};

/// How all keys do. Only for the loop's thread.
class HealthTable {
  public:
    explicit HealthTable(const RoutingSettings& settings) : settings_(settings) {}

    void use(const RoutingSettings& settings);

    [[nodiscard]] Standing standing(KeyModel of, std::int64_t now);

    /// A call that is made now, with the probe if there is one to be had; nullopt when the key
    /// rests and is not to be asked in spite of it.
    [[nodiscard]] std::optional<CallInFlight> begin(KeyModel of, std::int64_t now,
                                                    LastResort despite = LastResort::none);
    /// The answer of a call has begun: if it was the probe, others may ask the key too.
    void answering(KeyModel of, CallInFlight& call);
    /// How a call went. Every call that began has to be reported.
    void report(KeyModel of, const CallInFlight& call, const CallReport& report, std::int64_t now);

    /// Ends the rests of a key: its secret or address is another one.
    void end_rests(std::string_view key);
    [[nodiscard]] std::vector<RestRow> rests(std::int64_t now);

    /// Takes over what earlier runs saved. What is out of the window, or in the future, is left
    /// out; a refused key is to be probed at once, as it may have been mended in the meantime.
    void restore(std::span<const HealthRow> health, std::span<const RestRow> rests,
                 std::int64_t now);
    /// For saving. Forgets what is out of the window.
    [[nodiscard]] HealthChanges take_changes(std::int64_t now);

    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    struct Name {
        std::string key, model;
    };
    struct NameHash {
        using is_transparent = void;
        std::size_t operator()(KeyModel of) const {
            const std::hash<std::string_view> hash;
            return hash(of.key) * 31 + hash(of.model);
        }
        std::size_t operator()(const Name& name) const {
            return (*this)(KeyModel{name.key, name.model});
        }
    };
    struct NameEqual {
        using is_transparent = void;
        bool operator()(const Name& a, const Name& b) const {
            return a.key == b.key && a.model == b.model;
        }
        bool operator()(const Name& a, KeyModel b) const {
            return a.key == b.key && a.model == b.model;
        }
        bool operator()(KeyModel a, const Name& b) const { return (*this)(b, a); }
    };
    struct UnsavedSpan {
        std::int64_t begin;
        CallSums sums;
    };
    struct Entry {
        HealthWindow window;
        RestState rest;
        std::int64_t failures = 0;  // in a row
        // When the latest call that failed began: one that began before and ends well only now
        // does not break the row.
        std::int64_t last_failed = INT64_MIN;
        std::int64_t last_used = 0;
        std::vector<UnsavedSpan> unsaved;
    };
    struct TextHash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    using Entries = std::unordered_map<Name, Entry, NameHash, NameEqual>;

    [[nodiscard]] Entry* find(KeyModel of);
    [[nodiscard]] Entry& make(KeyModel of, std::int64_t now);
    [[nodiscard]] RestState* find_key_rest(std::string_view key);
    void forget_older_half();
    void forget_unused(std::int64_t now);

    void count(Entry& entry, const CallReport& report, std::int64_t now);
    void on_success(KeyModel of, Entry& entry, const CallInFlight& call, std::int64_t now);
    void on_failure(Entry& entry, const CallInFlight& call, const CallReport& report,
                    std::int64_t now);
    void on_rate_limit(Entry& entry, const CallReport& report, std::int64_t now);
    void on_refusal(RestState& state, bool probed, const CallInFlight& call,
                    const CallReport& report, std::int64_t now);

    RoutingSettings settings_;
    Entries entries_;
    // Keys that rest for all models: hardly ever any.
    std::unordered_map<std::string, RestState, TextHash, std::equal_to<>> key_rests_;
    bool rests_changed_ = false;
};

}  // namespace llmgw
