// SPDX-License-Identifier: Apache-2.0
#include "cli/chat.h"

#include <utility>

#include "cli/chat_conversation.h"
#include "cli/chat_interactive.h"
#include "cli/chat_model.h"
#include "cli/chat_prompt.h"
#include "cli/chat_schema.h"
#include "cli/chat_session.h"
#include "cli/chat_signals.h"
#include "cli/chat_stdin.h"
#include "cli/output.h"
#include "common/base/home.h"
#include "common/base/json_io.h"

namespace llmgw {

namespace {

Result<void> check_flags(const GlobalOptions& global, const ChatOptions& options) {
    if (options.extract && (global.json || options.jsonl)) {
        return fail(Errc::usage, "-x and JSON output exclude each other", "choose one of them");
    }
    return {};
}

Result<std::string> read_schema(const ChatOptions& options, Stdin& input) {
    if (options.schema_file.empty()) {
        return std::string();
    }
    auto schema = read_input(options.schema_file, "--schema", input);
    if (!schema) {
        return schema;
    }
    if (auto checked = check_schema(*schema, options.schema_file); !checked) {
        return tl::unexpected<Error>(checked.error());
    }
    return schema;
}

// The conversation to continue or an empty one, with the model and system message to use.
Result<Conversation> start_conversation(const ChatOptions& options, const Home& home) {
    Conversation conversation;
    if (options.continue_last) {
        auto last = load_conversation(home);
        if (!last) {
            return tl::unexpected<Error>(last.error());
        }
        if (!*last) {
            return fail(Errc::not_found, "there is no conversation to continue",
                        "start one without -c");
        }
        conversation = std::move(**last);
    }
    if (!options.model.empty()) {
        conversation.model = options.model;
    }
    if (conversation.model.empty()) {
        auto model = default_model(home);
        if (!model) {
            return tl::unexpected<Error>(model.error());
        }
        conversation.model = std::move(*model);
    }
    if (!options.system.empty()) {
        conversation.system = options.system;
    }
    return conversation;
}

Result<int> start_interactive(const GlobalOptions& global, const ChatOptions& options,
                              ChatSession& session, ChatSignals& signals, Cancel& cancel) {
    const bool for_a_program = global.json || options.jsonl || options.extract || options.dry_run;
    if (for_a_program || !may_prompt(global)) {
        return fail(Errc::usage, "there is no prompt",
                    "llmgw chat \"your question\", or pipe text into it");
    }
    return run_interactive(global, session, signals, cancel);
}

Result<int> print_request(const GlobalOptions& global, ChatSession& session,
                          const std::string& content) {
    const auto request = session.describe(content);
    if (!request) {
        return tl::unexpected<Error>(request.error());
    }
    if (global.json) {
        write_out(print_json(Json{{"request", *request}}) + '\n');
    } else {
        write_out(request->ends_with('\n') ? *request : *request + '\n');
    }
    return 0;
}

Result<int> chat(const GlobalOptions& global, const ChatOptions& options, ChatSignals& signals,
                 Cancel& cancel) {
    if (auto checked = check_flags(global, options); !checked) {
        return tl::unexpected<Error>(checked.error());
    }
    const auto home = find_home();
    if (!home) {
        return tl::unexpected<Error>(home.error());
    }
    auto conversation = start_conversation(options, *home);
    if (!conversation) {
        return tl::unexpected<Error>(conversation.error());
    }
    Stdin input(global, cancel);
    auto schema = read_schema(options, input);
    if (!schema) {
        return tl::unexpected<Error>(schema.error());
    }
    const auto content = read_prompt(options, input);
    if (!content) {
        return tl::unexpected<Error>(content.error());
    }
    ChatSession session(
        global, options,
        {.home = *home, .conversation = std::move(*conversation), .schema = std::move(*schema)});
    if (!*content) {
        return start_interactive(global, options, session, signals, cancel);
    }
    if (options.dry_run) {
        return print_request(global, session, **content);
    }
    const ChatOutcome outcome = session.ask(**content, cancel);
    if (outcome.error) {
        return tl::unexpected<Error>(*outcome.error);
    }
    return 0;
}

}  // namespace

Result<int> run_chat(const GlobalOptions& global, const ChatOptions& options) {
    Cancel cancel;
    ChatSignals signals(cancel);
    auto result = chat(global, options, signals, cancel);
    // A person who pressed ^C needs no message about it.
    if (!result && result.error().kind == Errc::interrupted && signals.received() != 0) {
        return signal_exit_code(signals.received());
    }
    return result;
}

}  // namespace llmgw
