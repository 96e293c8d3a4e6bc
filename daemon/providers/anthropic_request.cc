// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <utility>

#include "common/base/text.h"
#include "daemon/providers/anthropic.h"
#include "daemon/providers/anthropic_thinking.h"
#include "daemon/providers/anthropic_turns.h"

namespace llmgw {

namespace {

// Required by Anthropic; of a model that the catalog does not know, what all of the last years'
// can give.
constexpr std::uint64_t kDefaultMaxTokens = 8192;
constexpr std::size_t kMaxBreakpoints = 4;
constexpr std::size_t kMaxUserId = 256;
constexpr std::string_view kAnyObject = R"({"type":"object","properties":{}})";
constexpr std::string_view kAnswerInJson =
    "Answer with one JSON object and nothing else: no other text and no code fence.";

bool lists(std::span<const std::string_view> list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

// Whether the model takes a sampling parameter, as far as is known.
bool takes(const WireTarget& target, std::string_view parameter) {
    return target.mapping == nullptr || target.mapping->supported_parameters.empty() ||
           lists(target.mapping->supported_parameters, parameter);
}

bool has_structured_output(const WireTarget& target) {
    return target.mapping != nullptr && target.mapping->json_schema == Can::yes;
}

class AnthropicBodyWriter {
  public:
    AnthropicBodyWriter(const ChatRequest& request, const WireTarget& target, AnthropicHost host,
                        AdaptedRequest& changes)
        : request_(request), target_(target), host_(host), changes_(changes) {}

    std::string write(AnthropicConversation conversation) {
        spare_breakpoints(conversation);
        const std::uint64_t max_tokens = limit();
        thinking_ = plan_anthropic_thinking(request_, target_, max_tokens, changes_);
        json_.begin_object();
        write_host();
        json_.key("max_tokens").number(max_tokens);
        write_system(conversation.system);
        write_turns(conversation.turns);
        write_tools();
        write_thinking();
        write_sampling();
        write_stop();
        write_rest();
        json_.end_object();
        note_dropped();
        return json_.take();
    }

  private:
    // At most four breakpoints are allowed. The later ones cover what the earlier ones do.
    void spare_breakpoints(AnthropicConversation& conversation) {
        std::vector<std::string*> marks;
        tool_marks_.reserve(request_.tools.size());
        for (const ChatTool& tool : request_.tools) {
            tool_marks_.push_back(tool.cache_control);
        }
        const auto note = [&](std::string& mark) {
            if (!mark.empty()) {
                marks.push_back(&mark);
            }
        };
        std::for_each(tool_marks_.begin(), tool_marks_.end(), note);
        for (AnthropicBlock& block : conversation.system) {
            note(block.cache_control);
        }
        for (AnthropicTurn& turn : conversation.turns) {
            for (AnthropicBlock& block : turn.blocks) {
                note(block.cache_control);
            }
        }
        for (std::size_t i = 0; i + kMaxBreakpoints < marks.size(); i++) {
            marks[i]->clear();
        }
        if (marks.size() > kMaxBreakpoints) {
            changes_.dropped.emplace_back("cache_control");
        }
    }

    std::uint64_t limit() {
        const std::uint64_t most = target_.mapping == nullptr ? 0 : target_.mapping->max_output;
        if (!request_.max_tokens) {
            return most > 0 ? most : kDefaultMaxTokens;
        }
        if (most > 0 && *request_.max_tokens > most) {
            changes_.clamped.emplace_back("max_tokens");
            return most;
        }
        return *request_.max_tokens;
    }

    void write_host() {
        if (host_ == AnthropicHost::vertex) {
            json_.key("anthropic_version").string("vertex-2023-10-16");
        } else if (host_ == AnthropicHost::bedrock) {
            json_.key("anthropic_version").string("bedrock-2023-05-31");
        } else {
            json_.key("model").string(target_.model);
        }
        // Vertex has it in the path and in the body; Bedrock in the path alone.
        if (request_.stream && host_ != AnthropicHost::bedrock) {
            json_.key("stream").boolean(true);
        }
    }

    void write_block(const AnthropicBlock& block) {
        if (block.cache_control.empty()) {
            json_.raw(block.json);
            return;
        }
        json_.raw(block.json.substr(0, block.json.size() - 1) +
                  ",\"cache_control\":" + block.cache_control + "}");
    }

    void write_system(const std::vector<AnthropicBlock>& system) {
        const bool wants_json = request_.response_format.kind == ResponseFormat::Kind::json_object;
        if (system.empty() && !wants_json) {
            return;
        }
        json_.key("system").begin_array();
        for (const AnthropicBlock& block : system) {
            write_block(block);
        }
        if (wants_json) {
            json_.begin_object().key("type").string("text");
            json_.key("text").string(kAnswerInJson).end_object();
            changes_.renamed.emplace_back("response_format");
        }
        json_.end_array();
    }

    void write_turns(const std::vector<AnthropicTurn>& turns) {
        json_.key("messages").begin_array();
        for (const AnthropicTurn& turn : turns) {
            json_.begin_object().key("role").string(turn.assistant ? "assistant" : "user");
            json_.key("content").begin_array();
            for (const AnthropicBlock& block : turn.blocks) {
                write_block(block);
            }
            json_.end_array().end_object();
        }
        json_.end_array();
    }

    void write_tool(const ChatTool& tool, const std::string& cache_control) {
        json_.begin_object().key("name").string(tool.name);
        if (!tool.description.empty()) {
            json_.key("description").string(tool.description);
        }
        json_.key("input_schema")
            .raw(tool.parameters.empty() ? kAnyObject : std::string_view(tool.parameters));
        if (tool.strict == true) {
            if (has_structured_output(target_)) {
                json_.key("strict").boolean(true);
            } else {
                strict_dropped_ = true;
            }
        }
        if (!cache_control.empty()) {
            json_.key("cache_control").raw(cache_control);
        }
        json_.end_object();
    }

    // Tools must be declared when the history has calls of them, even if none may be called now.
    std::vector<ChatTool> tools_of_history() const {
        std::set<std::string> names;
        for (const ChatMessage& message : request_.messages) {
            for (const ToolCall& call : message.tool_calls) {
                names.insert(call.name);
            }
        }
        std::vector<ChatTool> tools;
        for (const std::string& name : names) {
            tools.emplace_back().name = name;
        }
        return tools;
    }

    bool searches_the_web() {
        if (request_.web_search && target_.mapping != nullptr &&
            target_.mapping->web_search == Can::no) {
            changes_.dropped.emplace_back("web_search_options");
            return false;
        }
        return request_.web_search;
    }

    void write_tools() {
        const bool answers_by_tool = answers_by_anthropic_tool(request_, target_);
        const std::vector<ChatTool> old =
            request_.tools.empty() ? tools_of_history() : std::vector<ChatTool>();
        const bool search = searches_the_web();
        if (request_.tools.empty() && old.empty() && !answers_by_tool && !search) {
            return;
        }
        json_.key("tools").begin_array();
        for (std::size_t i = 0; i < request_.tools.size(); i++) {
            write_tool(request_.tools[i], tool_marks_[i]);
        }
        for (const ChatTool& tool : old) {
            write_tool(tool, {});
        }
        if (search) {
            json_.begin_object().key("type").string("web_search_20250305");
            json_.key("name").string("web_search").end_object();
        }
        if (answers_by_tool) {
            const ResponseFormat& format = request_.response_format;
            ChatTool tool;
            tool.name = kAnthropicAnswerTool;
            tool.description = format.description.empty() ? "Gives the answer in the form asked for"
                                                          : format.description;
            tool.parameters = format.schema;
            write_tool(tool, {});
        }
        json_.end_array();
        write_tool_choice(answers_by_tool, !old.empty() && !search);
    }

    void write_tool_choice(bool answers_by_tool, bool only_old_tools) {
        const ToolChoice& choice = request_.tool_choice;
        const bool one_at_a_time = request_.parallel_tool_calls == false;
        std::string_view type;
        std::string_view name;
        if (answers_by_tool) {
            type = request_.tools.empty() ? "tool" : "any";
            name = request_.tools.empty() ? kAnthropicAnswerTool : "";
        } else if (only_old_tools || choice.kind == ToolChoice::Kind::none) {
            type = "none";
        } else if (choice.kind == ToolChoice::Kind::required) {
            type = "any";
        } else if (choice.kind == ToolChoice::Kind::named) {
            type = "tool";
            name = choice.name;
        } else if (choice.kind == ToolChoice::Kind::automatic || one_at_a_time) {
            type = "auto";
        } else {
            return;
        }
        json_.key("tool_choice").begin_object().key("type").string(type);
        if (!name.empty()) {
            json_.key("name").string(name);
        }
        if (one_at_a_time && type != "none") {
            json_.key("disable_parallel_tool_use").boolean(true);
        }
        json_.end_object();
    }

    void write_thinking() {
        switch (thinking_.kind) {
            case AnthropicThinking::Kind::unset:
                break;
            case AnthropicThinking::Kind::disabled:
                json_.key("thinking").begin_object();
                json_.key("type").string("disabled").end_object();
                break;
            case AnthropicThinking::Kind::budget:
                json_.key("thinking").begin_object().key("type").string("enabled");
                json_.key("budget_tokens").number(thinking_.budget).end_object();
                break;
            case AnthropicThinking::Kind::adaptive:
                // Unless they are asked for, later models keep the text of their thoughts back.
                json_.key("thinking").begin_object().key("type").string("adaptive");
                json_.key("display").string("summarized").end_object();
                break;
        }
        write_output_config();
    }

    void write_output_config() {
        const ResponseFormat& format = request_.response_format;
        const bool schema = format.kind == ResponseFormat::Kind::json_schema &&
                            !answers_by_anthropic_tool(request_, target_);
        if (!schema && thinking_.effort.empty()) {
            return;
        }
        json_.key("output_config").begin_object();
        if (!thinking_.effort.empty()) {
            json_.key("effort").string(thinking_.effort);
        }
        if (schema) {
            json_.key("format").begin_object().key("type").string("json_schema");
            json_.key("schema").raw(format.schema).end_object();
        }
        json_.end_object();
    }

    // Whether a sampling parameter is sent; noted when it is not and would have made a difference.
    bool passes(bool set, std::string_view parameter, bool allowed, bool is_default) {
        if (!set || (allowed && takes(target_, parameter))) {
            return set;
        }
        if (!is_default) {
            changes_.dropped.emplace_back(parameter);
        }
        return false;
    }

    void write_sampling() {
        const bool free = !thinking_.on();
        const double temperature = std::clamp(request_.temperature.value_or(1), 0.0, 1.0);
        const double top_p = request_.top_p.value_or(1);
        const bool heated =
            passes(request_.temperature.has_value(), "temperature", free, temperature == 1);
        if (heated) {
            json_.key("temperature").number(temperature);
        }
        if (request_.temperature && *request_.temperature != temperature) {
            changes_.clamped.emplace_back("temperature");
        }
        // Models since 4.1 refuse both at once; while thinking, they allow only 0.95 and above.
        const bool allowed = free ? !heated : top_p >= 0.95;
        if (passes(request_.top_p.has_value(), "top_p", allowed, top_p == 1)) {
            json_.key("top_p").number(top_p);
        }
        if (passes(request_.top_k.has_value(), "top_k", free, false)) {
            json_.key("top_k").number(*request_.top_k);
        }
    }

    void write_stop() {
        std::vector<std::string_view> kept;
        for (const std::string& stop : request_.stop) {
            if (!trim(stop).empty()) {
                kept.push_back(stop);
            }
        }
        if (kept.size() < request_.stop.size()) {
            changes_.dropped.emplace_back("stop");
        }
        if (kept.empty()) {
            return;
        }
        json_.key("stop_sequences").begin_array();
        for (const std::string_view stop : kept) {
            json_.string(stop);
        }
        json_.end_array();
    }

    // Anthropic refuses ids that look like an address or a telephone number.
    static bool is_anonymous(std::string_view user) {
        const bool number = user.find_first_not_of("0123456789+-() ") == std::string_view::npos;
        return user.find('@') == std::string_view::npos && (!number || user.size() < 7) &&
               user.size() <= kMaxUserId;
    }

    void write_rest() {
        if (!request_.user.empty()) {
            if (is_anonymous(request_.user)) {
                json_.key("metadata").begin_object();
                json_.key("user_id").string(request_.user).end_object();
            } else {
                changes_.dropped.emplace_back("user");
            }
        }
        const std::string& tier = request_.service_tier;
        if (tier == "auto" || tier == "standard_only") {
            json_.key("service_tier").string(tier);
        } else if (tier == "default") {
            json_.key("service_tier").string("standard_only");
        } else if (!tier.empty()) {
            changes_.dropped.emplace_back("service_tier");
        }
    }

    void note_dropped() {
        const auto drop = [&](bool set, const char* name) {
            if (set) {
                changes_.dropped.emplace_back(name);
            }
        };
        drop(request_.presence_penalty.value_or(0) != 0, "presence_penalty");
        drop(request_.frequency_penalty.value_or(0) != 0, "frequency_penalty");
        drop(request_.seed.has_value(), "seed");
        drop(request_.logprobs, "logprobs");
        drop(request_.top_logprobs.value_or(0) != 0, "top_logprobs");
        drop(!request_.logit_bias.empty(), "logit_bias");
        drop(strict_dropped_, "tools.strict");
        changes_.dropped.insert(changes_.dropped.end(), request_.others.begin(),
                                request_.others.end());
    }

    const ChatRequest& request_;
    const WireTarget& target_;
    AnthropicHost host_;
    AdaptedRequest& changes_;
    JsonWriter json_;
    AnthropicThinking thinking_;
    std::vector<std::string> tool_marks_;
    bool strict_dropped_ = false;
};

Result<AdaptedRequest> encode_anthropic(const ChatRequest& request, const WireTarget& target) {
    AdaptedRequest out;
    auto body = anthropic_body(request, target, AnthropicHost::anthropic, out);
    if (!body) {
        return tl::unexpected(std::move(body.error()));
    }
    out.path = "/messages";
    out.fields = kAnthropicVersion;
    out.body.push_back(out.owned.emplace_back(std::move(*body)));
    return out;
}

}  // namespace

// Structured output takes only schemas of the kind that OpenAI calls strict (every object closed);
// the others are followed as well as a tool's are, which is all that OpenAI promises of them.
bool answers_by_anthropic_tool(const ChatRequest& request, const WireTarget& target) {
    return request.response_format.kind == ResponseFormat::Kind::json_schema &&
           (request.response_format.strict != true || !has_structured_output(target));
}

Result<std::string> anthropic_body(const ChatRequest& request, const WireTarget& target,
                                   AnthropicHost host, AdaptedRequest& changes) {
    if (request.n > 1) {
        Error error;
        error.kind = Errc::invalid_request;
        error.code = "unsupported_parameter";
        error.param = "n";
        error.message = "Claude gives one answer to a request: \"n\" must be 1";
        return tl::unexpected(std::move(error));
    }
    auto conversation = anthropic_conversation(request);
    if (!conversation) {
        return tl::unexpected(std::move(conversation.error()));
    }
    return AnthropicBodyWriter(request, target, host, changes).write(std::move(*conversation));
}

const WireAdapter kAnthropicAdapter = {encode_anthropic, anthropic_decoder, read_anthropic_error};

}  // namespace llmgw
