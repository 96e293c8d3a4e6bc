// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/config_context.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/portkey/pointer_step.h"

namespace llmgw {

namespace {

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

// Members that people write though Portkey never read them, and what they were after.
struct Misnomer {
    std::string_view name;
    std::string_view action;
};
constexpr std::array<Misnomer, 20> kMisnomers = {{
    {"mode", "write it as strategy.mode"},
    {"options", "the targets are \"targets\""},
    {"model", "write it as override_params.model, or in llmgw's route as \"model\""},
    {"ttl", "the age of stored answers is cache.max_age"},
    {"max_size", "the size of the cache is llmgw's setting cache.max_size"},
    {"count", "the number of retries is retry.attempts"},
    {"max_attempts", "the number of retries is retry.attempts"},
    {"max_retries", "the number of retries is retry.attempts"},
    {"backoff_factor", "the waits are 1, 2, 4, 8 and 16 seconds, in llmgw too"},
    {"delay", "the waits are 1, 2, 4, 8 and 16 seconds, in llmgw too"},
    {"backoff", "the waits are 1, 2, 4, 8 and 16 seconds, in llmgw too"},
    {"timeout", "the timeout is request_timeout, in milliseconds"},
    {"params", "the parameters that replace the client's are override_params"},
    {"parameters", "the parameters that replace the client's are override_params"},
    {"max_tokens", "parameters go into override_params"},
    {"temperature", "parameters go into override_params"},
    {"base_url", "the address is custom_host"},
    {"fallbacks", "the targets of a fallback are \"targets\""},
    {"weights", "each target has a weight of its own"},
    {"virtual_keys", "a target has one virtual_key"},
}};

// Names of things, which mean nothing to a gateway.
constexpr std::array<std::string_view, 9> kLabels = {"$schema",     "comment", "created_at",
                                                     "description", "id",      "integration",
                                                     "object",      "note",    "version"};

bool is_added_by_program(std::string_view name) {
    return name.starts_with("...") || name.starts_with("**") || name.starts_with("[") ||
           name.starts_with("(") || name.find("${") != std::string_view::npos;
}

}  // namespace

std::string snake_case(std::string_view name) {
    const bool has_lower =
        std::any_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (!has_lower) {
        return to_lower(name);  // API_KEY
    }
    std::string out;
    for (const char c : name) {
        if (is_upper(c)) {
            const bool first = out.empty() || out.back() == '_';
            out += first ? "" : "_";
            out += static_cast<char>(c - 'A' + 'a');
        } else {
            out += c;
        }
    }
    return out;
}

void ConfigContext::note(Severity severity, std::string_view code, const std::string& pointer,
                         FindingTexts texts) {
    Finding finding;
    finding.severity = severity;
    finding.code = code;
    finding.line = document.line_of(pointer);
    finding.pointer = pointer;
    finding.portkey = std::move(texts.portkey);
    finding.llmgw = std::move(texts.llmgw);
    finding.action = std::move(texts.action);
    out.findings.push_back(std::move(finding));
}

void ConfigContext::refuse(std::string_view code, const std::string& pointer, FindingTexts texts) {
    note(Severity::error, code, pointer, std::move(texts));
    out.usable = false;
}

void ConfigContext::note_once(Severity severity, std::string_view code, const std::string& pointer,
                              FindingTexts texts) {
    const bool known = std::any_of(out.findings.begin(), out.findings.end(),
                                   [&](const Finding& finding) { return finding.code == code; });
    if (!known) {
        note(severity, code, pointer, std::move(texts));
    }
}

ConfigObject::ConfigObject(ConfigContext& context, const ConfigValue& object)
    : context_(context), pointer_(object.pointer) {
    for (ConfigMember& member : object.members()) {
        std::string name = snake_case(member.name);
        members_.push_back(
            {std::move(name), std::move(member.name), std::move(member.value), false});
    }
}

ConfigValue ConfigObject::take(std::string_view name) {
    for (Member& member : members_) {
        if (member.name == name && !member.taken) {
            member.taken = true;
            return member.value.is(JsonKind::null) ? ConfigValue() : member.value;
        }
    }
    return {};
}

bool ConfigObject::has(std::string_view name) const {
    return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
        return member.name == name && !member.taken && !member.value.is(JsonKind::null);
    });
}

std::vector<std::string> ConfigObject::left() const {
    std::vector<std::string> names;
    for (const Member& member : members_) {
        if (!member.taken) {
            names.push_back(member.name);
        }
    }
    return names;
}

void ConfigObject::finish(const ConfigNames& names) {
    for (Member& member : members_) {
        if (!member.taken) {
            member.taken = true;
            report(member, names);
        }
    }
}

void ConfigObject::report(const Member& member, const ConfigNames& names) {
    const std::string& pointer = member.value.pointer;
    const std::string name = printable(member.written);
    if (is_added_by_program(member.written)) {
        context_.refuse("I-EXPR", pointer,
                        {"had what the program puts in here when it runs",
                         "cannot know what '" + name + "' stands for",
                         "import the config that the program makes of it, or write it out"});
        return;
    }
    std::string with_underscores = member.name;
    std::replace(with_underscores.begin(), with_underscores.end(), '-', '_');
    const auto known = [&](std::string_view word) {
        return std::find(names.names.begin(), names.names.end(), word) != names.names.end();
    };
    if (with_underscores != member.name && known(with_underscores)) {
        context_.note(Severity::warning, "I-KEBAB", pointer,
                      {"ignored '" + name + "': its names have underscores", "leaves it out",
                       "write " + with_underscores + " if it is meant to count"});
        return;
    }
    if (known(member.name)) {
        context_.note(Severity::warning, "I-UNKNOWN", pointer,
                      {"has '" + name + "' twice here, in two spellings", "takes the first of them",
                       "keep one of them"});
        return;
    }
    if (std::find(kLabels.begin(), kLabels.end(), member.name) != kLabels.end()) {
        context_.note(Severity::info, "I-UNKNOWN", pointer,
                      {"ignored '" + name + "', which has no meaning in " + std::string(names.what),
                       "leaves it out", ""});
        return;
    }
    const auto* const misnomer =
        std::find_if(kMisnomers.begin(), kMisnomers.end(),
                     [&](const Misnomer& each) { return each.name == member.name; });
    const auto near = nearest(member.name, names.names, 1);
    std::string action = "take it out";
    if (misnomer != kMisnomers.end()) {
        action = misnomer->action;
    } else if (!near.empty()) {
        action = "is " + near.front() + " meant?";
    }
    context_.note(Severity::warning, "I-UNKNOWN", pointer,
                  {"ignored '" + name + "', which it does not know in " + std::string(names.what),
                   "leaves it out", std::move(action)});
}

}  // namespace llmgw
