# SPDX-License-Identifier: Apache-2.0
# Everything llmgw is built on, as distributions package it. A missing or too old one is named
# together with the package that has it.

# Stops with the package to install unless `found` is true.
function(llmgw_need found name package)
    if(NOT ${found})
        message(FATAL_ERROR
            "llmgw needs ${name}, which was not found.\n"
            "On Debian and Ubuntu: apt-get install ${package}\n"
            "Or let ./packaging/quickstart install everything.")
    endif()
endfunction()

find_package(PkgConfig QUIET)
llmgw_need(PKG_CONFIG_FOUND "pkg-config" pkg-config)
find_package(Threads REQUIRED)

find_package(OpenSSL 3.0 QUIET)
llmgw_need(OPENSSL_FOUND "OpenSSL 3.0 or newer" libssl-dev)
find_package(SQLite3 3.37 QUIET)
llmgw_need(SQLite3_FOUND "SQLite 3.37 or newer" libsqlite3-dev)
find_package(nlohmann_json 3.10 QUIET)
llmgw_need(nlohmann_json_FOUND "nlohmann-json 3.10 or newer" nlohmann-json3-dev)
find_package(spdlog 1.9 QUIET)
llmgw_need(spdlog_FOUND "spdlog 1.9 or newer" libspdlog-dev)
find_package(simdjson 1.0 QUIET)
if(NOT simdjson_FOUND)
    find_package(simdjson QUIET)
endif()
llmgw_need(simdjson_FOUND "simdjson 1.0 or newer" libsimdjson-dev)
find_package(CLI11 2.1 QUIET)
llmgw_need(CLI11_FOUND "CLI11 2.1 or newer" libcli11-dev)
pkg_check_modules(HTTPLIB QUIET IMPORTED_TARGET cpp-httplib>=0.11)
llmgw_need(HTTPLIB_FOUND "cpp-httplib 0.11 or newer" libcpp-httplib-dev)
pkg_check_modules(LIBEDIT QUIET IMPORTED_TARGET libedit)
llmgw_need(LIBEDIT_FOUND "libedit" libedit-dev)
pkg_check_modules(ZSTD QUIET IMPORTED_TARGET libzstd>=1.4)
llmgw_need(ZSTD_FOUND "zstd 1.4 or newer" libzstd-dev)
pkg_check_modules(PCRE2 QUIET IMPORTED_TARGET libpcre2-8>=10.34)
llmgw_need(PCRE2_FOUND "PCRE2 10.34 or newer" libpcre2-dev)

# An allocator that does not slow down when many requests are in flight. The sanitizers bring
# their own.
if(NOT LLMGW_SANITIZE)
    find_package(mimalloc QUIET)
    llmgw_need(mimalloc_FOUND "mimalloc" libmimalloc-dev)
endif()

# Header-only libraries without a CMake or pkg-config file of their own.
find_path(LLMGW_EXPECTED_INCLUDE_DIR tl/expected.hpp)
llmgw_need(LLMGW_EXPECTED_INCLUDE_DIR "tl-expected" libexpected-dev)
find_path(LLMGW_ASIO_INCLUDE_DIR asio.hpp)
llmgw_need(LLMGW_ASIO_INCLUDE_DIR "Asio (standalone) 1.18 or newer" libasio-dev)
find_path(LLMGW_VALIJSON_INCLUDE_DIR valijson/validator.hpp)
llmgw_need(LLMGW_VALIJSON_INCLUDE_DIR "valijson" libvalijson-dev)

add_library(llmgw_asio INTERFACE)
target_include_directories(llmgw_asio SYSTEM INTERFACE ${LLMGW_ASIO_INCLUDE_DIR})
target_compile_definitions(llmgw_asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
target_link_libraries(llmgw_asio INTERFACE Threads::Threads)

add_library(llmgw_valijson INTERFACE)
target_include_directories(llmgw_valijson SYSTEM INTERFACE ${LLMGW_VALIJSON_INCLUDE_DIR})
