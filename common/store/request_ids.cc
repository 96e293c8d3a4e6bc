// SPDX-License-Identifier: Apache-2.0
#include "common/store/request_ids.h"

#include <algorithm>
#include <cstring>

#include "common/base/crc32.h"

namespace llmgw {

namespace {

constexpr std::size_t kHashSize = 4;

void append_hash(std::string& hashes, std::string_view request_id) {
    const std::uint32_t hash = crc32(request_id);
    for (unsigned shift = 0; shift < 32; shift += 8) {
        hashes += static_cast<char>((hash >> shift) & 0xFFU);
    }
}

std::string hash_of(std::string_view request_id) {
    std::string hash;
    append_hash(hash, request_id);
    return hash;
}

// Where a call's hash stands in its block.
std::size_t offset_of(std::int64_t id) {
    return static_cast<std::size_t>(id % kRequestIdBlock) * kHashSize;
}

}  // namespace

Result<void> add_request_ids(Database& database, std::int64_t first,
                             std::span<const CallView> calls) {
    while (!calls.empty()) {
        const std::int64_t block = first / kRequestIdBlock;
        std::string hashes;
        {
            auto query = database.prepare("SELECT hashes FROM request_ids WHERE block = ?");
            if (!query) {
                return tl::unexpected(query.error());
            }
            const auto row = query->bind(block).step();
            if (!row) {
                return tl::unexpected(row.error());
            }
            hashes = *row ? query->text_at(0) : std::string();
        }
        hashes.resize(offset_of(first));  // the ids have no gaps, but what was pruned
        const std::size_t room =
            static_cast<std::size_t>(kRequestIdBlock - first % kRequestIdBlock);
        const auto part = calls.first(std::min(room, calls.size()));
        for (const CallView& call : part) {
            append_hash(hashes, call.request_id);
        }
        auto store =
            database.prepare("INSERT OR REPLACE INTO request_ids VALUES (:block, :hashes)");
        if (!store) {
            return tl::unexpected(store.error());
        }
        if (auto stored = store->integer(":block", block).blob(":hashes", hashes).run(); !stored) {
            return stored;
        }
        first += static_cast<std::int64_t>(part.size());
        calls = calls.subspan(part.size());
    }
    return {};
}

RequestIdSearch::RequestIdSearch(Database& database, std::string_view request_id, std::int64_t last)
    : database_(database),
      wanted_(hash_of(request_id)),
      block_(last / kRequestIdBlock),
      end_(offset_of(last) + kHashSize) {}

Result<std::int64_t> RequestIdSearch::next() {
    while (true) {
        if (!loaded_) {
            auto query = database_.prepare(
                "SELECT block, hashes FROM request_ids WHERE block <= ? ORDER BY block DESC LIMIT "
                "1");
            if (!query) {
                return tl::unexpected(query.error());
            }
            const auto row = query->bind(block_).step();
            if (!row || !*row) {
                return row ? Result<std::int64_t>(0) : tl::unexpected(row.error());
            }
            if (query->integer_at(0) != block_) {
                block_ = query->integer_at(0);
                end_ = std::string::npos;
            }
            hashes_ = query->view_at(1);
            end_ = std::min(end_, hashes_.size());
            loaded_ = true;
        }
        while (end_ >= kHashSize) {
            end_ -= kHashSize;
            if (std::memcmp(hashes_.data() + end_, wanted_.data(), kHashSize) == 0) {
                return block_ * kRequestIdBlock + static_cast<std::int64_t>(end_ / kHashSize);
            }
        }
        block_--;
        end_ = std::string::npos;
        loaded_ = false;
    }
}

}  // namespace llmgw
