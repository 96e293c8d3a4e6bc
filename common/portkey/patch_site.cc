// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/patch_site.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace llmgw {

namespace {

bool contains(std::initializer_list<std::string_view> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

SourceEdit replace_value(const CodeTokens& code, const CodeItem& item, std::string text) {
    return {code[item.first].begin, code[item.last - 1].end, std::move(text)};
}

}  // namespace

/// The options of another SDK's client that Portkey is in; pointers into `lists`.
struct SitePatcher::Arguments {
    struct List {
        std::size_t open = 0;
        std::vector<CodeItem> items;
    };
    std::vector<List> lists;  // the options, and `configuration` in them

    [[nodiscard]] std::pair<const List*, std::size_t> find(
        std::initializer_list<std::string_view> names) const {
        for (const List& list : lists) {
            for (std::size_t i = 0; i < list.items.size(); i++) {
                if (contains(names, option_name(list.items[i].name))) {
                    return {&list, i};
                }
            }
        }
        return {nullptr, 0};
    }
};

void SitePatcher::run(std::size_t callee) {
    ClientSite site;
    site.callee = callee;
    site.close = code_[callee + 1].partner;
    site.first = callee > 0 && code_.is(callee - 1, "new") ? callee - 1 : callee;
    const CodeImport* import = import_of(imports_, code_.at(callee));
    if (import == nullptr || site.close == CodeToken::kNone) {
        return;
    }
    const std::string exported = exported_name(*import, code_.at(callee));
    if (is_portkey_module(import->module)) {
        if (contains({"Portkey", "AsyncPortkey", "default"}, exported)) {
            patch_portkey(site, exported);
        }
    } else if (import->module == "openai" &&
               contains({"OpenAI", "AsyncOpenAI", "default"}, exported)) {
        patch_other(site, false);
    } else if (exported == "ChatOpenAI" && import->module.find("langchain") != std::string::npos) {
        patch_other(site, true);
    }
}

// The bracket that the options are in; kNone when they are put together elsewhere.
std::size_t SitePatcher::options_list(const ClientSite& site) const {
    const std::size_t open = site.callee + 1;
    const std::vector<CodeItem> items = items_of(code_, open);
    if (python() || items.empty()) {
        return open;
    }
    const std::size_t object = items[0].first;
    return items.size() == 1 && code_.is(object, "{") && code_[object].partner == items[0].last - 1
               ? object
               : CodeToken::kNone;
}

std::string SitePatcher::key_expression() const {
    if (python()) {
        return "os.environ[" + quoted(code_, "LLMGW_API_KEY") + "]";
    }
    return task_.file.text.find("Deno.env") == std::string::npos
               ? "process.env.LLMGW_API_KEY"
               : "Deno.env.get(" + quoted(code_, "LLMGW_API_KEY") + ")";
}

void SitePatcher::patch_portkey(const ClientSite& found, const std::string& exported) {
    ClientSite site = found;
    now_ = {};
    site.binding = find_binding(code_, site.first, site.close);
    const std::string name = exported == "AsyncPortkey" ? "AsyncOpenAI" : "OpenAI";
    const CodeImport* taken = import_of(imports_, name);
    const std::size_t open = options_list(site);
    PortkeyAsk ask;
    if (taken != nullptr && taken->module != "openai") {
        now_.problem = "`" + name + "` is the name of something else here";
    } else if (open == CodeToken::kNone) {
        now_.problem = "its options are put together elsewhere";
    } else {
        ask = read_options(code_, items_of(code_, open), OptionPlace::client, task_);
        now_.problem = ask.problem;
    }
    check_binding(site);
    patch_uses(site, ask, true);
    if (!now_.problem.empty()) {
        finish(site);
        return;
    }
    std::vector<std::string> added;
    if (python()) {
        added = {"base_url=" + quoted(code_, task_.settings.base_url),
                 "api_key=" + key_expression()};
    } else {
        added = {"baseURL: " + quoted(code_, task_.settings.base_url),
                 "apiKey: " + key_expression()};
    }
    if (!ask.headers.empty()) {
        added.push_back((python() ? "default_headers=" : "defaultHeaders: ") +
                        header_literal(code_, ask));
    }
    if (!python() && !code_.is(open, "{")) {
        now_.edits.push_back(
            {code_[open].end, code_[open].end, "{ " + added[0] + ", " + added[1] + " }"});
    } else {
        std::vector<SourceEdit> edits = edit_list(code_, open, ask.removed, added);
        std::move(edits.begin(), edits.end(), std::back_inserter(now_.edits));
    }
    now_.edits.push_back({code_[site.callee].begin, code_[site.callee].end, name});
    if (const std::size_t type = site.binding.annotation; type != CodeToken::kNone) {
        if (code_.at(type) == code_.at(site.callee)) {
            now_.edits.push_back({code_[type].begin, code_[type].end, name});
        }
    }
    needed_.openai.insert(name);
    finish(site);
}

SitePatcher::Arguments SitePatcher::arguments_of(const ClientSite& site) const {
    Arguments arguments;
    const std::size_t open = options_list(site);
    if (open == CodeToken::kNone) {
        return arguments;
    }
    arguments.lists.push_back({open, items_of(code_, open)});
    if (const CodeItem* nested = find_item(arguments.lists[0].items, "configuration");
        nested != nullptr && code_.is(nested->first, "{")) {
        const std::size_t inner = nested->first;
        arguments.lists.push_back({inner, items_of(code_, inner)});
    }
    return arguments;
}

void SitePatcher::patch_other(const ClientSite& found, bool model_in_client) {
    ClientSite site = found;
    now_ = {};
    const Arguments arguments = arguments_of(site);
    const auto base =
        arguments.find({"base_url", "base_path", "openai_api_base", "openai_base_url"});
    const auto headers = arguments.find({"default_headers", "headers"});
    const auto key = arguments.find({"api_key", "openai_api_key", "open_aiapi_key"});
    const bool at_portkey =
        base.first != nullptr && is_portkey_address(code_, base.first->items[base.second]);
    const std::string_view all = code_.span(site.callee, site.close + 1);
    if (!at_portkey) {
        if (mentions_portkey_headers(all)) {
            now_.problem = "it does not say that its base URL is Portkey's";
            finish(site);
        }
        return;
    }
    PortkeyAsk ask;
    std::vector<std::vector<bool>> removed;
    for (const Arguments::List& list : arguments.lists) {
        removed.emplace_back(list.items.size());
    }
    if (headers.first != nullptr) {
        const auto list = static_cast<std::size_t>(headers.first - arguments.lists.data());
        removed[list][headers.second] = take_headers(headers.first->items[headers.second], ask);
    }
    std::vector<std::string> added;
    const std::vector<CodeItem>& options = arguments.lists[0].items;
    if (key.first == nullptr) {
        added.push_back((python() ? "api_key=" : "apiKey: ") + key_expression());
    } else {
        now_.edits.push_back(replace_value(code_, key.first->items[key.second], key_expression()));
    }
    now_.edits.push_back(replace_value(code_, base.first->items[base.second],
                                       quoted(code_, task_.settings.base_url)));
    if (!model_in_client) {
        site.binding = find_binding(code_, site.first, site.close);
        check_binding(site);
        patch_uses(site, ask, false);
    } else if (const CodeItem* model = find_item(options, "model");
               model != nullptr || (model = find_item(options, "model_name")) != nullptr) {
        patch_model(code_, *model, ask, now_);
    } else if (!ask.target.empty()) {
        now_.problem = "it names no model";
    }
    for (std::size_t i = 0; i < removed.size(); i++) {
        std::vector<SourceEdit> edits = edit_list(code_, arguments.lists[i].open, removed[i],
                                                  i == 0 ? added : std::vector<std::string>());
        std::move(edits.begin(), edits.end(), std::back_inserter(now_.edits));
    }
    finish(site);
}

// Whether nothing is left of the item.
bool SitePatcher::take_headers(const CodeItem& item, PortkeyAsk& ask) {
    if (!mentions_portkey_headers(code_.span(item.first, item.last))) {
        return item.last == item.first + 1 && code_.is_name(item.first) &&
               take_header_variable(item, ask);
    }
    const std::size_t open = header_options(code_, item);
    if (open == CodeToken::kNone) {
        now_.problem = "its headers are put together elsewhere";
        return false;
    }
    ask = read_options(code_, items_of(code_, open), OptionPlace::headers, task_);
    if (!ask.problem.empty()) {
        now_.problem = ask.problem;
        return false;
    }
    const bool all = std::find(ask.removed.begin(), ask.removed.end(), false) == ask.removed.end();
    if (!all) {
        std::vector<std::string> kept;
        for (const auto& [name, value] : ask.headers) {
            kept.push_back(quoted(code_, name) + ": " + value);
        }
        std::vector<SourceEdit> edits = edit_list(code_, open, ask.removed, kept);
        std::move(edits.begin(), edits.end(), std::back_inserter(now_.edits));
    } else if (!ask.headers.empty()) {
        now_.edits.push_back(replace_value(code_, item, header_literal(code_, ask)));
    }
    return all && ask.headers.empty();
}

// `headers = createHeaders(…)`, which only this client uses, goes with its argument.
bool SitePatcher::take_header_variable(const CodeItem& item, PortkeyAsk& ask) {
    std::size_t definition = 0;
    int mentions = 0;
    for (std::size_t i = 0; i + 3 < code_.size(); i++) {
        if (code_.is_name(i) && code_.at(i) == code_.at(item.first)) {
            mentions++;
            if (code_.is(i + 1, "=") && code_.is(i + 3, "(") &&
                mentions_portkey_headers(std::string(code_.at(i + 2)) + "(")) {
                definition = i;
            }
        }
    }
    if (definition == 0) {
        return false;
    }
    const std::size_t begin = python() ? definition : definition - 1;
    std::size_t open = definition + 3;
    std::size_t last = code_[open].partner;
    if (last == CodeToken::kNone || mentions != 2 || !code_[begin].first) {
        now_.problem = "its headers are used elsewhere, too";
        return false;
    }
    open += !python() && code_.is(open + 1, "{") ? 1 : 0;
    ask = read_options(code_, items_of(code_, open), OptionPlace::headers, task_);
    last += code_.is(last + 1, ";") ? 1 : 0;
    if (!ask.problem.empty() || !ask.headers.empty()) {
        now_.problem = ask.problem.empty() ? "its headers are made elsewhere" : ask.problem;
        return false;
    }
    const std::string_view source = code_.source;
    const std::size_t line =
        code_[begin].begin == 0 ? 0 : source.rfind('\n', code_[begin].begin - 1) + 1;
    const std::size_t end = source.find('\n', code_[last].end);
    now_.edits.push_back({line, end == std::string_view::npos ? source.size() : end + 1, {}});
    return true;
}

void SitePatcher::check_binding(const ClientSite& site) {
    const CodeBinding& binding = site.binding;
    if (!now_.problem.empty()) {
        return;
    }
    now_.problem = binding.problem;
    const bool is_private = binding.name.starts_with('_') || binding.name.starts_with('#');
    if (binding.exported && task_.names.imported(binding.name, task_.file.name)) {
        now_.problem = "other files import `" + binding.name + "`";
    } else if ((binding.exported || (binding.attribute && !is_private)) &&
               task_.names.reached(binding.name, task_.file.name)) {
        now_.problem = "other files use `" + binding.name + "`";
    }
}

void SitePatcher::patch_uses(const ClientSite& site, const PortkeyAsk& ask, bool portkey) {
    for (const std::size_t use : site.binding.uses) {
        if (!now_.problem.empty()) {
            return;
        }
        patch_use(code_, use, ask, portkey, task_, now_);
    }
}

// All of it or nothing.
void SitePatcher::finish(const ClientSite& site) {
    if (now_.problem.empty()) {
        needed_.os = needed_.os || python();
        needed_.json = needed_.json || now_.json;
        for (const SourceEdit& edit : now_.edits) {
            needed_.json = needed_.json || edit.text.find("json.dumps(") != std::string::npos;
        }
        std::move(now_.edits.begin(), now_.edits.end(), std::back_inserter(patch_.edits));
        return;
    }
    patch_.refuse(code_[site.first].begin, code_[site.close].end, now_.problem);
    for (const std::size_t use : site.binding.uses) {
        std::size_t open = use + 1;
        while (code_.is(open, ".") || code_.is_name(open)) {
            open++;
        }
        const bool call = open < code_.size() && code_[open].partner != CodeToken::kNone;
        patch_.refuse(code_[use].begin, call ? code_[code_[open].partner].end : code_[use].end,
                      "its client stays: " + now_.problem);
    }
}

}  // namespace llmgw
