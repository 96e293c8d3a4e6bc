// SPDX-License-Identifier: Apache-2.0
#include <openssl/crypto.h>
#include <simdjson.h>
#include <spdlog/version.h>
#include <sqlite3.h>

#include <asio/version.hpp>
#ifdef LLMGW_MIMALLOC
#include <mimalloc.h>
#endif

#include "common/base/compress.h"
#include "common/routes/script_regex.h"
#include "daemon/gateway/gateway.h"
#include "daemon/http/local_endpoints.h"

namespace llmgw {

HeaderList linked_libraries() {
    const auto dotted = [](int major, int minor, int patch) {
        return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
    };
    HeaderList libraries{
        {"httplib", httplib_version()},
        {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
        {"sqlite", sqlite3_libversion()},
        {"zstd", zstd_version()},
        {"pcre2", pcre2_version()},
        {"simdjson", dotted(simdjson::SIMDJSON_VERSION_MAJOR, simdjson::SIMDJSON_VERSION_MINOR,
                            simdjson::SIMDJSON_VERSION_REVISION)},
        {"spdlog", dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
        {"asio", dotted(ASIO_VERSION / 100000, ASIO_VERSION / 100 % 1000, ASIO_VERSION % 100)}};
#ifdef LLMGW_MIMALLOC
    // Naming it here also keeps linkers that drop unused libraries from dropping it.
    const int version = mi_version();
    libraries.emplace_back("mimalloc", dotted(version / 100, version / 10 % 10, version % 10));
#endif
    return libraries;
}

}  // namespace llmgw
