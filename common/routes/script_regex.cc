// SPDX-License-Identifier: Apache-2.0
#include "common/routes/script_regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "common/base/text.h"
#include "common/routes/script_pattern.h"

namespace llmgw {

namespace {

// Patterns are matched on the loop's thread. These steps take some milliseconds; a sound pattern
// needs a few for each character.
constexpr std::uint32_t kSteps = 250'000;
constexpr std::uint32_t kStepsPerByte = 10;
constexpr std::uint32_t kDepth = 20'000;
constexpr std::uint32_t kHeapKiB = 8 * 1024;

constexpr std::uint32_t kOptions = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY |
                                   PCRE2_MATCH_UNSET_BACKREF | PCRE2_ALLOW_EMPTY_CLASS;

struct FreeContext {
    void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeMatch {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

std::uint32_t steps_for(std::size_t size) {
    constexpr std::size_t kLargest =
        (std::numeric_limits<std::uint32_t>::max() - kSteps) / kStepsPerByte;
    return kSteps + kStepsPerByte * static_cast<std::uint32_t>(std::min(size, kLargest));
}

}  // namespace

struct ScriptRegex::Code {
    explicit Code(pcre2_code* compiled) : code(compiled) {}
    ~Code() { pcre2_code_free(code); }
    Code(const Code&) = delete;
    Code& operator=(const Code&) = delete;

    pcre2_code* code;
};

Result<ScriptRegex> ScriptRegex::compile(std::string_view pattern) {
    const auto translated = perl_pattern(pattern);
    if (!translated) {
        return fail(Errc::invalid_file,
                    "\"" + printable(pattern) + "\" is no regular expression of JavaScript's");
    }
    int error = 0;
    PCRE2_SIZE at = 0;
    const auto* const text = reinterpret_cast<PCRE2_SPTR>(translated->data());
    pcre2_code* const compiled =
        pcre2_compile(text, translated->size(), kOptions, &error, &at, nullptr);
    if (compiled == nullptr) {
        std::array<PCRE2_UCHAR, 160> words{};
        pcre2_get_error_message(error, words.data(), words.size());
        return fail(Errc::invalid_file,
                    "the regular expression \"" + printable(pattern) +
                        "\" cannot be used: " + reinterpret_cast<const char*>(words.data()));
    }
    auto code = std::make_shared<const Code>(compiled);
    pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);  // where there is none, it is interpreted
    return ScriptRegex(std::move(code));
}

bool ScriptRegex::test(std::string_view text) const {
    const std::unique_ptr<pcre2_match_context, FreeContext> context(
        pcre2_match_context_create(nullptr));
    const std::unique_ptr<pcre2_match_data, FreeMatch> data(pcre2_match_data_create(1, nullptr));
    pcre2_set_match_limit(context.get(), steps_for(text.size()));
    pcre2_set_depth_limit(context.get(), kDepth);
    pcre2_set_heap_limit(context.get(), kHeapKiB);
    const auto* const subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    int found = pcre2_match(code_->code, subject, text.size(), 0, 0, data.get(), context.get());
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
        found = pcre2_match(code_->code, subject, text.size(), 0, PCRE2_NO_JIT, data.get(),
                            context.get());
    }
    return found >= 0;
}

std::string pcre2_version() {
    std::array<char, 64> text{};
    pcre2_config(PCRE2_CONFIG_VERSION, text.data());
    return std::string(text.data(), std::string_view(text.data()).find(' '));
}

}  // namespace llmgw
