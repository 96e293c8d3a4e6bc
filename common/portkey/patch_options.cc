// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/patch_options.h"

#include <algorithm>
#include <map>

#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::string_view kPrefix = "x_portkey_";

bool contains(std::initializer_list<std::string_view> names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Options of the OpenAI SDK that Portkey's clients have under the same name.
bool is_shared_option(std::string_view name) {
    return contains({"timeout", "max_retries", "http_client", "default_query", "fetch",
                     "fetch_options", "http_agent", "dangerously_allow_browser", "signal"},
                    name);
}

// What Portkey is told about itself only.
bool is_moot(std::string_view name) {
    return contains(
        {"api_key", "base_url", "strict_open_ai_compliance", "strict_openai_compliance"}, name);
}

std::string problem_with(std::string_view name) {
    if (name == "authorization") {
        return "the provider's own key is sent along: store it with `llmgw providers add`, then "
               "name the provider in the model";
    }
    if (name == "custom_host") {
        return "it names a provider's address: `llmgw providers add custom --base-url` does that";
    }
    if (contains({"cache_force_refresh", "cache_namespace", "request_timeout", "forward_headers",
                  "retry", "cache"},
                 name)) {
        return "`" + std::string(name) + "` belongs into the route: llmgw-routes(1)";
    }
    return "the OpenAI SDK has nothing for `" + std::string(name) + "`";
}

void set_target(PortkeyAsk& ask, std::string target, bool route) {
    if (!ask.target.empty() && ask.target != target) {
        ask.problem = "both " + ask.target + " and " + target +
                      " are asked for: which of them counts depends on the config";
        return;
    }
    ask.target = std::move(target);
    ask.route = route;
}

// What a slug or a config is called here.
std::string name_here(const std::map<std::string, std::string>& names, std::string_view name) {
    const auto known = names.find(std::string(name));
    return known == names.end() ? std::string(name) : known->second;
}

void set_slug(PortkeyAsk& ask, std::string_view name, std::string_view value,
              const PatchSettings& settings) {
    const bool at = value.starts_with('@');
    const std::string_view slug = at ? value.substr(1) : value;
    if (slug.empty() || slug.find_first_of("/{$ <\"'") != std::string_view::npos) {
        ask.problem = "`" + std::string(value) + "` is no plain slug";
    } else if (name == "provider" && !at) {
        ask.problem = "the provider " + std::string(slug) +
                      " is asked with a key of the request: store one with `llmgw providers add`, "
                      "then name the provider in the model";
    } else {
        set_target(ask, "@" + name_here(settings.labels, slug), false);
    }
}

void set_config(PortkeyAsk& ask, std::string_view value, const PatchSettings& settings) {
    if (value.empty() || value.find_first_of("/{$ <\"'") != std::string_view::npos) {
        ask.problem = "its config is in the code: make it a route, then name that in the model";
        return;
    }
    set_target(ask, "route/" + name_here(settings.routes, value), true);
}

class OptionReader {
  public:
    OptionReader(const CodeTokens& code, const PatchTask& task) : code_(code), task_(task) {}

    void read(PortkeyAsk& ask, std::string_view name, const CodeItem& item) {
        if (name == "api_key" &&
            code_.span(item.first, item.last).find("import.meta") != std::string_view::npos) {
            ask.problem = "its key is built into a web page";
        } else if (name == "base_url" && !is_portkey_address(code_, item) &&
                   !(item.last == item.first + 1 && code_.is_plain_text(item.first))) {
            ask.problem = "its base URL may be somebody else's";
        } else if (is_moot(name)) {
            return;
        } else if (name == "metadata") {
            ask.headers.emplace_back("x-llmgw-metadata", json_of(item));
        } else if (name == "trace_id") {
            ask.headers.emplace_back("x-request-id",
                                     std::string(code_.span(item.first, item.last)));
        } else if (name == "config" && code_.is(item.first, "{")) {
            set_inline_config(ask, item);
        } else if (name == "config" || name == "virtual_key" || name == "provider") {
            read_slug(ask, name, item);
        } else {
            ask.problem = problem_with(name);
        }
    }

  private:
    void read_slug(PortkeyAsk& ask, std::string_view name, const CodeItem& item) {
        if (item.last != item.first + 1 || !code_.is_plain_text(item.first) || item.shorthand) {
            ask.problem = "`" + std::string(name) +
                          "` is no literal: which one it is shows only "
                          "when the code runs";
            return;
        }
        const std::string value = code_.value(item.first);
        if (name == "config") {
            set_config(ask, value, task_.settings);
        } else {
            set_slug(ask, name, value, task_.settings);
        }
    }

    void set_inline_config(PortkeyAsk& ask, const CodeItem& item) {
        const auto begin = task_.file.text.begin();
        const auto line =
            std::count(begin, begin + static_cast<long>(code_[item.first].begin), '\n') + 1;
        const auto known = task_.settings.routes.find(task_.file.name + ":" + std::to_string(line));
        if (known == task_.settings.routes.end()) {
            set_config(ask, "{", task_.settings);
        } else {
            set_target(ask, "route/" + known->second, true);
        }
    }

    // What is JSON already stays so.
    [[nodiscard]] std::string json_of(const CodeItem& item) const {
        const std::string value(code_.span(item.first, item.last));
        const bool is_text = code_[item.first].kind == CodeToken::Kind::text;
        if (is_text || value.starts_with("json.dumps(") || value.starts_with("JSON.stringify(")) {
            return value;
        }
        return (code_.language == CodeLanguage::python ? "json.dumps(" : "JSON.stringify(") +
               value + ")";
    }

    const CodeTokens& code_;
    const PatchTask& task_;
};

// The blanks at the beginning of a line.
std::string_view indentation(std::string_view source, std::size_t at) {
    const std::size_t begin = at == 0 ? 0 : source.rfind('\n', at - 1) + 1;
    const std::size_t end = source.find_first_not_of(" \t", begin);
    return source.substr(begin, std::min(end, at) - begin);
}

// What goes between two items.
std::string separator_of(const CodeTokens& code, std::size_t open,
                         const std::vector<CodeItem>& items) {
    const std::string_view source = code.source;
    if (items.empty() || !code[open + 1].first) {
        return ", ";
    }
    const std::size_t begin = items.front().begin;
    const std::size_t line = source.rfind('\n', begin);
    const bool windows = line > 0 && line != std::string_view::npos && source[line - 1] == '\r';
    return std::string(windows ? ",\r\n" : ",\n") + std::string(indentation(source, begin));
}

}  // namespace

