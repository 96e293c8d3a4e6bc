// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/plan_keys.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/shell_word.h"
#include "common/base/text.h"
#include "common/base/url.h"
#include "common/catalog/catalog.h"
#include "common/portkey/plan_names.h"
#include "common/portkey/providers.h"
#include "common/portkey/secret_text_kind.h"
#include "common/routes/header_names.h"

namespace llmgw {
namespace {

/// What adds a key by hand. What `providers add` finds out by itself is left out.
std::string add_command(const std::string& label, const PortkeyKey& key, bool needs_address) {
    std::string command = "llmgw providers add " + key.provider + " --name " + label;
    if (needs_address || !key.base_url.empty()) {
        command += " --base-url ";
        command += key.base_url.empty() ? "URL" : shell_word(key.base_url);
    }
    command += key.region.empty() ? "" : " --region " + shell_word(key.region);
    for (const auto& [name, value] : key.options) {
        command.append(" --option ")
            .append(shell_word(std::string(name).append("=").append(value)));
    }
    return command + " --key-stdin";
}

/// A server of one's own that wants no key: it is asked without TLS.
bool is_keyless(const ProviderKey& key, const KeyDraft& draft) {
    const auto url = parse_base_url(key.base_url);
    return draft.provider_of_portkey == "ollama" || (key.provider == "custom" && url && !url->tls);
}

bool same_inline_key(const PortkeyKey& a, const PortkeyKey& b) {
    return a.provider == b.provider && a.base_url == b.base_url && a.secret == b.secret &&
           a.env == b.env && a.region == b.region && a.options == b.options &&
           a.headers == b.headers;
}

/// Whether a stored key is what the import would write.
bool is_same(const ProviderKey& stored, const PlannedProvider& planned) {
    const bool secret_differs = planned.key.source == SecretSource::stored &&
                                stored.source == SecretSource::stored &&
                                stored.fingerprint != planned.key.fingerprint;
    return stored.provider == planned.key.provider && !secret_differs &&
           (planned.key.base_url.empty() || stored.base_url == planned.key.base_url);
}

constexpr std::string_view kCustomHost = "custom_host";

/// An address of one's own. What speaks OpenAI's format there is another server, of which the
/// catalog knows nothing.
void use_custom_host(PortkeyKey& key, const PortkeyProvider& known, const PortkeyDetails& details) {
    for (const auto& [name, value] : details) {
        const auto base =
            name == kCustomHost ? portkey_base_url(known, value) : tl::unexpected(Error{});
        if (!base) {
            continue;
        }
        key.base_url = *base;
        const Provider* const provider = catalog::find_provider(key.provider);
        const auto own = parse_base_url(provider == nullptr ? "" : provider->base_url);
        const auto given = parse_base_url(*base);
        if (provider != nullptr && provider->wire == Wire::openai && own && given &&
            own->host != given->host) {
            key.provider = "custom";
        }
    }
}

bool may_be_secret(std::string_view header) {
    constexpr std::array<std::string_view, 6> kSigns = {"auth",   "token",  "secret",
                                                        "passwo", "cookie", "key"};
    const std::string lower = to_lower(header);
    return std::any_of(kSigns.begin(), kSigns.end(), [&](std::string_view sign) {
        return lower.find(sign) != std::string::npos;
    });
}

PortkeyDetails without_host(PortkeyDetails details) {
    std::erase_if(details, [](const auto& detail) { return detail.first == kCustomHost; });
    return details;
}

bool is_reserved_label(const std::string& label, const std::string& provider) {
    constexpr std::array<std::string_view, 5> kReserved = {"route", "auto", "mock", "custom",
                                                           "llmgw"};
    return std::find(kReserved.begin(), kReserved.end(), label) != kReserved.end() ||
           (label != provider && catalog::find_provider(label) != nullptr);
}

std::string listed(const std::vector<std::string>& texts) {
    std::string out;
    for (const auto& text : texts) {
        out += (out.empty() ? "" : ", ") + text;
    }
    return out;
}

}  // namespace

Finding& KeyPlanner::tell(const ExportPlace& place, Severity severity, const char* code) {
    Finding finding;
    finding.severity = severity;
    finding.code = code;
    finding.file = place.file;
    finding.line = place.line;
    finding.pointer = place.pointer;
    return findings_.emplace_back(std::move(finding));
}

void KeyPlanner::add_exported(const ExportedKey& exported, const std::string& provider) {
    const PortkeyProvider* const known = find_portkey_provider(exported.provider);
    KeyDraft draft;
    draft.place = exported.place;
    draft.deployments = exported.deployments;
    draft.provider_of_portkey = known == nullptr ? exported.provider : std::string(known->id);
    PortkeyKey& key = draft.key;
    key.slug = exported.slug;
    key.label = exported.slug;
    const std::string shown = printable(exported.slug);
    if (!provider.empty()) {
        key.provider = provider;
    } else if (known != nullptr) {
        key.provider = known->provider;
        key.base_url = known->base_url;
    }
    if (key.provider.empty()) {
        const bool unknown = exported.provider.empty();
        Finding& finding =
            tell(exported.place, Severity::warning, unknown ? "K-UNKNOWN" : "K-NOPROV");
        finding.portkey =
            "kept a key for " +
            (unknown ? "a provider that the files do not name" : printable(exported.provider)) +
            " as " + shown;
        finding.llmgw = known != nullptr && !known->remark.empty()
                            ? "cannot ask it: " + std::string(known->remark)
                            : "does not import it";
        finding.action = unknown ? "give it: --map " + shown + "=PROVIDER" : "";
        return;
    }
    if (known != nullptr) {
        use_custom_host(key, *known, exported.details);
    }
    for (const auto& note : add_portkey_details(key, without_host(exported.details))) {
        Finding& finding =
            tell(exported.place, Severity::warning, note.credential ? "A-AUTH" : "A-OPTION");
        finding.portkey = "had " + printable(note.field) + " for " + shown;
        finding.llmgw = note.llmgw;
        finding.action = note.action;
    }
    add_headers(exported, key);
    // What the details say is more: an access key of AWS, a service account.
    if (key.secret.empty() && secret_text_kind(exported.secret) == SecretTextKind::secret) {
        key.secret = exported.secret;
    } else if (key.env.empty()) {
        key.env = secret_variable(exported.secret);
    }
    draft.enabled = exported.status.empty() || exported.status == "active";
    tell_about(exported, draft);
    drafts_.push_back(std::move(draft));
}

/// Headers go upstream with the routes that ask the key, for a key has none of its own here. Routes
/// are shown to people, so what may be a secret stays out of them.
void KeyPlanner::add_headers(const ExportedKey& exported, PortkeyKey& key) {
    const std::string shown = printable(exported.slug);
    for (const auto& [name, value] : exported.headers) {
        std::string_view problem = header_problem(name);
        if (problem.empty() && may_be_secret(name)) {
            problem = "perhaps for a key, and routes are no place for keys";
        } else if (problem.empty() && !is_header_value(value)) {
            problem = "not of printable ASCII";
        }
        if (problem.empty()) {
            key.headers.emplace_back(name, value);
            continue;
        }
        Finding& finding = tell(exported.place, Severity::warning, "H-FWD");
        finding.portkey = "sent the header " + printable(name) + " with the calls of " + shown;
        finding.llmgw = "does not: it is " + std::string(problem);
        finding.action = "have clients send it, and name it in forward_headers of a route";
    }
    if (!key.headers.empty()) {
        Finding& finding = tell(exported.place, Severity::info, "A-OPTION");
        finding.portkey =
            "sent " + printable(key.headers.front().first) + " with all calls of " + shown;
        finding.llmgw =
            "sends it where a route asks the key, not for models named @" + shown + "/…";
        finding.action = "ask by a route";
    }
}

/// What is true of a key at Portkey and not here.
void KeyPlanner::tell_about(const ExportedKey& exported, const KeyDraft& draft) {
    const std::string shown = printable(exported.slug);
    if (!exported.limits.empty()) {
        Finding& finding = tell(exported.place, Severity::warning, "L-LIMIT");
        finding.portkey = "allowed " + shown + " " + listed(exported.limits);
        finding.llmgw = "has no limits of cost and rate";
        finding.action = "set the limit at the provider";
    }
    if (!draft.enabled) {
        Finding& finding = tell(exported.place, Severity::warning, "L-STATUS");
        finding.portkey = "does not use " + shown + ": it is " + printable(exported.status);
        const bool imported = !draft.key.secret.empty() || !draft.key.env.empty();
        finding.llmgw = imported ? "imports it disabled" : "uses it from when it is added";
        finding.action = imported ? "llmgw providers enable " + portkey_label(exported.slug)
                                  : "add it only if it is to be used";
    } else if (!exported.expires_at.empty()) {
        Finding& finding = tell(exported.place, Severity::info, "L-EXPIRES");
        finding.portkey = "ends " + shown + " at " + printable(exported.expires_at);
        finding.llmgw = "uses provider keys until they are removed";
    }
    if (exported.has_placeholders) {
        Finding& finding = tell(exported.place, Severity::warning, "K-VARIABLE");
        finding.portkey = "got settings of " + shown + " from variables";
        finding.llmgw = "does not know their values";
        finding.action = "import terraform.tfstate as well, or add them with --option";
    }
    if (!exported.secret_store.empty() && draft.key.secret.empty()) {
        Finding& finding = tell(exported.place, Severity::info, "K-STORE");
        finding.portkey = "fetched the key of " + shown + " with the secret reference " +
                          printable(exported.secret_store);
        finding.llmgw = "runs a command of yours for that";
        finding.action = "use --key-command COMMAND in place of --key-stdin";
    }
}

std::size_t KeyPlanner::add_named(const PortkeyKey& key, const ExportPlace& place) {
    KeyDraft draft;
    draft.key = key;
    draft.place = place;
    for (std::size_t i = 0; i < drafts_.size(); i++) {
        const KeyDraft& other = drafts_[i];
        if (key.slug.empty() ? other.key.slug.empty() && same_inline_key(other.key, key)
                             : other.key.slug == key.slug &&
                                   (key.base_url.empty() || other.key.base_url == key.base_url)) {
            return i;
        }
        if (!key.slug.empty() && other.key.slug == key.slug) {  // the same key, at another address
            draft.key.secret = key.secret.empty() ? other.key.secret : key.secret;
            draft.key.env = key.env.empty() ? other.key.env : key.env;
        }
    }
    drafts_.push_back(std::move(draft));
    return drafts_.size() - 1;
}

std::map<std::string, std::string> KeyPlanner::known_providers() const {
    std::map<std::string, std::string> out;
    for (const auto& draft : drafts_) {
        out[draft.key.slug] = draft.key.provider;
    }
    return out;
}

std::vector<PlannedProvider> KeyPlanner::plan() {
    std::vector<PlannedProvider> out;
    for (auto& draft : drafts_) {
        // What cannot be asked has its finding already.
        if (!draft.key.provider.empty()) {
            out.push_back(plan_one(draft));
        } else {
            draft.label = portkey_label(draft.key.label);
        }
    }
    return out;
}

PlannedProvider KeyPlanner::plan_one(KeyDraft& draft) {
    PlannedProvider planned;
    planned.place = draft.place;
    planned.slug = draft.key.slug;
    ProviderKey& key = planned.key;
    key.provider = draft.key.provider;
    key.base_url = draft.key.base_url;
    key.region = draft.key.region;
    key.options = draft.key.options;
    key.enabled = draft.enabled;
    key.created_at = target_.now;
    const auto completed = target_.complete_address(key);
    find_secret(draft, planned);
    take_label(draft, planned);
    if (planned.step == PlanStep::add && !completed) {
        planned.step = PlanStep::needed;
    }
    if (planned.step != PlanStep::needed) {
        return planned;
    }
    planned.command = add_command(draft.label, draft.key, !completed);
    Finding& finding = tell(draft.place, Severity::warning, completed ? "K-SECRET" : "K-ADDRESS");
    const std::string name = printable(draft.key.label);
    finding.portkey =
        completed ? "keeps the key of " + name + " to itself" : "knows where to ask " + name;
    finding.llmgw = completed ? "needs it for requests to @" + draft.label
                              : "does not: " + completed.error().message;
    finding.action = planned.command;
    return planned;
}

/// Where the secret comes from. A key that was found is only tried, not trusted: PlanStep::needed
/// is for keys that are nowhere.
void KeyPlanner::find_secret(const KeyDraft& draft, PlannedProvider& planned) {
    ProviderKey& key = planned.key;
    const bool found = secret_text_kind(draft.key.secret) == SecretTextKind::secret;
    std::string variable = draft.key.env;
    if (variable.empty() && !found) {
        variable = secret_variable(draft.key.secret);
    }
    if (found) {
        key.source = SecretSource::stored;
        planned.secret = draft.key.secret;
        key.fingerprint = mask_secret(draft.key.secret);
    } else if (!variable.empty()) {
        key.source = SecretSource::env;
        key.source_ref = variable;
        if (!target_.has_variable(variable)) {
            Finding& finding = tell(draft.place, Severity::warning, "K-ENV");
            finding.portkey = "was given the key in the variable " + variable;
            finding.llmgw = "reads it there, too; it is not set here";
            finding.action = "set " + variable + " where llmgw serve runs";
        }
    } else if (is_keyless(key, draft)) {
        key.source = SecretSource::none;
    } else if (const std::string usual = usual_variable(draft); !usual.empty()) {
        key.source = SecretSource::env;
        key.source_ref = usual;
    } else {
        planned.step = PlanStep::needed;
    }
}

/// The provider's usual variable, if it is set and can mean this key only.
std::string KeyPlanner::usual_variable(const KeyDraft& draft) const {
    const Provider* const provider = catalog::find_provider(draft.key.provider);
    const auto rivals = std::count_if(drafts_.begin(), drafts_.end(), [&](const KeyDraft& other) {
        return other.key.provider == draft.key.provider &&
               secret_text_kind(other.key.secret) != SecretTextKind::secret &&
               other.key.env.empty();
    });
    // Others need more than one variable.
    const bool simple = provider != nullptr &&
                        (provider->wire == Wire::openai || provider->wire == Wire::anthropic ||
                         provider->wire == Wire::gemini || provider->wire == Wire::cohere);
    if (!simple || rivals > 1) {
        return {};
    }
    for (const auto name : provider->env) {
        if (target_.has_variable(std::string(name))) {
            return std::string(name);
        }
    }
    return {};
}

bool KeyPlanner::is_planned(const std::string& label) const {
    return std::any_of(drafts_.begin(), drafts_.end(),
                       [&](const KeyDraft& other) { return other.label == label; });
}

void KeyPlanner::take_label(KeyDraft& draft, PlannedProvider& planned) {
    std::string wanted = portkey_label(draft.key.label);
    wanted += is_reserved_label(wanted, draft.key.provider) ? "-key" : "";
    const auto stored = [&](const std::string& label) {
        return std::find_if(target_.provider_keys.begin(), target_.provider_keys.end(),
                            [&](const ProviderKey& key) { return key.label == label; });
    };
    std::string label = wanted;
    auto there = target_.provider_keys.end();
    for (int number = 2;; number++) {
        there = stored(label);
        const bool free = there == target_.provider_keys.end();
        // A slug means one account: a stored key of that provider is it, whatever its secret.
        const bool own =
            !free && (is_same(*there, planned) ||
                      (!draft.key.slug.empty() && there->provider == planned.key.provider));
        if (!is_planned(label) && (free || own)) {
            break;
        }
        label = plan_name_with(wanted, std::to_string(number));
    }
    draft.label = label;
    planned.key.label = label;
    if (!draft.key.slug.empty() && label != draft.key.slug) {
        Finding& finding = tell(draft.place, Severity::warning, "K-LABEL");
        finding.portkey = "calls this key " + printable(draft.key.slug);
        finding.llmgw = "calls it " + label + ", because that name is taken or not possible";
        finding.action = "use @" + label + " where code says @" + printable(draft.key.slug);
    }
    if (there == target_.provider_keys.end()) {
        return;
    }
    const bool same = is_same(*there, planned);
    planned.step = same ? PlanStep::unchanged : PlanStep::kept;
    planned.key = *there;
    planned.secret.clear();
    if (!same) {
        Finding& finding = tell(draft.place, Severity::info, "K-KEPT");
        finding.portkey = "has another key or address for " + label;
        finding.llmgw = "keeps the one it has";
        finding.action = "llmgw providers remove " + label + ", then import again";
    }
}

}  // namespace llmgw
