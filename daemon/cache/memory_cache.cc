// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/memory_cache.h"

#include <list>
#include <utility>

#include "daemon/cache/linear_table.h"

namespace llmgw {

namespace {

constexpr std::size_t kSweptBuckets = 1024;  // some 50 us
constexpr std::size_t kSweptByPut = 2;       // all of them while as many entries are put

// What an entry takes beside its answer: a node of the list, and what the allocator adds.
template <typename Node>
constexpr std::size_t kEntryBytes = sizeof(Node) + 2 * sizeof(void*) + 16;

}  // namespace

struct MemoryCache::Node {
    CacheKey key;
    SharedAnswer answer;
    std::size_t charge = 0;
    std::list<Node>::iterator self;
    Node* next_by_key = nullptr;
    Node* next_by_guard = nullptr;
};

struct MemoryCache::ByKey {
    static Node*& next(Node& node) { return node.next_by_key; }
    static std::uint64_t hash(const Node& node) { return node.key.hash(); }
};

struct MemoryCache::ByGuard {
    static Node*& next(Node& node) { return node.next_by_guard; }
    static std::uint64_t hash(const Node& node) { return node.answer->near->guard.hash(); }
};

struct MemoryCache::Tables {
    std::list<Node> used;  // last use first; owns the nodes
    LinearTable<Node, ByKey> by_key;
    LinearTable<Node, ByGuard> by_guard;  // those with a guard
};

MemoryCache::MemoryCache(std::size_t max_bytes)
    : tables_(std::make_unique<Tables>()), max_bytes_(max_bytes) {}

MemoryCache::~MemoryCache() = default;

SharedAnswer MemoryCache::find(const CacheKey& key, std::int64_t now) {
    return use(tables_->by_key.find(key.hash(), [&](const Node& node) { return node.key == key; }),
               now);
}

SharedAnswer MemoryCache::find_near(const CacheKey& guard, std::int64_t now) {
    return use(
        tables_->by_guard.find(guard.hash(),
                               [&](const Node& node) { return node.answer->near->guard == guard; }),
        now);
}

SharedAnswer MemoryCache::use(Node* node, std::int64_t now) {
    if (node == nullptr) {
        return nullptr;
    }
    if (node->answer->expires_at <= now) {
        drop(*node);
        return nullptr;
    }
    tables_->used.splice(tables_->used.begin(), tables_->used, node->self);
    return node->answer;
}

void MemoryCache::put(const CacheKey& key, SharedAnswer answer, std::int64_t now) {
    remove(key);
    const std::size_t charge = answer->memory() + kEntryBytes<Node>;
    if (charge + table_bytes() <= max_bytes_ && answer->expires_at > now) {
        Node& node = tables_->used.emplace_front();
        node.key = key;
        node.answer = std::move(answer);
        node.charge = charge;
        node.self = tables_->used.begin();
        tables_->by_key.insert(node);
        if (node.answer->near) {
            tables_->by_guard.insert(node);
        }
        answer_bytes_ += charge;
        size_++;
        make_room();
    }
    for (std::size_t i = 0; i < kSweptByPut; i++) {
        cursor_ = cursor_ < tables_->by_key.buckets() ? cursor_ : 0;
        Node* node = tables_->by_key.in_bucket(cursor_++);
        while (node != nullptr) {
            Node* const next = node->next_by_key;
            if (node->answer->expires_at <= now) {
                drop(*node);
            }
            node = next;
        }
    }
}

void MemoryCache::remove(const CacheKey& key) {
    Node* const node =
        tables_->by_key.find(key.hash(), [&](const Node& entry) { return entry.key == key; });
    if (node != nullptr) {
        drop(*node);
    }
}

void MemoryCache::drop(Node& node) {
    tables_->by_key.remove(node);
    if (node.answer->near) {
        tables_->by_guard.remove(node);
    }
    answer_bytes_ -= node.charge;
    size_--;
    tables_->used.erase(node.self);
}

std::size_t MemoryCache::table_bytes() const {
    return tables_->by_key.memory() + tables_->by_guard.memory();
}

void MemoryCache::make_room() {
    while (bytes() > max_bytes_ && size_ > 0) {
        drop(tables_->used.back());
    }
}

bool MemoryCache::sweep(std::size_t& cursor, std::int64_t now, const Unwanted& unwanted) {
    const std::size_t end = cursor + kSweptBuckets;
    for (; cursor < end && cursor < tables_->by_key.buckets(); cursor++) {
        Node* node = tables_->by_key.in_bucket(cursor);
        while (node != nullptr) {
            Node* const next = node->next_by_key;
            if (node->answer->expires_at <= now || (unwanted && unwanted(*node->answer))) {
                drop(*node);
            }
            node = next;
        }
    }
    return cursor >= tables_->by_key.buckets();
}

void MemoryCache::set_max_bytes(std::size_t max_bytes) {
    max_bytes_ = max_bytes;
    make_room();
}

}  // namespace llmgw
