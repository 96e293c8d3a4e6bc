// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/extra_headers.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/routes/header_names.h"

namespace llmgw {

namespace {

void set(ExtraHeaders& headers, std::string_view name, std::string_view value) {
    if (!header_problem(name).empty()) {
        return;
    }
    const auto known = std::find_if(headers.begin(), headers.end(), [&](const auto& one) {
        return equals_ignoring_case(one.first, name);
    });
    if (known == headers.end()) {
        headers.emplace_back(name, value);
    } else {
        known->second = value;
    }
}

bool is_set(const ExtraHeaders& headers, std::string_view line) {
    const std::string_view name = line.substr(0, line.find(':'));
    return std::any_of(headers.begin(), headers.end(),
                       [&](const auto& one) { return equals_ignoring_case(one.first, name); });
}

}  // namespace

ExtraHeaders extra_headers(const ExtraHeaders& own, const std::vector<std::string>& forwarded,
                           const RequestHead& client) {
    ExtraHeaders headers;
    for (const auto& [name, value] : own) {
        if (is_header_value(value)) {
            set(headers, name, value);
        }
    }
    for (const std::string& name : forwarded) {
        for (const HeaderView& header : client.headers) {
            if (equals_ignoring_case(header.name, name)) {
                set(headers, header.name, header.value);
            }
        }
    }
    return headers;
}

void set_headers(std::string& head, const ExtraHeaders& headers) {
    std::string out;
    out.reserve(head.size() + 64 * headers.size());
    std::string_view rest = head;
    bool request_line = true;
    while (!rest.empty() && !rest.starts_with("\r\n")) {
        const std::size_t size = std::min(rest.find("\r\n"), rest.size() - 2) + 2;
        const std::string_view line = rest.substr(0, size);
        if (request_line || !is_set(headers, line)) {
            out += line;
        }
        request_line = false;
        rest.remove_prefix(size);
    }
    for (const auto& [name, value] : headers) {
        out += name + ": " + value + "\r\n";
    }
    out += "\r\n";
    head = std::move(out);
}

}  // namespace llmgw
