// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/patch_call.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "common/portkey/code_binding.h"

namespace llmgw {

namespace {

/// What llmgw serves, of what both SDKs call by the same name.
struct ApiMethod {
    std::string_view name;
    bool model;  // it takes one
};

constexpr std::array<ApiMethod, 8> kMethods = {{
    {"chat.completions.create", true},
    {"chat.completions.parse", true},
    {"beta.chat.completions.parse", true},
    {"chat.completions.stream", true},
    {"completions.create", true},
    {"embeddings.create", true},
    {"models.list", false},
    {"close", false},
}};

class CallPatcher {
  public:
    CallPatcher(const CodeTokens& code, const PatchTask& task, bool portkey, CallPatch& patch)
        : code_(code), task_(task), portkey_(portkey), patch_(patch) {}

    void run(std::size_t use, PortkeyAsk ask) {
        ask.headers.clear();  // those of the client are among its own options
        std::size_t at = use + 1;
        if (portkey_ && code_.is(at, ".") && code_.is(at + 1, "with_options") &&
            code_.is(at + 2, "(")) {
            at = take_with_options(at, ask);
        }
        std::string method;
        while (patch_.problem.empty() && code_.is(at, ".") && code_.is_name(at + 1)) {
            method += (method.empty() ? "" : ".") + std::string(code_.at(at + 1));
            at += 2;
        }
        if (!patch_.problem.empty()) {
            return;
        }
        const auto known = std::find_if(kMethods.begin(), kMethods.end(),
                                        [&](const ApiMethod& m) { return m.name == method; });
        if (known == kMethods.end() || !code_.is(at, "(")) {
            patch_.problem = "`" + method + "` of its client has no twin in llmgw";
        } else if (known->model) {
            code_.language == CodeLanguage::python ? python_call(at, ask) : script_call(at, ask);
        }
    }

  private:
    // Takes `.with_options(…)` out: what it asks for moves into the call behind it.
    std::size_t take_with_options(std::size_t at, PortkeyAsk& ask) {
        const std::size_t close = code_[at + 2].partner;
        const PortkeyAsk more =
            read_options(code_, items_of(code_, at + 2), OptionPlace::call, task_);
        patch_.problem = more.problem;
        if (std::find(more.removed.begin(), more.removed.end(), false) != more.removed.end()) {
            patch_.problem = "some of its options stay";
        }
        merge(ask, more);
        patch_.edits.push_back({code_[at].begin, code_[close].end, {}});
        return close + 1;
    }

    // Options of a request replace those of its client.
    static void merge(PortkeyAsk& ask, const PortkeyAsk& more) {
        if (!more.target.empty()) {
            ask.target = more.target;
            ask.route = more.route;
        }
        ask.headers = more.headers;
    }

    void python_call(std::size_t open, PortkeyAsk& ask) {
        const std::vector<CodeItem> items = items_of(code_, open);
        std::vector<bool> removed(items.size());
        std::vector<std::string> added;
        for (std::size_t i = 0; i < items.size(); i++) {
            removed[i] = items[i].name == "extra_headers" && take_headers(items[i], ask);
        }
        const bool spread = std::any_of(items.begin(), items.end(),
                                        [](const CodeItem& item) { return item.spread; });
        place_model(items, spread, ask, added, "model=");
        if (!ask.headers.empty()) {
            if (!all_removed(items, removed, "extra_headers")) {
                patch_.problem = "it has other headers as well";
            }
            added.push_back("extra_headers=" + header_literal(code_, ask));
            patch_.json = patch_.json || added.back().find("json.dumps") != std::string::npos;
        }
        put(edit_list(code_, open, removed, added));
    }

    static bool all_removed(const std::vector<CodeItem>& items, const std::vector<bool>& removed,
                            std::string_view name) {
        for (std::size_t i = 0; i < items.size(); i++) {
            if (items[i].name == name && !removed[i]) {
                return false;
            }
        }
        return true;
    }

    // createHeaders(…), or an object of which all is Portkey's; false: it is about something else.
    bool take_headers(const CodeItem& item, PortkeyAsk& ask) {
        if (!mentions_portkey_headers(code_.span(item.first, item.last))) {
            return false;
        }
        const std::size_t open = header_options(code_, item);
        if (open == CodeToken::kNone) {
            patch_.problem = "its headers are put together elsewhere";
            return false;
        }
        const PortkeyAsk more =
            read_options(code_, items_of(code_, open), OptionPlace::headers, task_);
        if (!more.problem.empty()) {
            patch_.problem = more.problem;
        }
        merge(ask, more);
        if (std::find(more.removed.begin(), more.removed.end(), false) == more.removed.end()) {
            return true;
        }
        put(edit_list(code_, open, more.removed, {}));
        return false;
    }

