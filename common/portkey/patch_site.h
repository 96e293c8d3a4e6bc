// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "common/portkey/code_binding.h"
#include "common/portkey/code_imports.h"
#include "common/portkey/patch_call.h"

namespace llmgw {

/// A place where a client is made: `Portkey(…)`, or `OpenAI(…)` with Portkey's address.
struct ClientSite {
    std::size_t callee = 0;  ///< the token of its class
    std::size_t first = 0;   ///< the same, or `new` before it
    std::size_t close = 0;   ///< the bracket that ends it
    CodeBinding binding;
};

/// What a file has to import once its clients are changed.
struct NeededImports {
    std::set<std::string> openai;  ///< "OpenAI", "AsyncOpenAI"
    bool os = false;
    bool json = false;
};

/// Changes the places where clients are made, and the calls of these clients.
class SitePatcher {
  public:
    SitePatcher(const CodeTokens& code, const std::vector<CodeImport>& imports,
                const PatchTask& task, FilePatch& patch)
        : code_(code), imports_(imports), task_(task), patch_(patch) {}

    /// Looks at the name `callee`, which brackets follow.
    void run(std::size_t callee);
    [[nodiscard]] const NeededImports& needed() const { return needed_; }

  private:
    struct Arguments;

    void patch_portkey(const ClientSite& site, const std::string& exported);
    void patch_other(const ClientSite& site, bool model_in_client);
    [[nodiscard]] std::size_t options_list(const ClientSite& site) const;
    [[nodiscard]] Arguments arguments_of(const ClientSite& site) const;
    bool take_headers(const CodeItem& item, PortkeyAsk& ask);
    bool take_header_variable(const CodeItem& item, PortkeyAsk& ask);
    void check_binding(const ClientSite& site);
    void patch_uses(const ClientSite& site, const PortkeyAsk& ask, bool portkey);
    void finish(const ClientSite& site);
    [[nodiscard]] std::string key_expression() const;
    [[nodiscard]] bool python() const { return code_.language == CodeLanguage::python; }

    const CodeTokens& code_;
    const std::vector<CodeImport>& imports_;
    const PatchTask& task_;
    FilePatch& patch_;
    NeededImports needed_;
    CallPatch now_;  // of the site that is being changed
};

}  // namespace llmgw
