// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace llmgw {

/// A hash table of nodes that somebody else owns, grown by linear hashing (W. Litwin, VLDB 1980):
/// each insertion splits one bucket, so that none ever has to wait for all to be moved. Buckets are
/// in segments that never move, and never more than the nodes there have been at one time.
///
/// `Traits` has `static Node*& next(Node&)`, the link of the bucket's list, and
/// `static std::uint64_t hash(const Node&)`, whose bits are taken as random.
template <typename Node, typename Traits>
class LinearTable {
  public:
    LinearTable() { add_bucket(); }

    void insert(Node& node) {
        count_++;
        if (count_ > buckets_) {
            split();
        }
        Node*& head = bucket(place_of(Traits::hash(node)));
        Traits::next(node) = head;
        head = &node;
    }
    void remove(Node& node) {
        Node** link = &bucket(place_of(Traits::hash(node)));
        while (*link != &node) {
            link = &Traits::next(**link);
        }
        *link = Traits::next(node);
        count_--;
    }
    template <typename Matches>
    [[nodiscard]] Node* find(std::uint64_t hash, Matches&& matches) {
        Node* node = bucket(place_of(hash));
        while (node != nullptr && !matches(*node)) {
            node = Traits::next(*node);
        }
        return node;
    }

    [[nodiscard]] std::size_t buckets() const { return buckets_; }
    /// The first node of a bucket.
    [[nodiscard]] Node* in_bucket(std::size_t number) { return bucket(number); }
    [[nodiscard]] std::size_t memory() const {
        return segments_.size() * sizeof(Segment) + segments_.capacity() * sizeof(segments_[0]);
    }

  private:
    static constexpr std::size_t kSegment = 512;
    using Segment = std::array<Node*, kSegment>;

    Node*& bucket(std::size_t number) { return (*segments_[number / kSegment])[number % kSegment]; }

    // With buckets_ between 2^n and 2^(n+1), a hash's last n + 1 bits tell its bucket, or the last
    // n where that one does not exist yet.
    [[nodiscard]] std::size_t place_of(std::uint64_t hash) const {
        const std::size_t wide = std::bit_ceil(buckets_ + 1);
        const auto place = static_cast<std::size_t>(hash & (wide - 1));
        return place < buckets_ ? place : place & (wide / 2 - 1);
    }
    void add_bucket() {
        if (buckets_ % kSegment == 0) {
            segments_.push_back(std::make_unique<Segment>());
        }
        buckets_++;
    }
    void split() {
        const std::size_t from = buckets_ - std::bit_floor(buckets_);
        add_bucket();
        Node* node = bucket(from);
        bucket(from) = nullptr;
        while (node != nullptr) {
            Node* const rest = Traits::next(*node);
            Node*& head = bucket(place_of(Traits::hash(*node)));
            Traits::next(*node) = head;
            head = node;
            node = rest;
        }
    }

    std::vector<std::unique_ptr<Segment>> segments_;
    std::size_t buckets_ = 0;
    std::size_t count_ = 0;
};

}  // namespace llmgw
