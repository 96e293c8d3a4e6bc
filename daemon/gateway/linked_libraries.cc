// SPDX-License-Identifier: Apache-2.0
#include <openssl/crypto.h>
#include <simdjson.h>
#include <spdlog/version.h>
#include <sqlite3.h>

#include <asio/version.hpp>

#include "daemon/gateway/gateway.h"
#include "daemon/http/local_endpoints.h"

namespace llmgw {

HeaderList linked_libraries() {
    const auto dotted = [](int major, int minor, int patch) {
        return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
    };
    return {{"httplib", httplib_version()},
            {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
            {"sqlite", sqlite3_libversion()},
            {"simdjson", dotted(simdjson::SIMDJSON_VERSION_MAJOR, simdjson::SIMDJSON_VERSION_MINOR,
                                simdjson::SIMDJSON_VERSION_REVISION)},
            {"spdlog", dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
            {"asio", dotted(ASIO_VERSION / 100000, ASIO_VERSION / 100 % 1000, ASIO_VERSION % 100)}};
}

}  // namespace llmgw
