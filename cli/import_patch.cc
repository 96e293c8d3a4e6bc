// SPDX-License-Identifier: Apache-2.0
#include "cli/import_patch.h"

#include <string>

#include "cli/output.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/portkey/source_patch.h"

namespace llmgw {
namespace {

PatchSettings patch_settings(const ImportPlan& plan) {
    PatchSettings settings;
    for (const PlannedRoute& route : plan.routes) {
        settings.routes[route.place.file + ":" + std::to_string(route.place.line)] = route.name;
        if (!route.slug.empty()) {
            settings.routes[route.slug] = route.name;
        }
    }
    for (const PlannedProvider& provider : plan.providers) {
        if (!provider.slug.empty()) {
            settings.labels[provider.slug] = provider.key.label;
        }
    }
    return settings;
}

std::string patch_json(const SourcePatch& patch) {
    Json out;
    out["patch"] = patch.diff;
    out["changed"] = patch.changed;
    out["left"] = Json::array();
    for (const LeftAlone& use : patch.left) {
        out["left"].push_back(
            {{"file", use.file}, {"line", use.line}, {"text", use.text}, {"reason", use.reason}});
    }
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string left_text(const SourcePatch& patch) {
    std::string text;
    for (const LeftAlone& use : patch.left) {
        text += printable(use.file) + ":" + std::to_string(use.line) +
                ": left alone: " + printable(use.reason) + "\n";
    }
    return text;
}

}  // namespace

void print_patch(const GlobalOptions& global, const SourceTree& tree, const ImportPlan& plan) {
    const SourcePatch patch = patch_sources(tree, patch_settings(plan));
    if (global.json) {
        write_out(patch_json(patch));
        return;
    }
    write_out(patch.diff);
    write_err(left_text(patch));
    note(global, patch.diff.empty()
                     ? "Nothing here can be changed with certainty."
                     : "Pipe it into `git apply`. The routes and keys that it names are made by "
                       "`llmgw import-portkey --apply`.");
}

}  // namespace llmgw
