// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "common/portkey/exports.h"
#include "common/portkey/plan.h"
#include "common/routes/route.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

/// An empty set-up, in which addresses are as they are said.
ImportTarget target() {
    ImportTarget out;
    out.now = 1'790'000'000'000;
    out.has_variable = [](const std::string& name) { return name == "OPENAI_API_KEY"; };
    out.complete_address = [](ProviderKey& key) -> Result<void> {
        return key.provider == "custom" && key.base_url.empty()
                   ? fail(Errc::usage, "there is no address")
                   : Result<void>();
    };
    return out;
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") ==
               std::string_view::npos;
}

void require_sound(const ImportPlan& plan) {
    for (const auto& planned : plan.providers) {
        require(is_name(planned.key.label), "a label is a name");
        require(!planned.key.provider.empty(), "a planned key has its provider");
        require(planned.step == PlanStep::needed || planned.command.empty(),
                "a command is for keys that are needed");
    }
    for (const auto& planned : plan.routes) {
        require(is_name(planned.name), "a route has a name");
        require(parse_route(planned.document).has_value(), "a planned route can be read");
    }
    for (const auto& planned : plan.client_keys) {
        require(is_name(planned.name), "a gateway key has a name");
    }
    for (const auto& finding : plan.findings) {
        require(!finding.code.empty() && !finding.portkey.empty() && !finding.llmgw.empty(),
                "a finding says what it is about");
    }
}

void try_import(std::string_view text, Sniffing sniffing) {
    PortkeyExports exports;
    if (!read_export(text, "file.json", sniffing, exports)) {
        return;
    }
    join_exports(exports);
    if (const auto plan = plan_import(exports, target(), {})) {
        require_sound(*plan);
    }
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = llmgw::fuzz::text_of(data, size);
    llmgw::fuzz::try_import(text, llmgw::Sniffing::named);
    llmgw::fuzz::try_import(text, llmgw::Sniffing::found);
    return 0;
}
