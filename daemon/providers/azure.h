// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/url.h"
#include "daemon/providers/quirks.h"
#include "daemon/providers/wire_adapter.h"

namespace llmgw {

/// What Azure adds to the formats of OpenAI and Anthropic: paths, versions and headers. The bodies
/// are those formats' own. Options of a provider key that matter here: `api_version` ("v1", or a
/// date such as "2024-10-21") and `deployment`.

/// The deployment that a request is for: the option, or else the model's own name.
[[nodiscard]] std::string_view azure_deployment(const WireTarget& target);

/// Completes `request.path` ("/chat/completions", "/embeddings", "/responses" or "/messages") to
/// what stands behind `url.path` at an Azure resource. How a resource is asked follows from its
/// address: where that ends with `/openai/v1` the deployment is in the body; at `/models` of
/// Foundry, too; everywhere else it is in the path. Errors are Errc::invalid_request: a deployment
/// that no path can hold, or an operation that this kind of address does not have.
[[nodiscard]] Result<void> complete_azure_path(AdaptedRequest& request, const WireTarget& target,
                                               const BaseUrl& url);

/// Where a resource lists its models, from the host's root; empty for Foundry's own APIs and
/// Anthropic's, which have no such list.
[[nodiscard]] std::string azure_models_target(const WireTarget& target, const BaseUrl& url);

/// What must be changed in OpenAI's format for the version of the API that is asked; nullptr:
/// nothing. Azure before 2024-09-01-preview refuses `stream_options`.
[[nodiscard]] const Quirks* azure_quirks(const WireTarget& target, const BaseUrl& url);

/// Whether a chunk comes before the answer itself: the verdict on the prompt
/// (`prompt_filter_results`), with `choices` that are empty. The usage at the end is none.
[[nodiscard]] bool is_azure_prelude(std::string_view chunk);

/// The header line that carries the secret: `api-key`, or `Authorization` for a token of Microsoft
/// Entra, which is a JWT (RFC 7519) and so tells itself apart. Claude's API at Foundry takes its
/// own `x-api-key`.
[[nodiscard]] std::string azure_auth_field(Wire wire, std::string_view secret);

/// A resource's address as llmgw keeps it, and what else was in the address that was given.
struct AzureEndpoint {
    std::string base_url;     ///< "https://NAME.openai.azure.com", with "/openai/v1" if it had that
    std::string deployment;   ///< of ".../deployments/NAME/…"
    std::string api_version;  ///< of "?api-version=…"
};

/// Understands the addresses that people copy: a resource's root, with `/openai` or `/openai/v1`,
/// the whole address of a call from the portal's examples, and the address of a Foundry project.
/// Errors are Errc::usage, with what to copy instead.
[[nodiscard]] Result<AzureEndpoint> read_azure_url(std::string_view text);

}  // namespace llmgw
