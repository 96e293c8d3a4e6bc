// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_model.h"

#include <unistd.h>

#include "common/store/store.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

namespace {

bool has_provider_variable() {
    return !find_environment_keys().empty();
}

tl::unexpected<Error> no_model(bool has_provider) {
    if (has_provider) {
        return fail(Errc::usage, "no model given",
                    "llmgw chat -m MODEL …, or once: llmgw models alias default MODEL "
                    "(llmgw models list shows them; mock/echo needs no key)");
    }
    return fail(Errc::usage, "no model given, and no provider is set up",
                "llmgw providers add openai, then llmgw chat -m MODEL …, or once: llmgw models "
                "alias default MODEL; to try it without a key: llmgw chat -m mock/echo hello");
}

}  // namespace

Result<std::string> default_model(const Home& home) {
    // Asking must not leave a database behind.
    if (::access(home.database().c_str(), F_OK) != 0) {
        return no_model(has_provider_variable());
    }
    const auto store = Store::open(home.database());
    if (!store) {
        return tl::unexpected<Error>(store.error());
    }
    const auto aliases = (*store)->aliases();
    if (!aliases) {
        return tl::unexpected<Error>(aliases.error());
    }
    for (const ModelAlias& alias : *aliases) {
        if (alias.name == "default") {
            return alias.target;
        }
    }
    const auto keys = (*store)->provider_keys();
    if (!keys) {
        return tl::unexpected<Error>(keys.error());
    }
    return no_model(!keys->empty() || has_provider_variable());
}

bool wants_max_completion_tokens(std::string_view model) {
    const std::size_t slash = model.find('/');
    if (slash != std::string_view::npos) {
        const std::string_view provider = model.substr(0, slash);
        if (provider != "openai" && provider != "azure") {
            return false;
        }
        model.remove_prefix(slash + 1);
    }
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (model.size() >= 2 && model.front() == 'o' && is_digit(model[1])) {
        return true;
    }
    constexpr std::string_view kGpt = "gpt-";
    constexpr char kFirstReasoningGpt = '5';
    return model.starts_with(kGpt) && model.size() > kGpt.size() && is_digit(model[kGpt.size()]) &&
           model[kGpt.size()] >= kFirstReasoningGpt;
}

}  // namespace llmgw
