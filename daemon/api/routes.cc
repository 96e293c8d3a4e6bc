// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/routes.h"

namespace llmgw {

std::string normal_path(std::string_view path) {
    std::string normal;
    normal.reserve(path.size());
    for (const char c : path) {
        if (c != '/' || normal.empty() || normal.back() != '/') {
            normal += c;
        }
    }
    while (normal.size() > 1 && normal.back() == '/') {
        normal.pop_back();
    }
    if (normal.starts_with("/openai/")) {
        normal.erase(0, 7);
    }
    if (normal == "/v1" || normal.starts_with("/v1/")) {
        normal.erase(0, 3);
    }
    if (normal.empty()) {
        normal = "/";
    }
    return normal;
}

std::optional<Endpoint> inference_endpoint(std::string_view normal_path) {
    if (normal_path == "/chat/completions") {
        return Endpoint::chat_completions;
    }
    if (normal_path == "/completions") {
        return Endpoint::completions;
    }
    if (normal_path == "/embeddings") {
        return Endpoint::embeddings;
    }
    return std::nullopt;
}

bool is_public_path(std::string_view normal_path) {
    return normal_path == "/healthz" || normal_path == "/readyz" || normal_path == "/";
}

bool is_admin_path(std::string_view normal_path) {
    return normal_path.starts_with("/admin/");
}

}  // namespace llmgw