PortkeyAsk read_options(const CodeTokens& code, const std::vector<CodeItem>& items,
                        OptionPlace place, const PatchTask& task) {
    PortkeyAsk ask;
    OptionReader reader(code, task);
    for (const CodeItem& item : items) {
        ask.removed.push_back(false);
        if (item.spread || item.name.empty()) {
            ask.problem = "not all of its options are named here";
            break;
        }
        std::string name = option_name(item.name);
        const bool is_header = name.starts_with(kPrefix);
        if (is_header) {
            name.erase(0, kPrefix.size());
        } else if (place != OptionPlace::headers ? is_shared_option(name)
                                                 : item.name.find('-') != std::string::npos) {
            continue;
        }
        ask.removed.back() = true;
        reader.read(ask, name, item);
        if (!ask.problem.empty()) {
            break;
        }
    }
    return ask;
}

void add_option(PortkeyAsk& ask, std::string_view name, std::string_view value,
                const PatchSettings& settings) {
    if (name == "config") {
        set_config(ask, value, settings);
    } else if (name == "virtual_key" || name == "provider") {
        set_slug(ask, name, value, settings);
    } else if (name == "metadata") {
        ask.headers.emplace_back("x-llmgw-metadata", value);
    } else if (name == "trace_id") {
        ask.headers.emplace_back("x-request-id", value);
    } else if (!is_moot(name)) {
        ask.problem = problem_with(name);
    }
}

bool mentions_portkey_headers(std::string_view text) {
    return text.find("createHeaders(") != std::string_view::npos ||
           text.find("create_headers(") != std::string_view::npos ||
           text.find("x-portkey-") != std::string_view::npos;
}

