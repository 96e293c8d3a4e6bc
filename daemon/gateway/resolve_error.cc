// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/resolve_error.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "daemon/gateway/auto_model.h"

namespace llmgw {

namespace {

tl::unexpected<Error> model_not_found(std::string message, std::string_view name,
                                      const std::vector<std::string_view>& names) {
    Error error;
    error.kind = Errc::not_found;
    error.code = "model_not_found";
    error.param = "model";
    error.message = std::move(message);
    const auto near = nearest(name, names);
    for (std::size_t i = 0; i < near.size(); i++) {
        error.message += (i == 0 ? "; did you mean " : ", ") + near[i];
    }
    error.message += near.empty() ? "" : "?";
    error.hint = "llmgw models list";
    return tl::unexpected<Error>(std::move(error));
}

// The field that asks for what a provider lacks; empty: it lacks nothing of the kind.
std::string_view field_behind(Exclusion exclusion) {
    switch (exclusion) {
        case Exclusion::no_vision:
        case Exclusion::no_audio:
        case Exclusion::no_documents:
        case Exclusion::context_too_small:
            return "messages";
        case Exclusion::no_tools:
            return "tools";
        case Exclusion::no_json_schema:
            return "response_format";
        case Exclusion::no_streaming:
            return "stream";
        default:
            return {};
    }
}

// "groq does not take images, cerebras is disabled".
std::string list_exclusions(const Offers& offers) {
    std::vector<std::string> reasons;
    for (const Candidate& candidate : offers.candidates) {
        std::string reason = std::string(candidate.provider_name()) + " " +
                             std::string(describe(candidate.excluded));
        if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
            reasons.push_back(std::move(reason));
        }
    }
    std::string text;
    for (const std::string& reason : reasons) {
        text += (text.empty() ? "" : ", ") + reason;
    }
    return text;
}

tl::unexpected<Error> lacks_ability(const Snapshot& snapshot, const Model& model,
                                    const Offers& offers, const RequestNeeds& needs,
                                    Exclusion first) {
    Error error;
    error.kind = Errc::invalid_request;
    // Clients that know OpenAI's code shorten the conversation.
    error.code =
        first == Exclusion::context_too_small ? "context_length_exceeded" : "unsupported_by_model";
    error.param = field_behind(first);
    error.message = "the model \"" + std::string(model.id) +
                    "\" cannot answer this request: " + list_exclusions(offers);
    const std::string others = models_that_can(snapshot, needs);
    error.message += others.empty() ? "; no model with a key is known to have all that it needs"
                                    : "; models that can: " + others;
    error.hint = "llmgw models list --available";
    return tl::unexpected<Error>(std::move(error));
}

// No provider of the model has a key.
tl::unexpected<Error> nobody_has_key(const Snapshot& snapshot, const Model& model) {
    std::string usable;
    std::string first;
    for (const Mapping& mapping : model.mappings) {
        const Provider* const provider = catalog::find_provider(mapping.provider);
        if (provider == nullptr || !catalog::can_send(provider->wire) ||
            !catalog::is_active(mapping, snapshot.today)) {
            continue;
        }
        if (first.empty()) {
            first = mapping.provider;
        }
        usable += (usable.empty() ? "" : ", ") + std::string(mapping.provider);
    }
    if (first.empty()) {
        return model_refused("the model \"" + std::string(model.id) +
                                 "\" is offered only by providers whose format this version "
                                 "cannot send, or no longer at all",
                             "llmgw models show " + std::string(model.id));
    }
    return model_refused("no configured key can serve the model \"" + std::string(model.id) +
                             "\"; these providers offer it: " + usable,
                         "llmgw providers add " + first);
}

// What makes an excluded candidate usable again.
std::string remedy(const Snapshot& snapshot, const Candidate& candidate) {
    const std::string& label = candidate.access->label;
    switch (candidate.excluded) {
        case Exclusion::priority_zero: {
            const auto& priorities = snapshot.settings.routing.priorities;
            const bool own = std::any_of(priorities.begin(), priorities.end(),
                                         [&](const auto& one) { return one.first == label; });
            return "llmgw config unset routing.priority." + (own ? label : candidate.access->name);
        }
        case Exclusion::other_region:
            return "llmgw providers add " + std::string(candidate.mapping->provider) +
                   " --name NAME --region " + std::string(candidate.mapping->regions.front());
        default:
            return "llmgw models show " + std::string(candidate.model->id);
    }
}

}  // namespace

