// SPDX-License-Identifier: Apache-2.0
#include "common/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace llmgw {

int exit_code(Errc kind) {
    switch (kind) {
        case Errc::usage:
            return 2;
        case Errc::not_found:
            return 3;
        case Errc::auth:
        case Errc::permission:
            return 4;
        case Errc::daemon_unreachable:
            return 5;
        case Errc::upstream:
        case Errc::timeout:
            return 6;
        case Errc::limit:
        case Errc::budget:
        case Errc::overloaded:
            return 7;
        case Errc::invalid_file:
            return 8;
        case Errc::bug:
            return 70;
        case Errc::interrupted:
            return 130;
        case Errc::failed:
        case Errc::invalid_request:
        case Errc::too_large:
        case Errc::conflict:
            return 1;
    }
    return 1;
}

const char* errc_name(Errc kind) {
    switch (kind) {
        case Errc::failed:
            return "failed";
        case Errc::usage:
            return "usage";
        case Errc::not_found:
            return "not_found";
        case Errc::auth:
            return "auth";
        case Errc::permission:
            return "permission_denied";
        case Errc::daemon_unreachable:
            return "daemon_unreachable";
        case Errc::upstream:
            return "upstream_error";
        case Errc::timeout:
            return "upstream_timeout";
        case Errc::limit:
            return "rate_limit_exceeded";
        case Errc::budget:
            return "insufficient_quota";
        case Errc::invalid_file:
            return "invalid_file";
        case Errc::invalid_request:
            return "invalid_request";
        case Errc::too_large:
            return "request_too_large";
        case Errc::overloaded:
            return "overloaded";
        case Errc::conflict:
            return "conflict";
        case Errc::interrupted:
            return "interrupted";
        case Errc::bug:
            return "bug";
    }
    return "failed";
}

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "llmgw: bug: %s does not hold (%s:%d)\n", expression, file, line);
    std::abort();
}

}  // namespace llmgw
