// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "daemon/providers/bedrock.h"
#include "daemon/providers/event_stream.h"
#include "tests/fuzz/answer_trial.h"
#include "tests/fuzz/trial.h"
#include "tests/unit/event_stream_writer.h"

namespace llmgw::fuzz {

namespace {

std::string messages_of(const std::vector<std::string_view>& pieces) {
    EventStreamDecoder decoder;
    std::string found;
    for (const std::string_view piece : pieces) {
        decoder.feed(piece);
        for (;;) {
            const auto message = decoder.next();
            if (!message) {
                require(!decoder.next(), "a damaged stream stays damaged");
                return found + "damaged";
            }
            if (!message->has_value()) {
                break;
            }
            for (const EventStreamHeader& header : (*message)->headers) {
                found.append(header.name).append("=").append(header.value).append("\n");
            }
            found.append((*message)->payload).append("\n\n");
        }
    }
    return found + (decoder.in_message() ? "open" : "");
}

void put_big_endian(std::string& bytes, std::size_t at, std::size_t value) {
    bytes.replace(at, 4, big_endian(value, 4));
}

// The bytes as messages whose checksums are right, so that what is behind them is reached.
std::string with_checksums(std::string_view bytes) {
    constexpr std::size_t kLeast = 16;
    std::string out(bytes);
    std::size_t at = 0;
    while (out.size() - at >= kLeast) {
        const std::size_t left = out.size() - at;
        const auto low = static_cast<unsigned char>(out[at + 3]);
        const auto high = static_cast<unsigned char>(out[at + 2]);
        const std::size_t size = std::clamp<std::size_t>(high * 256U + low, kLeast, left);
        put_big_endian(out, at, size);
        put_big_endian(out, at + 8, crc32(std::string_view(out).substr(at, 8)));
        put_big_endian(out, at + size - 4, crc32(std::string_view(out).substr(at, size - 4)));
        at += size;
    }
    return out;
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view raw = fuzz::text_of(data, size);
    const std::string valid = fuzz::with_checksums(raw);
    for (const std::string_view bytes : {raw, std::string_view(valid)}) {
        fuzz::require(fuzz::messages_of({bytes}) == fuzz::messages_of(fuzz::cut(bytes)),
                      "messages are the same however they are cut");
        fuzz::try_answer(kBedrockAdapter, fuzz::request_for(true, false),
                         fuzz::target_at("aws-bedrock", "amazon.nova-pro-v1:0"), bytes);
    }
    return 0;
}
