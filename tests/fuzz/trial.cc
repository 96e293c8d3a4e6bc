// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/trial.h"

#include <cstdio>
#include <cstdlib>
#include <random>

#include "common/base/json_scan.h"

namespace llmgw::fuzz {

void require(bool holds, const char* broken) {
    if (!holds) {
        std::fprintf(stderr, "does not hold: %s\n", broken);
        std::abort();
    }
}

std::vector<std::string_view> cut(std::string_view bytes) {
    std::uint32_t sum = 2166136261;  // FNV-1a
    for (const char c : bytes) {
        sum = (sum ^ static_cast<unsigned char>(c)) * 16777619;
    }
    std::minstd_rand random(sum);
    // Some inputs in many short pieces, others in a few long ones.
    const std::size_t longest = random() % 2 == 0 ? 8 : bytes.size() / 2 + 1;
    std::vector<std::string_view> pieces;
    while (!bytes.empty()) {
        const std::size_t size = random() % longest + 1;
        pieces.push_back(bytes.substr(0, size));
        bytes.remove_prefix(pieces.back().size());
    }
    return pieces;
}

void require_object(std::string_view text) {
    if (!scan_object(text)) {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
        require(false, "what is written is a JSON object");
    }
}

void require_events(std::string_view stream) {
    constexpr std::string_view kField = "data: ";
    while (!stream.empty()) {
        const std::size_t end = stream.find("\n\n");
        require(end != std::string_view::npos, "a written event has an end");
        const std::string_view event = stream.substr(0, end);
        stream.remove_prefix(end + 2);
        require(event.starts_with(kField), "a written event is data");
        require(event.find_first_of("\r\n") == std::string_view::npos, "it is one line");
        if (event != "data: [DONE]") {
            require_object(event.substr(kField.size()));
        }
    }
}

void require_bounded(std::size_t written, std::size_t read) {
    // A chunk of OpenAI's around one letter of a terse provider is about that much.
    constexpr std::size_t kFactor = 256;
    constexpr std::size_t kFrame = 4096;
    require(written <= kFactor * read + kFrame, "what is written is bounded by what was read");
}

}  // namespace llmgw::fuzz
