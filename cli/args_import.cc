// SPDX-License-Identifier: Apache-2.0
#include "cli/args_tree.h"
#include "cli/import_portkey.h"

namespace llmgw {

void CommandTree::add_import_portkey() {
    const auto o = std::make_shared<ImportPortkeyOptions>();
    CLI::App* app = verb(&app_, "import-portkey", "Move a Portkey set-up here: show how, or do it",
                         run_import_portkey, o);
    argument(app, "PATH", o->paths, "Exports, configs, code, folders of them; - is stdin");
    CLI::Option* apply = app->add_flag("--apply", o->apply, "Write it; without this, only show it");
    CLI::Option* patch =
        app->add_flag("--patch", o->patch, "Print a diff that moves code and settings to llmgw")
            ->excludes(apply);
    app->add_flag("--prove", o->prove, "Print what each route does beside what Portkey did")
        ->excludes(apply)
        ->excludes(patch);
    value(app, "--name", o->name, "NAME", "The route's name, if there is one config");
    pairs(app, "--map", o->map, "Whose key a slug stands for, as in main-1a2b3c=openai")
        ->type_name("SLUG=PROVIDER");
    app->add_flag("--strict", o->strict, "Let warnings count as errors");
    value(app, "--portkey", o->portkey, "oss|hosted",
          "Which Portkey it is (hosted): the open-source gateway reads some settings otherwise");
    app->add_flag("--accept-guardrail-loss", o->accept_guardrail_loss,
                  "Import configs with guardrails that deny, without the guardrails");
}

}  // namespace llmgw
