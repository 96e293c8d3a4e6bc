// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/inference_call.h"

#include <utility>

#include "common/base/text.h"

namespace llmgw {

namespace {

tl::unexpected<Error> invalid(std::string message, std::string param,
                              std::string code = "invalid_value") {
    Error error;
    error.kind = Errc::invalid_request;
    error.message = std::move(message);
    error.param = std::move(param);
    error.code = std::move(code);
    return tl::unexpected<Error>(std::move(error));
}

bool is_empty_array(std::string_view value) {
    return json_kind(value) == JsonKind::array && trim(value.substr(1, value.size() - 2)).empty();
}

Result<void> check_messages(const std::vector<JsonField>& fields) {
    const JsonField* const messages = find_field(fields, "messages");
    if (messages == nullptr) {
        return invalid("the field \"messages\" is required", "messages",
                       "missing_required_parameter");
    }
    if (json_kind(messages->value) != JsonKind::array) {
        return invalid("\"messages\" must be an array", "messages", "invalid_type");
    }
    if (is_empty_array(messages->value)) {
        return invalid("\"messages\" must hold at least one message", "messages", "empty_array");
    }
    return {};
}

// `input` of embeddings and `prompt` of completions: a text, or an array that is not empty.
Result<void> check_input(const std::vector<JsonField>& fields, const char* name) {
    const std::string quoted = std::string("\"") + name + "\"";
    const JsonField* const input = find_field(fields, name);
    if (input == nullptr) {
        return invalid("the field " + quoted + " is required", name, "missing_required_parameter");
    }
    const JsonKind kind = json_kind(input->value);
    if (kind != JsonKind::string && kind != JsonKind::array) {
        return invalid(quoted + " must be a string or an array", name, "invalid_type");
    }
    if (is_empty_array(input->value)) {
        return invalid(quoted + " must not be empty", name, "empty_array");
    }
    return {};
}

Result<void> read_stream(InferenceCall& call) {
    const JsonField* const stream = find_field(call.fields, "stream");
    if (stream != nullptr && json_kind(stream->value) != JsonKind::null) {
        if (json_kind(stream->value) != JsonKind::boolean) {
            return invalid("\"stream\" must be true or false", "stream", "invalid_type");
        }
        call.stream = stream->value == "true";
    }
    const JsonField* const options = find_field(call.fields, "stream_options");
    if (options == nullptr || json_kind(options->value) == JsonKind::null) {
        return {};
    }
    if (json_kind(options->value) != JsonKind::object) {
        return invalid("\"stream_options\" must be an object", "stream_options", "invalid_type");
    }
    if (!call.stream) {
        return invalid("\"stream_options\" is only allowed when \"stream\" is true",
                       "stream_options");
    }
    const auto inner = scan_object(options->value);
    const JsonField* const usage = inner ? find_field(*inner, "include_usage") : nullptr;
    call.include_usage = usage != nullptr && usage->value == "true";
    return {};
}

Result<void> read_model(InferenceCall& call, ModelField needed) {
    const JsonField* const model = find_field(call.fields, "model");
    const bool none = model == nullptr || json_kind(model->value) == JsonKind::null;
    if (none && needed == ModelField::optional) {
        return {};
    }
    if (model == nullptr) {
        return invalid("the field \"model\" is required", "model", "missing_required_parameter");
    }
    auto name = json_text(model->value);
    if (!name) {
        return invalid("\"model\" must be a string", "model", "invalid_type");
    }
    if (name->empty() || name->size() > 512) {
        return invalid("\"model\" must be a model's name", "model");
    }
    call.model = std::move(*name);
    return {};
}

// How the provider is chosen.
Result<void> read_strategy(InferenceCall& call) {
    const JsonField* const routing = find_field(call.fields, "routing");
    if (routing == nullptr || json_kind(routing->value) == JsonKind::null) {
        return {};
    }
    const auto name = json_text(routing->value);
    if (!name) {
        return invalid("\"routing\" must be a string", "routing", "invalid_type");
    }
    call.strategy = find_strategy(*name);
    if (!call.strategy) {
        return invalid("\"routing\" must be auto, price, throughput or latency", "routing");
    }
    return {};
}

}  // namespace

std::string_view endpoint_path(Endpoint endpoint) {
    switch (endpoint) {
        case Endpoint::chat_completions:
            return "/chat/completions";
        case Endpoint::completions:
            return "/completions";
        case Endpoint::embeddings:
            return "/embeddings";
    }
    return "";
}

Result<std::unique_ptr<InferenceCall>> InferenceCall::parse(Endpoint endpoint, std::string body,
                                                            ModelField model) {
    std::unique_ptr<InferenceCall> call(new InferenceCall(endpoint, std::move(body)));
    auto fields = scan_object(call->body);
    if (!fields) {
        return invalid(fields.error().message, "", "invalid_json");
    }
    call->fields = std::move(*fields);
    Result<void> checked = read_model(*call, model);
    if (!checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    switch (endpoint) {
        case Endpoint::chat_completions:
            checked = check_messages(call->fields);
            break;
        case Endpoint::completions:
            checked = check_input(call->fields, "prompt");
            break;
        case Endpoint::embeddings:
            checked = check_input(call->fields, "input");
            break;
    }
    if (checked) {
        checked = read_strategy(*call);
    }
    if (checked && endpoint != Endpoint::embeddings) {
        checked = read_stream(*call);
    }
    if (!checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    return call;
}

}  // namespace llmgw