std::size_t header_options(const CodeTokens& code, const CodeItem& item) {
    const bool made = code.is(item.first, "createHeaders") || code.is(item.first, "create_headers");
    std::size_t open = item.first + (made ? 1 : 0);
    std::size_t last = item.last - 1;
    if (made && code.is(open + 1, "{")) {
        open++;
        last--;
    }
    return open < code.size() && code[open].partner == last ? open : CodeToken::kNone;
}

bool is_portkey_url(std::string_view url) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (url.starts_with(scheme)) {
            url.remove_prefix(scheme.size());
        }
    }
    const std::string_view host = url.substr(0, url.find('/'));
    const std::string_view path = url.substr(host.size());
    return contains({"api.portkey.ai", "aigw.portkey.ai", "localhost:8787", "127.0.0.1:8787"},
                    host) &&
           contains({"", "/", "/v1", "/v1/"}, path);
}

bool is_portkey_address(const CodeTokens& code, const CodeItem& item) {
    if (item.last == item.first + 1) {
        return code.is(item.first, "PORTKEY_GATEWAY_URL") || is_portkey_url(code.value(item.first));
    }
    const std::string_view text = code.span(item.first, item.last);
    return text.find("env") != std::string_view::npos &&
           (text.find("PORTKEY_BASE_URL") != std::string_view::npos ||
            text.find("PORTKEY_GATEWAY_URL") != std::string_view::npos);
}

bool names_target(std::string_view model) {
    return model.starts_with('@') || model.starts_with("route/");
}

std::vector<SourceEdit> edit_list(const CodeTokens& code, std::size_t open,
                                  const std::vector<bool>& removed,
                                  const std::vector<std::string>& added) {
    const std::vector<CodeItem> items = items_of(code, open);
    const std::string separator = separator_of(code, open, items);
    std::string text;
    for (const std::string& item : added) {
        text += (text.empty() ? "" : separator) + item;
    }
    std::vector<SourceEdit> edits;
    bool placed = added.empty();
    for (std::size_t i = 0; i < items.size(); i++) {
        if (!removed[i]) {
            continue;
        }
        const std::size_t first = i;
        while (i + 1 < items.size() && removed[i + 1]) {
            i++;
        }
        if (!placed) {
            edits.push_back({items[first].begin, items[i].end, text});
            placed = true;
        } else if (i + 1 < items.size()) {
            edits.push_back({items[first].begin, items[i + 1].begin, {}});
        } else if (first > 0) {
            edits.push_back({items[first - 1].end, items[i].end, {}});
        } else {
            const std::size_t after = items[i].last;
            edits.push_back(
                {items[first].begin, code.is(after, ",") ? code[after].end : items[i].end, {}});
        }
    }
    if (!placed && items.empty()) {
        const bool object = code.is(open, "{");
        edits.push_back({code[open].end, code[open].end, object ? " " + text + " " : text});
    } else if (!placed) {
        edits.push_back({items.front().begin, items.front().begin, text + separator});
    }
    return edits;
}

char quote_of(const CodeTokens& code) {
    std::ptrdiff_t single = 0;
    for (const CodeToken& token : code.tokens) {
        if (token.kind == CodeToken::Kind::text && token.content > token.begin) {
            const char quote = code.source[token.content - 1];
            single += quote == '\'' ? 1 : quote == '"' ? -1 : 0;
        }
    }
    return single > 0 ? '\'' : '"';
}

std::string quoted(const CodeTokens& code, std::string_view text) {
    const char quote = quote_of(code);
    return quote + std::string(text) + quote;
}

std::string header_literal(const CodeTokens& code, const PortkeyAsk& ask) {
    std::string text = code.language == CodeLanguage::python ? "{" : "{ ";
    const std::size_t size = text.size();
    for (const auto& [name, value] : ask.headers) {
        text += (text.size() == size ? "" : ", ") + quoted(code, name) + ": " + value;
    }
    return text + (code.language == CodeLanguage::python ? "}" : " }");
}

}  // namespace llmgw
