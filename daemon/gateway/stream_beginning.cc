// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/stream_beginning.h"

#include <algorithm>
#include <vector>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/http/sse.h"
#include "daemon/providers/azure.h"

namespace llmgw {

namespace {

// null, "", [] or {}.
bool is_empty(std::string_view value) {
    switch (json_kind(value)) {
        case JsonKind::null:
            return true;
        case JsonKind::string:
            return value.size() == 2;
        case JsonKind::number:
        case JsonKind::boolean:
            return false;
        default:
            return trim(value.substr(1, value.size() - 2)).empty();
    }
}

bool is_more_than_a_role(std::string_view delta) {
    const auto fields = nested_fields(delta);
    return std::any_of(fields.begin(), fields.end(), [](const JsonField& field) {
        return !key_is(field, "role") && !is_empty(field.value);
    });
}

bool says_something(std::string_view choice) {
    const auto fields = nested_fields(choice);
    return std::any_of(fields.begin(), fields.end(), [](const JsonField& field) {
        if (key_is(field, "finish_reason") || key_is(field, "text")) {
            return !is_empty(field.value);
        }
        return (key_is(field, "delta") || key_is(field, "message")) &&
               is_more_than_a_role(field.value);
    });
}

}  // namespace

StreamBeginning::State StreamBeginning::feed(std::string_view bytes) {
    bytes_.append(bytes);
    for (;;) {
        const std::string_view rest = std::string_view(bytes_).substr(judged_);
        const std::size_t end = find_event_end(rest, looked_);
        if (end == std::string_view::npos) {
            looked_ = rest.size();
            return State::waiting;
        }
        looked_ = 0;
        std::string joined;
        const std::string_view data = event_data(rest.substr(0, end), joined);
        if (drops_prelude_ && is_azure_prelude(data)) {
            bytes_.erase(judged_, end);
            continue;
        }
        const State state = data.empty() ? State::waiting : judge(data);  // a comment has none
        if (state != State::waiting) {
            return state;
        }
        judged_ += end;
    }
}

StreamBeginning::State StreamBeginning::judge(std::string_view data) {
    const auto fields = scan_object(data);
    if (!fields) {
        return State::answers;  // "[DONE]", or what the client has to make sense of
    }
    const JsonField* const error = find_field(*fields, "error");
    if (error != nullptr && json_kind(error->value) != JsonKind::null) {
        error_ = data;
        return State::fails;
    }
    const JsonField* const choices = find_field(*fields, "choices");
    if (choices == nullptr) {
        return State::answers;
    }
    const auto list = scan_array(choices->value);
    const bool answers =
        !list || std::any_of(list->begin(), list->end(),
                             [](std::string_view choice) { return says_something(choice); });
    return answers ? State::answers : State::waiting;
}

}  // namespace llmgw
