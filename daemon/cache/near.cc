// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/near.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/json_scan.h"
#include "daemon/cache/near_text.h"

namespace llmgw {

namespace {

constexpr std::size_t kLongestText = 64 * 1024;
// How much more the words count than their order.
constexpr int kWordWeight = 3;

using Signature = decltype(NearPrint::signature);

// FNV-1a, with the finaliser of SplitMix64 behind it: all bits depend on all of the text.
std::uint64_t hash_of(std::string_view a, std::string_view b, std::uint64_t salt) {
    std::uint64_t hash = 0xcbf29ce484222325 ^ salt;
    const auto add = [&](std::string_view text) {
        for (const char c : text) {
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        }
        hash = (hash ^ 0xff) * 0x100000001b3;
    };
    add(a);
    add(b);
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
    return hash ^ hash >> 31;
}

// One permutation hashing (P. Li, A. Owen, C.-H. Zhang, 2012): each feature goes into one bin, of
// which the least is kept; 0 is an empty bin.
void note_feature(Signature& signature, std::uint64_t hash) {
    std::uint16_t& bin = signature[hash >> 58];
    const auto value = static_cast<std::uint16_t>(std::max<std::uint64_t>(hash & 0xffff, 1));
    bin = bin == 0 ? value : std::min(bin, value);
}

Signature signature_of(const std::vector<std::string>& words) {
    Signature signature{};
    for (std::size_t i = 0; i < words.size(); i++) {
        for (int salt = 0; salt < kWordWeight; salt++) {
            note_feature(signature, hash_of(words[i], "", static_cast<std::uint64_t>(salt) + 1));
        }
        if (i > 0) {
            note_feature(signature, hash_of(words[i - 1], words[i], 0));
        }
    }
    return signature;
}

// The text of the last message as it is written, with its quotes; empty when there is not one.
std::string_view last_user_text(const InferenceCall& call) {
    const JsonField* const messages = find_field(call.fields, "messages");
    if (call.endpoint != Endpoint::chat_completions || messages == nullptr) {
        return {};
    }
    const auto list = scan_array(messages->value);
    if (!list || list->empty()) {
        return {};
    }
    const auto message = nested_fields(list->back());
    const JsonField* const role = find_field(message, "role");
    const JsonField* content = find_field(message, "content");
    if (role == nullptr || content == nullptr || json_text(role->value) != "user") {
        return {};
    }
    if (json_kind(content->value) == JsonKind::array) {
        const auto parts = scan_array(content->value);
        if (!parts || parts->size() != 1) {
            return {};
        }
        const auto part = nested_fields(parts->front());
        content = find_field(part, "text");
        return content != nullptr && json_kind(content->value) == JsonKind::string
                   ? content->value
                   : std::string_view();
    }
    return json_kind(content->value) == JsonKind::string ? content->value : std::string_view();
}

}  // namespace

std::optional<NearPrint> near_print(RequestHasher& hasher, const KeyedRequest& request) {
    const std::string_view written = last_user_text(request.call);
    // A lone surrogate would be read as the same character as any other.
    if (written.empty() || written.size() > kLongestText ||
        written.find("\\ud") != std::string_view::npos ||
        written.find("\\uD") != std::string_view::npos) {
        return std::nullopt;
    }
    const NearText text = near_text(json_text(written).value_or(""));
    const auto guard = hasher.key_with(request, {written, text.meaning});
    if (!guard || text.words.empty()) {
        return std::nullopt;
    }
    return NearPrint{*guard, signature_of(text.words)};
}

double similarity(const NearPrint& a, const NearPrint& b) {
    if (a.guard != b.guard) {
        return 0;
    }
    int common = 0;
    int bins = 0;
    for (std::size_t i = 0; i < a.signature.size(); i++) {
        const bool empty = a.signature[i] == 0 && b.signature[i] == 0;
        bins += empty ? 0 : 1;
        common += !empty && a.signature[i] == b.signature[i] ? 1 : 0;
    }
    return bins == 0 ? 0 : static_cast<double>(common) / bins;
}

}  // namespace llmgw