    void script_call(std::size_t open, PortkeyAsk& ask) {
        const std::vector<CodeItem> arguments = items_of(code_, open);
        if (arguments.size() > 2) {
            patch_.problem = "it has more arguments than a call of the SDK";
            return;
        }
        if (arguments.size() == 2) {
            script_options(arguments, ask);
        }
        if (arguments.empty() || !code_.is(arguments[0].first, "{")) {
            if (!ask.target.empty()) {
                patch_.problem = "the request is put together elsewhere";
            }
            return;
        }
        const std::vector<CodeItem> items = items_of(code_, arguments[0].first);
        const bool spread = std::any_of(items.begin(), items.end(),
                                        [](const CodeItem& item) { return item.spread; });
        std::vector<std::string> added;
        place_model(items, spread, ask, added, "model: ");
        put(edit_list(code_, arguments[0].first, std::vector<bool>(items.size()), added));
    }

    // The second argument: Portkey's options, or the OpenAI SDK's with Portkey's headers in them.
    void script_options(const std::vector<CodeItem>& arguments, PortkeyAsk& ask) {
        const std::size_t open = arguments[1].first;
        if (!code_.is(open, "{") || code_[open].partner != arguments[1].last - 1) {
            if (portkey_) {
                patch_.problem = "its options are put together elsewhere";
            }
            return;
        }
        const std::vector<CodeItem> items = items_of(code_, open);
        std::vector<bool> removed(items.size());
        if (portkey_) {
            const PortkeyAsk more = read_options(code_, items, OptionPlace::call, task_);
            patch_.problem = more.problem;
            removed = more.removed;
            merge(ask, more);
        } else {
            for (std::size_t i = 0; i < items.size(); i++) {
                removed[i] = items[i].name == "headers" && take_headers(items[i], ask);
            }
        }
        if (!patch_.problem.empty()) {
            return;
        }
        std::vector<std::string> added;
        if (!ask.headers.empty()) {
            added.push_back("headers: " + header_literal(code_, ask));
        }
        const bool nothing_left =
            added.empty() && std::find(removed.begin(), removed.end(), false) == removed.end();
        if (nothing_left) {
            patch_.edits.push_back({arguments[0].end, arguments[1].end, {}});
        } else {
            put(edit_list(code_, open, removed, added));
        }
    }

    void place_model(const std::vector<CodeItem>& items, bool spread, const PortkeyAsk& ask,
                     std::vector<std::string>& added, std::string_view name) {
        if (ask.target.empty()) {
            return;
        }
        if (const CodeItem* model = find_item(items, "model"); model != nullptr) {
            patch_model(code_, *model, ask, patch_);
        } else if (spread) {
            patch_.problem = "its model may be in what is spread into the call";
        } else if (!ask.route) {
            patch_.problem = "the call names no model";
        } else {
            added.push_back(std::string(name) + quoted(code_, ask.target));
        }
    }

    void put(std::vector<SourceEdit> edits) {
        std::move(edits.begin(), edits.end(), std::back_inserter(patch_.edits));
    }

    const CodeTokens& code_;
    const PatchTask& task_;
    bool portkey_;
    CallPatch& patch_;
};

}  // namespace

void patch_use(const CodeTokens& code, std::size_t use, const PortkeyAsk& ask, bool portkey,
               const PatchTask& task, CallPatch& patch) {
    CallPatcher(code, task, portkey, patch).run(use, ask);
}

void patch_model(const CodeTokens& code, const CodeItem& model, const PortkeyAsk& ask,
                 CallPatch& patch) {
    if (ask.target.empty()) {
        return;
    }
    const CodeToken& token = code[model.first];
    const bool alone = model.last == model.first + 1;
    const bool variable = alone && code.is_name(model.first);
    const std::string value =
        variable ? constant_text(code, code.at(model.first)) : code.value(model.first);
    if (!alone || value.empty()) {
        patch.problem = "which model a call asks for shows only when the code runs";
    } else if (names_target(value)) {
        patch.problem = "the model " + value + " says by itself who is asked";
    } else if (!variable) {
        patch.edits.push_back({token.content, token.content, ask.target + "/"});
    } else if (code.language == CodeLanguage::python) {
        const char quote = quote_of(code);
        patch.edits.push_back({token.begin, token.end,
                               std::string("f") + quote + ask.target + "/{" +
                                   std::string(code.at(model.first)) + "}" + quote});
    } else {
        patch.edits.push_back({token.begin, token.end,
                               std::string(model.shorthand ? "model: " : "") + "`" + ask.target +
                                   "/${" + std::string(code.at(model.first)) + "}`"});
    }
}

}  // namespace llmgw