tl::unexpected<Error> unknown_model(const Snapshot& snapshot, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Model& model : catalog::models()) {
        names.push_back(model.id);
        names.insert(names.end(), model.aliases.begin(), model.aliases.end());
    }
    for (const auto& alias : snapshot.aliases) {
        names.push_back(alias.first);
    }
    const std::size_t slash = name.find('/');
    return model_not_found("the model \"" + printable(name) + "\" does not exist",
                           slash == std::string_view::npos ? name : name.substr(slash + 1), names);
}

tl::unexpected<Error> unknown_at_provider(const ProviderAccess& access, std::string_view model) {
    std::vector<std::string_view> names;
    for (const Model& one : catalog::models()) {
        if (catalog::find_mapping(one, access.provider->id) != nullptr) {
            names.push_back(one.id);
            names.insert(names.end(), one.aliases.begin(), one.aliases.end());
        }
    }
    auto error = model_not_found("the catalog has no model \"" + printable(model) + "\" of " +
                                     std::string(access.provider->id),
                                 model, names);
    // A key's label in front of it sends any name, so that a model newer than the catalog can be
    // used.
    error.value().hint =
        "llmgw models list; @" + access.label + "/" + printable(model) + " sends it all the same";
    return error;
}

tl::unexpected<Error> model_refused(std::string message, std::string hint) {
    Error error;
    error.kind = Errc::invalid_request;
    error.code = "no_provider_key";
    error.param = "model";
    error.message = std::move(message);
    error.hint = std::move(hint);
    return tl::unexpected<Error>(std::move(error));
}

tl::unexpected<Error> cannot_use(const ProviderAccess& access) {
    if (!access.enabled) {
        return model_refused("the provider \"" + access.label + "\" is disabled",
                             "llmgw providers enable " + access.label);
    }
    if (access.problem) {
        return model_refused(
            "the provider \"" + access.label + "\" cannot be used: " + access.problem->message,
            access.problem->hint.empty() ? "llmgw providers show " + access.label
                                         : access.problem->hint);
    }
    return model_refused("the provider \"" + access.label + "\" speaks the " +
                             std::string(catalog::wire_name(access.provider->wire)) +
                             " format, which this version cannot send",
                         "llmgw providers catalog");
}

tl::unexpected<Error> no_key_for(std::string_view provider) {
    const Provider* const known = catalog::find_provider(provider);
    if (known != nullptr && !catalog::can_send(known->wire)) {
        return model_refused("the provider \"" + std::string(provider) + "\" speaks the " +
                                 std::string(catalog::wire_name(known->wire)) +
                                 " format, which this version cannot send",
                             "llmgw providers catalog");
    }
    return model_refused("there is no key for the provider \"" + std::string(provider) + "\"",
                         "llmgw providers add " + std::string(provider));
}

tl::unexpected<Error> no_key_in(const Snapshot& snapshot, const Provider& provider,
                                std::string_view region) {
    const std::string id(provider.id);
    const std::string where(region);
    const std::string label =
        snapshot.find_access(id) == nullptr ? "" : " --name " + id + "-" + where;
    return model_refused("no key of " + id + " is in the region \"" + where + "\"",
                         "llmgw providers add " + id + label + " --region " + where);
}

tl::unexpected<Error> nobody_serves(const Snapshot& snapshot, const Model& model,
                                    const Offers& offers, const RequestNeeds& needs) {
    if (offers.candidates.empty()) {
        return nobody_has_key(snapshot, model);
    }
    for (const Candidate& candidate : offers.candidates) {
        if (!field_behind(candidate.excluded).empty()) {
            return lacks_ability(snapshot, model, offers, needs, candidate.excluded);
        }
    }
    const Candidate& first = offers.candidates.front();
    if (first.excluded == Exclusion::disabled || first.excluded == Exclusion::unusable ||
        first.excluded == Exclusion::unsupported_wire) {
        return cannot_use(*first.access);
    }
    return model_refused("no configured key can serve the model \"" + std::string(model.id) +
                             "\": " + list_exclusions(offers),
                         remedy(snapshot, first));
}

std::string list_needs(const RequestNeeds& needs) {
    const std::pair<bool, const char*> kinds[] = {
        {needs.vision, "images"},
        {needs.audio, "audio"},
        {needs.documents, "documents"},
        {needs.tools, "tools"},
        {needs.json_schema, "a JSON schema"},
        {needs.reasoning, "reasoning"},
    };
    std::string text;
    for (const auto& [needed, name] : kinds) {
        if (needed) {
            text += std::string(name) + ", ";
        }
    }
    return text + "about " + std::to_string(needs.prompt_tokens) + " tokens of prompt and " +
           std::to_string(needs.output_tokens) + " of output";
}

}  // namespace llmgw
