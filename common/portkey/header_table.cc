// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/header_table.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"

namespace llmgw {

namespace {

using enum PortkeyUse;

// What Portkey's documentation, gateways and SDKs know of, old spellings and legacy ones, too.
constexpr auto kHeaders = std::to_array<PortkeyHeader>({
    {"amz-server-side-encryption", details},
    {"amz-server-side-encryption-aws-kms-key-id", details},
    {"amzn-sagemaker-custom-attributes", details},
    {"amzn-sagemaker-enable-explanations", details},
    {"amzn-sagemaker-inference-component", details},
    {"amzn-sagemaker-inference-id", details},
    {"amzn-sagemaker-model-name", details},
    {"amzn-sagemaker-session-id", details},
    {"amzn-sagemaker-target-container-hostname", details},
    {"amzn-sagemaker-target-model", details},
    {"amzn-sagemaker-target-variant", details},
    {"anthropic-aws-workspace-id", details},
    {"anthropic-beta", honoured, PortkeyField::provider_header},
    {"anthropic-version", ignored},
    {"api-key", honoured, PortkeyField::api_key},
    {"audio-file-duration", ignored},
    {"aws-access-key-id", details},
    {"aws-auth-type", details},
    {"aws-bedrock-model", details},
    {"aws-external-id", details},
    {"aws-region", details},
    {"aws-role-arn", details},
    {"aws-s3-bucket", details},
    {"aws-s3-object-key", details},
    {"aws-secret-access-key", details},
    {"aws-session-token", details},
    {"azure-ad-token", details},
    {"azure-api-version", details},
    {"azure-auth-mode", details},
    {"azure-deployment-id", details},
    {"azure-endpoint-name", details},
    {"azure-entra-client-id", details},
    {"azure-entra-client-secret", details},
    {"azure-entra-scope", details},
    {"azure-entra-tenant-id", details},
    {"azure-extra-params", details},
    {"azure-foundry-url", details},
    {"azure-managed-client-id", details},
    {"azure-model-name", details},
    {"azure-resource-name", details},
    {"azure-workload-client-id", details},
    {"beta", ignored},
    {"byteplus-region", details},
    {"cache", honoured, PortkeyField::cache},
    {"cache-force-refresh", honoured, PortkeyField::force_refresh},
    {"cache-namespace", honoured, PortkeyField::cache_namespace},
    {"client-auth", ignored},
    {"config", honoured, PortkeyField::config},
    {"custom-host", honoured, PortkeyField::custom_host},
    {"databricks-serving-endpoint-name", details},
    {"databricks-workspace", details},
    {"debug", honoured, PortkeyField::debug},
    {"default-input-guardrails", lost},
    {"default-output-guardrails", lost},
    {"fetch-integrated-models", ignored},
    {"file-purpose", ignored},
    {"file-upload-size", ignored},
    {"fireworks-account-id", details},
    {"force-config-override", ignored},
    {"forward-headers", honoured, PortkeyField::forward_headers},
    {"gateway-transport", ignored},
    {"huggingface-base-url", details},
    {"metadata", honoured, PortkeyField::metadata},
    {"mistral-fim-completion", ignored},
    {"mode", ignored},
    {"model-type", ignored},
    {"models-endpoint", ignored},
    {"nitro-mode", ignored},
    {"openai-beta", honoured, PortkeyField::provider_header},
    {"openai-organization", honoured, PortkeyField::provider_header},
    {"openai-project", honoured, PortkeyField::provider_header},
    {"oracle-api-version", details},
    {"oracle-compartment-id", details},
    {"oracle-fingerprint", details},
    {"oracle-key-passphrase", details},
    {"oracle-private-key", details},
    {"oracle-region", details},
    {"oracle-serving-mode", details},
    {"oracle-tenancy", details},
    {"oracle-user", details},
    {"package-version", ignored},
    {"parent-span-id", ignored},
    {"provider", honoured, PortkeyField::provider},
    {"provider-batch-endpoint", ignored},
    {"provider-file-name", ignored},
    {"provider-model", ignored},
    {"provider-responses-proxy", ignored},
    {"request-timeout", honoured, PortkeyField::request_timeout},
    {"retry", honoured, PortkeyField::retry_count},
    {"retry-count", honoured, PortkeyField::retry_count},
    {"router", ignored},
    {"runtime", ignored},
    {"runtime-version", ignored},
    {"sensitive-headers", ignored},
    {"snowflake-account", details},
    {"span-id", ignored},
    {"span-name", ignored},
    {"stability-client-id", details},
    {"stability-user-id", details},
    {"stability-version", details},
    {"strict-open-ai-compliance", ignored},
    {"strict-openai-compliance", ignored},
    {"trace-id", honoured, PortkeyField::trace_id},
    {"vertex-auth-type", details},
    {"vertex-project-id", details},
    {"vertex-region", details},
    {"vertex-service-account-json", details},
    {"vertex-storage-bucket-name", details},
    {"virtual-key", honoured, PortkeyField::virtual_key},
    {"workers-ai-account-id", details},
});

static_assert(std::is_sorted(kHeaders.begin(), kHeaders.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));

}  // namespace

std::span<const PortkeyHeader> portkey_headers() {
    return kHeaders;
}

const PortkeyHeader* find_portkey_header(std::string_view name) {
    const std::string lower = to_lower(name);
    const auto* const found = std::lower_bound(
        kHeaders.begin(), kHeaders.end(), lower,
        [](const PortkeyHeader& header, const std::string& key) { return header.name < key; });
    return found != kHeaders.end() && found->name == lower ? found : nullptr;
}

std::string_view portkey_use_name(PortkeyUse use) {
    switch (use) {
        case honoured:
            return "honoured";
        case details:
            return "details";
        case ignored:
            return "ignored";
        case lost:
            return "lost";
        case unknown:
            return "unknown";
    }
    return "";
}

}  // namespace llmgw
