// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace llmgw {

/// What went wrong, as far as anybody has to act on it. exit_code() and the HTTP status of an
/// answer follow from it.
enum class Errc {
    failed,              // anything without a better name
    usage,               // wrong flags or arguments
    not_found,           // the named thing does not exist
    auth,                // a key is missing or wrong
    permission,          // the key is right but may not do this
    daemon_unreachable,  // nothing answers at the daemon's address
    upstream,            // the provider failed
    timeout,             // the provider did not answer in time
    limit,               // a rate limit refused the request
    budget,              // a budget is used up
    invalid_file,        // an input file, a setting or the database is not readable as such
    invalid_request,     // the client's request cannot be served as it is
    too_large,           // the request is over a limit of size
    overloaded,          // the daemon is at its limit, or nobody it could ask is ready
    conflict,            // it exists already, or something else holds it
    interrupted,         // the user stopped it
    bug,                 // a broken promise inside llmgw
};

/// A failure as a person should read it. Secrets enter neither text.
struct Error {
    Errc kind = Errc::failed;
    std::string message;  ///< one sentence: what failed, and where
    std::string hint;     ///< the next command or step; may be empty
    std::string code;     ///< OpenAI's machine-readable code (`model_not_found`); may be empty
    std::string param;    ///< the request field at fault; may be empty
    int http_status = 0;  ///< overrides the status that `kind` stands for; 0: it does not
    std::int64_t retry_after_s = 0;  ///< when it may work again (`Retry-After`); 0: not known
};

template <typename T>
using Result = tl::expected<T, Error>;

/// Makes the failed half of a Result: `return fail(Errc::not_found, "no such key", "llmgw keys")`.
[[nodiscard]] inline tl::unexpected<Error> fail(Errc kind, std::string message,
                                                std::string hint = {}) {
    Error error;
    error.kind = kind;
    error.message = std::move(message);
    error.hint = std::move(hint);
    return tl::unexpected<Error>(std::move(error));
}

/// The process's exit code for a failure (man/llmgw.1, EXIT STATUS).
[[nodiscard]] int exit_code(Errc kind);

/// A stable snake_case name for JSON output: `daemon_unreachable`.
[[nodiscard]] const char* errc_name(Errc kind);

/// Ends the process with a message when an invariant of llmgw itself is broken; kept in release.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace llmgw

#define LLMGW_ASSERT(expression)         \
    ((expression) ? static_cast<void>(0) \
                  : ::llmgw::assertion_failed(#expression, __FILE__, __LINE__))
