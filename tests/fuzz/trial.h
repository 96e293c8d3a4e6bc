// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

/// What every fuzz target defines (llvm.org/docs/LibFuzzer.html). Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Shared by the fuzz targets: each gives one parser an input and checks what must hold of any.
namespace llmgw::fuzz {

[[nodiscard]] inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Ends the process with `broken`, the rule that does not hold, so that the input is kept.
void require(bool holds, const char* broken);

/// The input in pieces, cut where only the input decides: a finding can be replayed.
[[nodiscard]] std::vector<std::string_view> cut(std::string_view bytes);

/// Some text that must be one JSON object.
void require_object(std::string_view text);

/// A stream as clients get it: events whose data is one line, a JSON object or "[DONE]".
void require_events(std::string_view stream);

/// Nothing written for an input may be out of proportion to it.
void require_bounded(std::size_t written, std::size_t read);

}  // namespace llmgw::fuzz
