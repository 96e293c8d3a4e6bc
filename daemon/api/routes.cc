// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/routes.h"

#include <algorithm>
#include <iterator>

namespace llmgw {

std::string normal_path(std::string_view path) {
    std::string single;
    if (path.find("//") != std::string_view::npos) {
        std::unique_copy(path.begin(), path.end(), std::back_inserter(single),
                         [](char a, char b) { return a == '/' && b == '/'; });
        path = single;
    }
    if (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    if (path.starts_with("/openai/")) {
        path.remove_prefix(7);
    }
    if (path == "/v1" || path.starts_with("/v1/")) {
        path.remove_prefix(3);
    }
    return std::string(path.empty() ? "/" : path);
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
