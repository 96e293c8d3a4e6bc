// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/gemini_request.h"

#include <algorithm>
#include <span>
#include <utility>

#include "common/base/percent_encode.h"
#include "daemon/providers/gemini.h"
#include "daemon/providers/gemini_schema.h"

namespace llmgw {

namespace {

bool contains(std::span<const std::string_view> list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

void add_once(std::vector<std::string>& list, std::string_view name) {
    if (std::find(list.begin(), list.end(), name) == list.end()) {
        list.emplace_back(name);
    }
}

Result<void> write_parameters(GeminiEncoding& to, const ChatTool& tool) {
    if (tool.parameters.empty()) {
        return {};
    }
    if (to.model.takes_json_schema()) {
        to.out.key("parametersJsonSchema").raw(tool.parameters);
        return {};
    }
    auto schema = gemini_schema(tool.parameters);
    if (!schema) {
        schema.error().param = "tools";
        return tl::unexpected(std::move(schema.error()));
    }
    // An object without properties is refused; a function without parameters is not.
    const auto fields = scan_object(*schema);
    if (fields && find_field(*fields, "properties") != nullptr) {
        to.out.key("parameters").raw(*schema);
    }
    return {};
}

// All functions in one element of `tools`: several are refused by some models.
Result<void> write_tools(GeminiEncoding& to) {
    const ChatRequest& request = to.request;
    bool search = request.web_search;
    if (search && !request.tools.empty()) {
        to.drop("web_search_options");  // search and functions in one request are refused
        search = false;
    }
    if (request.tools.empty() && !search) {
        return {};
    }
    JsonWriter& out = to.out;
    out.key("tools").begin_array().begin_object();
    if (search) {
        out.key("googleSearch").begin_object().end_object();
    } else {
        out.key("functionDeclarations").begin_array();
        for (const ChatTool& tool : request.tools) {
            out.begin_object().key("name").string(tool.name);
            if (!tool.description.empty()) {
                out.key("description").string(tool.description);
            }
            auto written = write_parameters(to, tool);
            if (!written) {
                return written;
            }
            if (!tool.cache_control.empty()) {
                to.drop("cache_control");
            }
            out.end_object();
        }
        out.end_array();
    }
    out.end_object().end_array();
    return {};
}

void write_tool_choice(GeminiEncoding& to) {
    const ToolChoice& choice = to.request.tool_choice;
    if (to.request.tools.empty()) {
        return;
    }
    if (to.request.parallel_tool_calls == false) {
        to.drop("parallel_tool_calls");  // Gemini has no such switch
    }
    if (choice.kind == ToolChoice::Kind::unset || choice.kind == ToolChoice::Kind::automatic) {
        return;
    }
    JsonWriter& out = to.out;
    out.key("toolConfig").begin_object().key("functionCallingConfig").begin_object();
    out.key("mode").string(choice.kind == ToolChoice::Kind::none ? "NONE" : "ANY");
    if (choice.kind == ToolChoice::Kind::named) {
        out.key("allowedFunctionNames").begin_array().string(choice.name).end_array();
    }
    out.end_object().end_object();
}

void write_service_tier(GeminiEncoding& to) {
    const std::string& tier = to.request.service_tier;
    if (tier.empty() || tier == "auto" || tier == "default" || tier == "standard") {
        return;
    }
    const Provider* const provider = to.target.provider;
    const bool offered = provider == nullptr ||
                         std::any_of(provider->service_tiers.begin(), provider->service_tiers.end(),
                                     [&](const ServiceTier& known) { return known.id == tier; });
    if (offered) {
        to.out.key("serviceTier").string(tier);
    } else {
        to.drop("service_tier");
    }
}

void drop_the_rest(GeminiEncoding& to) {
    const ChatRequest& request = to.request;
    if (!request.logit_bias.empty()) {
        to.drop("logit_bias");
    }
    if (!request.user.empty()) {
        to.drop("user");
    }
    for (const std::string& name : request.others) {
        to.drop(name);
    }
}

int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : -1;
}

}  // namespace

GeminiModel gemini_model(std::string_view name) {
    name = name.substr(name.rfind('/') + 1);
    constexpr std::string_view kFamily = "gemini-";
    GeminiModel model;
    if (!name.starts_with(kFamily)) {
        return model;
    }
    model.pro = name.find("pro") != std::string_view::npos;
    model.lite = name.find("lite") != std::string_view::npos;
    const std::string_view version = name.substr(kFamily.size());
    if (version.empty() || digit(version[0]) < 0) {
        // gemini-pro-latest and its kin move with the newest release.
        model.generation = name.ends_with("-latest") ? 30 : 0;
        return model;
    }
    model.generation = 10 * digit(version[0]);
    if (version.size() > 2 && version[1] == '.' && digit(version[2]) >= 0) {
        model.generation += digit(version[2]);
    }
    return model;
}

void GeminiEncoding::drop(std::string_view field) {
    add_once(dropped, field);
}

void GeminiEncoding::clamp(std::string_view field) {
    add_once(clamped, field);
}

bool GeminiEncoding::takes(std::string_view field) {
    const bool rejected = target.provider != nullptr && contains(target.provider->rejects, field);
    const bool unsupported = target.mapping != nullptr &&
                             !target.mapping->supported_parameters.empty() &&
                             !contains(target.mapping->supported_parameters, field);
    if (rejected || unsupported) {
        drop(field);
    }
    return !rejected && !unsupported;
}

std::string google_path_segment(std::string_view name) {
    return percent_encode(name, "@");
}

Result<AdaptedRequest> encode_gemini_at(std::string model_path, const ChatRequest& request,
                                        const WireTarget& target) {
    GeminiEncoding to{request, target, gemini_model(target.model), {}, {}, {}};
    to.out.begin_object();
    for (const auto& step : {write_gemini_contents, write_tools, write_gemini_config}) {
        auto written = step(to);
        if (!written) {
            return tl::unexpected(std::move(written.error()));
        }
    }
    write_tool_choice(to);
    write_service_tier(to);
    drop_the_rest(to);
    to.out.end_object();

    AdaptedRequest out;
    // Without `alt=sse` a stream is one JSON array.
    out.path = std::move(model_path) +
               (request.stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
    out.body.push_back(out.owned.emplace_back(to.out.take()));
    out.dropped = std::move(to.dropped);
    out.clamped = std::move(to.clamped);
    return out;
}

Result<AdaptedRequest> encode_gemini(const ChatRequest& request, const WireTarget& target) {
    std::string_view model = target.model;
    constexpr std::string_view kPrefix = "models/";
    if (model.starts_with(kPrefix)) {
        model.remove_prefix(kPrefix.size());
    }
    return encode_gemini_at("/models/" + google_path_segment(model), request, target);
}

const WireAdapter kGeminiAdapter = {encode_gemini, gemini_decoder, read_gemini_error};

}  // namespace llmgw
