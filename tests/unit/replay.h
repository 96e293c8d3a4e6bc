// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/providers/wire_adapter.h"
#include "decoded.h"

namespace llmgw {

/// An answer's bytes in all the pieces they may arrive in: what a golden file of a provider's
/// format is checked with.

/// Checks the events of an answer as a whole, byte by byte and cut in two at every byte.
inline void check_replay(const std::function<std::unique_ptr<AnswerDecoder>()>& make,
                         std::string_view bytes, const std::string& expected) {
    CHECK(decoded(*make(), {bytes}) == expected);
    std::vector<std::string_view> single;
    for (std::size_t i = 0; i < bytes.size(); i++) {
        single.push_back(bytes.substr(i, 1));
    }
    CHECK(decoded(*make(), single) == expected);
    for (std::size_t cut = 1; cut < bytes.size(); cut++) {
        const std::string got = decoded(*make(), {bytes.substr(0, cut), bytes.substr(cut)});
        if (got != expected) {
            CAPTURE(cut);
            CHECK(got == expected);
            return;
        }
    }
}

/// Feeds an answer with bytes changed at random, always the same ones: whatever comes of it, it is
/// an end. Sanitizers see the rest.
inline void check_mutations(const std::function<std::unique_ptr<AnswerDecoder>()>& make,
                            const std::string& bytes) {
    std::minstd_rand random(1);  // NOLINT(cert-msc51-cpp): repeatable by intent
    for (int round = 0; round < 300; round++) {
        std::string broken = bytes;
        for (int change = 0; change < 4; change++) {
            broken[random() % broken.size()] = "\"{}[],:\\\n0e\xff"[random() % 12];
        }
        broken.resize(broken.size() - random() % 40);
        const std::string text = decoded(*make(), {broken});
        CHECK((text.find("finish ") != std::string::npos ||
               text.find("error ") != std::string::npos ||
               text.find("failed: ") != std::string::npos));
    }
}

inline std::string test_data(const std::string& name) {
    std::ifstream file(std::string(LLMGW_TEST_DATA) + "/" + name, std::ios::binary);
    REQUIRE_MESSAGE(file, name);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace llmgw
