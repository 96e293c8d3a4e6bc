// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/routes/document.h"
#include "common/routes/route.h"

namespace llmgw {

/// Reads one of LLM Gateway's dynamic routes, a graph without cycles, as a tree that decides the
/// same. What two branches share is there twice. Mistakes are noted in the document.
[[nodiscard]] RouteNode read_dynamic_route(const DocumentValue& graph);

}  // namespace llmgw
