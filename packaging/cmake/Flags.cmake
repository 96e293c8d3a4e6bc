# SPDX-License-Identifier: Apache-2.0
# llmgw_flags: what every target of llmgw is compiled and linked with.
include(CheckCXXCompilerFlag)
include(CheckIPOSupported)

add_library(llmgw_flags INTERFACE)
target_include_directories(llmgw_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_include_directories(llmgw_flags SYSTEM INTERFACE ${LLMGW_EXPECTED_INCLUDE_DIR})
target_compile_definitions(llmgw_flags INTERFACE LLMGW_VERSION="${PROJECT_VERSION}")
target_compile_options(llmgw_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
    $<$<BOOL:${LLMGW_WERROR}>:-Werror>
    # With C++20's designated initialisers, an absent member is a decision.
    -Wno-missing-field-initializers
    # g++ 12 sees fields of coroutine frames and optionals as uninitialised that are not.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)

set(hardening -fstack-protector-strong -fPIE)
check_cxx_compiler_flag(-fcf-protection=full has_cf_protection)
if(has_cf_protection)
    list(APPEND hardening -fcf-protection=full)
endif()
target_compile_options(llmgw_flags INTERFACE $<$<CONFIG:Release>:${hardening}>)
target_compile_definitions(llmgw_flags INTERFACE
    $<$<CONFIG:Release>:_FORTIFY_SOURCE=2> $<$<CONFIG:Release>:_GLIBCXX_ASSERTIONS>)
target_link_options(llmgw_flags INTERFACE
    $<$<CONFIG:Release>:-pie> $<$<CONFIG:Release>:-Wl,-z,relro,-z,now,-z,noexecstack>)
set(CMAKE_CXX_FLAGS_RELEASE "-O3")
# Line numbers for backtraces; what else -g adds takes a quarter of the time to compile.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

if(CMAKE_BUILD_TYPE STREQUAL "Release")
    check_ipo_supported(RESULT has_ipo OUTPUT ipo_message LANGUAGES CXX)
    if(has_ipo)
        set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
        # Two types of one name in two files are found only when linking.
        target_link_options(llmgw_flags INTERFACE
            $<$<CXX_COMPILER_ID:GNU>:-Werror=odr>
            # g++ 12 sees strings of half the address space where it has inlined std::string.
            $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>)
    else()
        message(WARNING "Building without link-time optimisation: ${ipo_message}")
    endif()
endif()

if(LLMGW_SANITIZE)
    target_compile_options(llmgw_flags INTERFACE
        -fsanitize=${LLMGW_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    # Asio's fences are not modelled; what they order is also ordered by its mutexes.
    target_compile_options(llmgw_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
    target_link_options(llmgw_flags INTERFACE -fsanitize=${LLMGW_SANITIZE})
    # Optimised, UndefinedBehaviorSanitizer's checks take g++ four times as long to compile.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
    endif()
endif()
