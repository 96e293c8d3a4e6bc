// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "daemon/providers/bedrock.h"

namespace llmgw {

namespace {

// A group of regions, and the one whose endpoint is asked for it: as in providers.json.
struct BedrockProfile {
    std::string_view name;
    std::string_view endpoint_region;
};

constexpr std::array<BedrockProfile, 7> kProfiles = {{{"global", "us-east-1"},
                                                      {"us", "us-east-1"},
                                                      {"eu", "eu-central-1"},
                                                      {"apac", "ap-northeast-1"},
                                                      {"jp", "ap-northeast-1"},
                                                      {"au", "ap-southeast-2"},
                                                      {"us-gov", "us-gov-west-1"}}};

const BedrockProfile* find_profile(std::string_view name) {
    const auto* const at = std::find_if(kProfiles.begin(), kProfiles.end(),
                                        [&](const auto& profile) { return profile.name == name; });
    return at == kProfiles.end() ? nullptr : at;
}

// "us-east-1" for "" and "us", "eu-west-3" for itself.
std::string_view aws_region(std::string_view region) {
    const BedrockProfile* const profile = find_profile(region.empty() ? "global" : region);
    return profile != nullptr ? profile->endpoint_region : region;
}

bool serves(const Mapping& mapping, std::string_view region) {
    return std::find(mapping.regions.begin(), mapping.regions.end(), region) !=
           mapping.regions.end();
}

// The profiles that a request sent to a region may use, the narrowest first. "global" is none of
// them: who names a region does not ask for an answer from another continent.
std::array<std::string_view, 2> profiles_of(std::string_view region) {
    if (region.starts_with("us-gov-")) {
        return {"us-gov", ""};
    }
    if (region.starts_with("us-")) {
        return {"us", ""};
    }
    if (region.starts_with("eu-")) {
        return {"eu", ""};
    }
    if (region == "ap-northeast-1" || region == "ap-northeast-3") {
        return {"jp", "apac"};
    }
    if (region == "ap-southeast-2" || region == "ap-southeast-4") {
        return {"au", "apac"};
    }
    return {region.starts_with("ap-") ? "apac" : "", ""};
}

bool has_profile(std::string_view model) {
    const std::string_view first = model.substr(0, model.find('.'));
    return model.starts_with("arn:") || (first != model && find_profile(first) != nullptr);
}

}  // namespace

std::string_view bedrock_region(std::string_view asked, const Mapping* mapping) {
    if (!asked.empty()) {
        return asked;
    }
    if (mapping == nullptr || mapping->regions.empty()) {
        return "us-east-1";
    }
    return serves(*mapping, "global") ? "global" : mapping->regions.front();
}

Result<std::string> bedrock_base_url(std::string_view region) {
    const std::string_view name = aws_region(region);
    const bool well_formed =
        name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        });
    if (!well_formed || name.find('-') == std::string_view::npos) {
        return fail(Errc::invalid_request,
                    "\"" + printable(name.substr(0, 64)) + "\" is not an AWS region",
                    "use one such as us-east-1, or one of: global, us, eu, apac, jp, au");
    }
    return "https://bedrock-runtime." + std::string(name) + ".amazonaws.com";
}

std::string bedrock_signing_region(std::string_view host, std::string_view region) {
    // Also "bedrock-runtime-fips.us-west-2.…" and "vpce-0ab….bedrock-runtime.us-west-2.vpce.…".
    const auto labels = split(host, '.');
    for (std::size_t i = 0; i + 2 < labels.size(); i++) {
        if (labels[i].starts_with("bedrock-runtime")) {
            return std::string(labels[i + 1]);
        }
    }
    return std::string(aws_region(region));
}

std::string bedrock_model_id(const WireTarget& target) {
    std::string model(target.model);
    if (has_profile(model) || target.mapping == nullptr || target.mapping->regions.empty()) {
        return model;
    }
    const std::string_view region = bedrock_region(target.region, target.mapping);
    if (find_profile(region) != nullptr) {
        return std::string(region) + "." + model;
    }
    if (!serves(*target.mapping, region)) {
        for (const std::string_view profile : profiles_of(region)) {
            if (!profile.empty() && serves(*target.mapping, profile)) {
                return std::string(profile) + "." + model;
            }
        }
    }
    return model;
}

}  // namespace llmgw
