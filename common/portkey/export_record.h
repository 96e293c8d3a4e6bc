// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/portkey/exports.h"
#include "common/portkey/loose_document.h"

namespace llmgw {

/// The kinds of objects that Portkey's admin API and Terraform provider know.
enum class RecordKind {
    config,
    virtual_key,
    provider,
    integration,
    integration_models,
    api_key,
    secret_reference,
    guardrail,
    prompt,
    policy,
    workspace,
};

/// By the name that the admin API gives it ("virtual-key"), or Terraform ("portkey_virtual_key").
[[nodiscard]] std::optional<RecordKind> record_kind(std::string_view name);

/// Adds one object to the exports. `record` is the object alone.
void read_record(RecordKind kind, const LooseDocument& record, const ExportPlace& place,
                 PortkeyExports& exports);

/// The part of a document that a pointer leads to, as a document of its own; `json` is its text.
[[nodiscard]] LooseDocument sub_document(const LooseDocument& whole, std::string_view pointer,
                                         std::string json);

}  // namespace llmgw
