// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/eligibility.h"

#include <algorithm>

namespace llmgw {

namespace {

// An ability that a request may need.
struct Ability {
    bool RequestNeeds::*needed;
    Can Mapping::*can;
    Exclusion lacking;
};
constexpr Ability kAbilities[] = {
    {&RequestNeeds::streaming, &Mapping::streaming, Exclusion::no_streaming},
    {&RequestNeeds::vision, &Mapping::vision, Exclusion::no_vision},
    {&RequestNeeds::audio, &Mapping::audio_in, Exclusion::no_audio},
    {&RequestNeeds::documents, &Mapping::document_in, Exclusion::no_documents},
    {&RequestNeeds::tools, &Mapping::tools, Exclusion::no_tools},
    {&RequestNeeds::json_schema, &Mapping::json_schema, Exclusion::no_json_schema},
};

// The estimate is rough, and who is excluded by mistake cannot answer; who is asked by mistake says
// so, and the next one is asked.
bool may_fit(const Mapping& mapping, const RequestNeeds& needs) {
    const std::uint64_t at_least = needs.prompt_tokens - needs.prompt_tokens / 4;
    return mapping.context == 0 || at_least <= mapping.context;
}

Exclusion missing_ability(const Mapping& mapping, const RequestNeeds& needs) {
    for (const Ability& ability : kAbilities) {
        if (needs.*ability.needed && mapping.*ability.can == Can::no) {
            return ability.lacking;
        }
    }
    return may_fit(mapping, needs) ? Exclusion::none : Exclusion::context_too_small;
}

// Whether the key's region is none of those that have the model. Bedrock's profiles span regions:
// which one serves is found when the request is made.
bool lacks_model_in_region(const ProviderAccess& access, const Mapping& mapping) {
    return !mapping.regions.empty() && !access.region.empty() && access.wire != Wire::bedrock &&
           std::find(mapping.regions.begin(), mapping.regions.end(), access.region) ==
               mapping.regions.end();
}

bool is_unstable(std::string_view stability) {
    return stability == "unstable" || stability == "experimental";
}

}  // namespace

Exclusion exclusion_of(const ProviderAccess& access) {
    if (!access.enabled) {
        return Exclusion::disabled;
    }
    if (access.problem) {
        return Exclusion::unusable;
    }
    return catalog::can_send(access.wire) ? Exclusion::none : Exclusion::unsupported_wire;
}

Exclusion exclusion_of(const Snapshot& snapshot, const Candidate& candidate,
                       const RequestNeeds& needs) {
    if (candidate.access == nullptr) {
        return candidate.mock ? Exclusion::none : Exclusion::no_key;
    }
    const ProviderAccess& access = *candidate.access;
    if (const Exclusion key = exclusion_of(access); key != Exclusion::none) {
        return key;
    }
    if (snapshot.settings.routing.priority_of(access.label, access.name) == 0) {
        return Exclusion::priority_zero;
    }
    if (candidate.mapping == nullptr) {
        return Exclusion::none;
    }
    const Mapping& mapping = *candidate.mapping;
    if (!catalog::is_active(mapping, snapshot.today)) {
        return Exclusion::deactivated;
    }
    if (const Exclusion missing = missing_ability(mapping, needs); missing != Exclusion::none) {
        return missing;
    }
    if (lacks_model_in_region(access, mapping)) {
        return Exclusion::other_region;
    }
    if (needs.reasoning && mapping.reasoning == Can::no) {
        return Exclusion::no_reasoning;
    }
    const bool unstable =
        !snapshot.settings.routing.unstable &&
        (is_unstable(mapping.stability) || is_unstable(candidate.model->stability));
    return unstable ? Exclusion::unstable : Exclusion::none;
}

bool surely_can(const Mapping& mapping, const RequestNeeds& needs) {
    const bool able =
        std::all_of(std::begin(kAbilities), std::end(kAbilities), [&](const Ability& ability) {
            return !(needs.*ability.needed) || mapping.*ability.can == Can::yes;
        });
    return able && (!needs.reasoning || mapping.reasoning == Can::yes) &&
           needs.prompt_tokens + needs.output_tokens <= mapping.context &&
           (mapping.max_output == 0 || needs.output_tokens <= mapping.max_output);
}

std::string_view region_of(const ProviderAccess& access) {
    if (!access.region.empty()) {
        return access.region;
    }
    if (const std::string_view option = access.option("region"); !option.empty()) {
        return option;
    }
    if (access.provider != nullptr && !access.provider->default_region.empty()) {
        return access.provider->default_region;
    }
    const bool vertex = access.wire == Wire::vertex || access.wire == Wire::vertex_anthropic;
    return vertex ? std::string_view("global") : std::string_view();
}

}  // namespace llmgw
