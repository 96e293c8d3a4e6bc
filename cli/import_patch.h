// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/globals.h"
#include "common/portkey/plan.h"
#include "common/portkey/source_tree.h"

namespace llmgw {

/// `llmgw import-portkey --patch`: the diff that moves code from Portkey to llmgw on stdout, what
/// stays on stderr. Routes are called as the plan calls them.
void print_patch(const GlobalOptions& global, const SourceTree& tree, const ImportPlan& plan);

}  // namespace llmgw
