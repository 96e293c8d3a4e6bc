// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/base/percent_encode.h"
#include "daemon/providers/bedrock.h"
#include "daemon/providers/bedrock_cache.h"
#include "daemon/providers/bedrock_messages.h"
#include "daemon/providers/bedrock_model.h"
#include "daemon/providers/bedrock_tools.h"
#include "daemon/providers/sigv4.h"

namespace llmgw {

namespace {

constexpr std::string_view kJsonOnly =
    "Answer with one JSON object and nothing else: no explanation, no Markdown.";
constexpr std::uint64_t kMinThinkingBudget = 1024;  // Anthropic's

// What an answer is to be like, once the fields that exclude each other are sorted out.
struct BedrockPlan {
    BedrockJsonOutput json;
    std::optional<double> temperature;
    std::optional<double> top_p;
    std::optional<std::uint64_t> top_k;
    std::string effort;              // of outputConfig
    bool thinks_adaptively = false;  // additionalModelRequestFields.thinking
    std::optional<std::uint64_t> thinking_budget;
    std::string reasoning_effort;  // of models that know it by OpenAI's name
};

// The effort that a budget of so many tokens amounts to.
std::string effort_of_budget(std::uint64_t budget) {
    return budget <= 4096 ? "low" : budget <= 16384 ? "medium" : "high";
}

std::uint64_t budget_of_effort(std::string_view effort) {
    if (effort == "minimal") {
        return kMinThinkingBudget;
    }
    if (effort == "low") {
        return 2048;
    }
    return effort == "medium" ? 8192 : effort == "high" ? 16384 : 32000;
}

void plan_budget(const ChatRequest& request, BedrockPlan& plan, AdaptedRequest& out) {
    const std::uint64_t asked = request.reasoning_budget.value_or(0);
    const bool by_budget = asked > 0;
    const char* const name = by_budget ? "reasoning.max_tokens" : "reasoning_effort";
    // Thoughts are part of the answer's tokens and have to leave some of them.
    if (request.max_tokens && *request.max_tokens <= kMinThinkingBudget) {
        out.dropped.emplace_back(name);
        return;
    }
    const std::uint64_t wanted = by_budget ? asked : budget_of_effort(request.reasoning_effort);
    std::uint64_t budget = std::max(wanted, kMinThinkingBudget);
    if (request.max_tokens) {
        budget = std::min(budget, *request.max_tokens - 1);
    }
    if (by_budget && budget != wanted) {
        out.clamped.emplace_back(name);
    }
    plan.thinking_budget = budget;
}

// Whether the model is in the middle of calling tools and its thoughts were not given back: with a
// budget it refuses to think on from there.
bool lost_its_thoughts(const ChatRequest& request) {
    const auto& all = request.messages;
    const auto last = std::find_if(all.rbegin(), all.rend(), [](const ChatMessage& message) {
        return message.role != ChatMessage::Role::tool;
    });
    return last != all.rend() && !last->tool_calls.empty() &&
           std::none_of(last->reasoning.begin(), last->reasoning.end(), is_claude_reasoning);
}

// Models of others that know OpenAI's field for it.
bool takes_reasoning_effort(const BedrockModel& model) {
    return !model.is_claude() &&
           (model.id.find("openai.") != std::string_view::npos ||
            (model.mapping != nullptr && model.mapping->reasoning == Can::yes));
}

void plan_reasoning(const ChatRequest& request, const BedrockModel& model, BedrockPlan& plan,
                    AdaptedRequest& out) {
    const std::string& effort = request.reasoning_effort;
    const std::uint64_t budget = request.reasoning_budget.value_or(0);
    if (effort == "none" || (effort.empty() && budget == 0)) {
        return;  // no thoughts is what Claude does unasked
    }
    // Claude refuses to be forced while it thinks; the call is what the client depends on.
    const bool possible = !(model.is_claude() && forces_tool(request, plan.json)) &&
                          !(model.thinks_by_budget() && lost_its_thoughts(request));
    if (possible && model.thinks_adaptively()) {
        plan.thinks_adaptively = true;
        plan.effort = effort.empty() ? effort_of_budget(budget) : effort;
        plan.effort = plan.effort == "minimal" ? "low" : plan.effort;
        if (effort.empty()) {
            out.renamed.emplace_back("reasoning.max_tokens");
        }
    } else if (possible && model.thinks_by_budget()) {
        plan_budget(request, plan, out);
    } else if (possible && !effort.empty() && takes_reasoning_effort(model)) {
        plan.reasoning_effort = effort;
    } else {
        out.dropped.emplace_back(budget > 0 ? "reasoning.max_tokens" : "reasoning_effort");
    }
}

void plan_sampling(const ChatRequest& request, const BedrockModel& model, BedrockPlan& plan,
                   AdaptedRequest& out) {
    const auto keep = [&](const auto& value, const char* name, bool possible, bool is_default) {
        if (!value || (possible && model.takes_sampling(name))) {
            return value;
        }
        if (!is_default) {
            out.dropped.emplace_back(name);
        }
        return std::decay_t<decltype(value)>();
    };
    const bool thinks = plan.thinking_budget.has_value() || plan.thinks_adaptively;
    plan.temperature =
        keep(request.temperature, "temperature", !thinks, request.temperature == 1.0);
    if (plan.temperature && *plan.temperature > 1) {  // the API's own limit, for every model
        plan.temperature = 1;
        out.clamped.emplace_back("temperature");
    }
    // Claude 4.1 and later take one of the two.
    const bool only_one = model.claude >= 401 && plan.temperature;
    plan.top_p = keep(request.top_p, "top_p", !thinks && !only_one, request.top_p == 1.0);
    plan.top_k = keep(request.top_k, "top_k", !thinks && model.is_claude(), false);
}

// Fields that Converse has no place for.
void drop_unknown(const ChatRequest& request, AdaptedRequest& out) {
    const auto drop = [&](bool there, const char* name) {
        if (there) {
            out.dropped.emplace_back(name);
        }
    };
    drop(request.parallel_tool_calls == false && !request.tools.empty(), "parallel_tool_calls");
    drop(request.presence_penalty.value_or(0) != 0, "presence_penalty");
    drop(request.frequency_penalty.value_or(0) != 0, "frequency_penalty");
    drop(request.seed.has_value(), "seed");
    drop(request.logprobs, "logprobs");
    drop(request.top_logprobs.value_or(0) != 0, "top_logprobs");
    drop(!request.logit_bias.empty(), "logit_bias");
    drop(!request.user.empty(), "user");
    drop(request.web_search, "web_search_options");
    out.dropped.insert(out.dropped.end(), request.others.begin(), request.others.end());
}

// Instructions from anywhere in the conversation; texts only.
Result<void> write_system(const ChatRequest& request, const BedrockPlan& plan,
                          BedrockCachePoints& cache, JsonWriter& out) {
    JsonWriter blocks;
    const auto add = [&](std::string_view text, const std::string& cache_control) {
        if (!is_blank(text)) {
            blocks.begin_object().key("text").string(text).end_object();
            cache.write(blocks, BedrockCachePoints::system, cache_control);
        }
    };
    for (std::size_t i = 0; i < request.messages.size(); i++) {
        const ChatMessage& message = request.messages[i];
        if (message.role != ChatMessage::Role::system &&
            message.role != ChatMessage::Role::developer) {
            continue;
        }
        for (const ContentPart& part : message.content) {
            if (part.kind != ContentPart::Kind::text) {
                auto failure =
                    fail(Errc::invalid_request, "AWS Bedrock takes only text as instructions");
                failure.value().param = "messages[" + std::to_string(i) + "].content";
                failure.value().code = "unsupported_value";
                return failure;
            }
            const bool last = &part == &message.content.back();
            add(part.text,
                part.cache_control.empty() && last ? message.cache_control : part.cache_control);
        }
    }
    if (plan.json.kind == BedrockJsonOutput::Kind::instruction) {
        const std::string& schema = request.response_format.schema;
        add(std::string(kJsonOnly) +
                (schema.empty() ? "" : " It satisfies this JSON Schema: " + schema),
            {});
    }
    if (!blocks.text().empty()) {
        out.key("system").begin_array().raw(blocks.text()).end_array();
    }
    return {};
}

// Stop sequences of nothing but space are an error there.
std::vector<std::string> usable_stops(const ChatRequest& request, AdaptedRequest& out) {
    std::vector<std::string> stops;
    std::copy_if(request.stop.begin(), request.stop.end(), std::back_inserter(stops),
                 [](const std::string& stop) { return !is_blank(stop); });
    if (stops.size() != request.stop.size()) {
        out.dropped.emplace_back("stop");
    }
    return stops;
}

void write_inference(const ChatRequest& request, const BedrockPlan& plan,
                     const std::vector<std::string>& stops, JsonWriter& out) {
    if (!request.max_tokens && !plan.temperature && !plan.top_p && stops.empty()) {
        return;
    }
    out.key("inferenceConfig").begin_object();
    if (request.max_tokens) {
        out.key("maxTokens").number(*request.max_tokens);
    }
    if (plan.temperature) {
        out.key("temperature").number(*plan.temperature);
    }
    if (plan.top_p) {
        out.key("topP").number(*plan.top_p);
    }
    if (!stops.empty()) {
        out.key("stopSequences").begin_array();
        for (const std::string& stop : stops) {
            out.string(stop);
        }
        out.end_array();
    }
    out.end_object();
}

void write_model_fields(const BedrockModel& model, const BedrockPlan& plan, JsonWriter& out) {
    const bool thinks = plan.thinking_budget.has_value() || plan.thinks_adaptively;
    if (!thinks && !plan.top_k && plan.reasoning_effort.empty()) {
        return;
    }
    out.key("additionalModelRequestFields").begin_object();
    if (thinks) {
        out.key("thinking").begin_object();
        out.key("type").string(plan.thinks_adaptively ? "adaptive" : "enabled");
        if (plan.thinking_budget) {
            out.key("budget_tokens").number(*plan.thinking_budget);
        } else if (model.claude >= 407) {
            out.key("display").string("summarized");  // Claude 4.7 and later hide them otherwise
        }
        out.end_object();
    }
    if (plan.top_k) {
        out.key("top_k").number(*plan.top_k);
    }
    if (!plan.reasoning_effort.empty()) {
        out.key("reasoning_effort").string(plan.reasoning_effort);
    }
    out.end_object();
}

void write_output(const ChatRequest& request, const BedrockPlan& plan, JsonWriter& out) {
    const bool native = plan.json.kind == BedrockJsonOutput::Kind::native;
    if (!native && plan.effort.empty()) {
        return;
    }
    out.key("outputConfig").begin_object();
    if (native) {
        const ResponseFormat& format = request.response_format;
        out.key("textFormat").begin_object().key("type").string("json_schema");
        out.key("structure").begin_object().key("jsonSchema").begin_object();
        out.key("schema").string(format.schema);  // as a text
        if (!format.name.empty()) {
            out.key("name").string(format.name);
        }
        if (!is_blank(format.description)) {
            out.key("description").string(format.description);
        }
        out.end_object().end_object().end_object();
    }
    if (!plan.effort.empty()) {
        out.key("effort").string(plan.effort);
    }
    out.end_object();
}

void write_service_tier(const ChatRequest& request, JsonWriter& out, AdaptedRequest& adapted) {
    constexpr std::array<std::string_view, 4> kTiers = {"default", "flex", "priority", "reserved"};
    if (std::find(kTiers.begin(), kTiers.end(), request.service_tier) != kTiers.end()) {
        out.key("serviceTier").begin_object().key("type").string(request.service_tier).end_object();
    } else if (!request.service_tier.empty() && request.service_tier != "auto") {
        adapted.dropped.emplace_back("service_tier");
    }
}

Result<void> add_messages(const ChatRequest& request, BedrockMessages& out) {
    for (std::size_t i = 0; i < request.messages.size(); i++) {
        const ChatMessage& message = request.messages[i];
        if (message.role == ChatMessage::Role::system ||
            message.role == ChatMessage::Role::developer) {
            continue;
        }
        auto added = out.add(message, i, i + 1 == request.messages.size());
        if (!added) {
            return added;
        }
    }
    return {};
}

}  // namespace

Result<AdaptedRequest> encode_bedrock(const ChatRequest& request, const WireTarget& target) {
    if (request.n > 1) {
        auto failure =
            fail(Errc::invalid_request, "AWS Bedrock gives one answer at a time: n is 1");
        failure.value().param = "n";
        failure.value().code = "unsupported_value";
        return failure;
    }
    const std::string id = bedrock_model_id(target);
    if (id.empty() || id == "." || id == "..") {  // would be another path
        auto failure = fail(Errc::invalid_request, "AWS Bedrock has no model of that name");
        failure.value().param = "model";
        failure.value().code = "model_not_found";
        return failure;
    }
    const BedrockModel model(target);
    AdaptedRequest out;
    BedrockCachePoints cache(request, model);
    BedrockMessages messages(model, cache);
    if (const auto added = add_messages(request, messages); !added) {
        return tl::unexpected(added.error());
    }
    auto written = messages.take();
    if (!written) {
        return tl::unexpected(written.error());
    }
    BedrockPlan plan;
    plan.json = bedrock_json_output(request, model);
    plan_reasoning(request, model, plan, out);
    plan_sampling(request, model, plan, out);
    const auto& called = messages.called_tools();
    if (request.tool_choice.kind == ToolChoice::Kind::none && !called.empty()) {
        out.dropped.emplace_back("tool_choice");  // there is no "none", and the tools have to stay
    }
    if (plan.json.kind == BedrockJsonOutput::Kind::instruction) {
        out.renamed.emplace_back("response_format");
    }
    drop_unknown(request, out);

    JsonWriter rest;
    rest.begin_object();
    if (const auto system = write_system(request, plan, cache, rest); !system) {
        return tl::unexpected(system.error());
    }
    write_inference(request, plan, usable_stops(request, out), rest);
    BedrockTools tools(request, model, plan.json, cache);
    tools.write(called, rest);
    write_model_fields(model, plan, rest);
    write_output(request, plan, rest);
    write_service_tier(request, rest, out);
    rest.end_object();
    if (tools.left_out_strict()) {
        out.dropped.emplace_back("tools.strict");
    }
    if (cache.left_out()) {
        out.dropped.emplace_back("cache_control");
    }

    out.path = "/model/" + percent_encode(id) + (request.stream ? "/converse-stream" : "/converse");
    // The messages may hold megabytes of images: a piece of their own, not copied once more.
    out.body = {"{\"messages\":", out.owned.emplace_back(std::move(*written)),
                out.owned.emplace_back(rest.text() == "{}" ? "}" : "," + rest.text().substr(1))};
    return out;
}

}  // namespace llmgw
