// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/cached_answer.h"

#include <cstring>
#include <type_traits>

namespace llmgw {

namespace {

// Changes with everything below it: answers of another version are not understood, and so missed.
constexpr std::uint8_t kVersion = 1;

constexpr std::size_t kBlock = 16;  // what an allocation costs beside its bytes

std::size_t heap_of(const std::string& text) {
    const std::string empty;
    return text.capacity() > empty.capacity() ? text.capacity() + kBlock : 0;
}

class AnswerWriter {
  public:
    template <typename Number>
    void number(Number value) {
        static_assert(std::is_trivially_copyable_v<Number>);
        out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void text(std::string_view value) {
        number(static_cast<std::uint64_t>(value.size()));
        out_ += value;
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    std::string out_;
};

// After the first value that is not there, all are zero and ok() is false.
class AnswerReader {
  public:
    explicit AnswerReader(std::string_view bytes) : rest_(bytes) {}

    template <typename Number>
    Number number() {
        static_assert(std::is_trivially_copyable_v<Number>);
        Number value{};
        if (ok_ && rest_.size() >= sizeof value) {
            std::memcpy(&value, rest_.data(), sizeof value);
            rest_.remove_prefix(sizeof value);
        } else {
            ok_ = false;
        }
        return value;
    }
    std::string text() {
        const auto size = number<std::uint64_t>();
        ok_ = ok_ && size <= rest_.size();
        std::string value(rest_.substr(0, ok_ ? static_cast<std::size_t>(size) : 0));
        rest_.remove_prefix(value.size());
        return value;
    }
    bool flag() {
        const auto value = number<std::uint8_t>();
        ok_ = ok_ && value <= 1;
        return value != 0;
    }
    [[nodiscard]] std::size_t left() const { return rest_.size(); }
    [[nodiscard]] bool ok() const { return ok_; }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

std::optional<std::vector<EventEnd>> read_events(AnswerReader& in, std::size_t bytes) {
    const auto count = in.number<std::uint64_t>();
    if (count > in.left() / sizeof(EventEnd)) {
        return std::nullopt;
    }
    std::vector<EventEnd> events(static_cast<std::size_t>(count));
    std::uint32_t last = 0;
    for (EventEnd& event : events) {
        event.offset = in.number<std::uint32_t>();
        event.milliseconds = in.number<std::uint32_t>();
        if (event.offset < last || event.offset > bytes) {
            return std::nullopt;
        }
        last = event.offset;
    }
    return events;
}

std::optional<NearPrint> read_near(AnswerReader& in) {
    if (!in.flag()) {
        return std::nullopt;
    }
    NearPrint near;
    near.guard = in.number<CacheKey>();
    near.signature = in.number<decltype(near.signature)>();
    return near;
}

}  // namespace

std::size_t CachedAnswer::memory() const {
    constexpr std::size_t kControlBlock = 16;  // of the shared_ptr, in one allocation with it
    return sizeof(CachedAnswer) + kControlBlock + kBlock + heap_of(bytes) + heap_of(id) +
           heap_of(model) + heap_of(provider) + heap_of(gateway_key) +
           (events.capacity() == 0 ? 0 : events.capacity() * sizeof(EventEnd) + kBlock);
}

std::string encode_answer(const CachedAnswer& answer) {
    AnswerWriter out;
    out.number(kVersion);
    out.number(static_cast<std::uint8_t>(answer.endpoint));
    out.number(static_cast<std::uint8_t>(answer.streamed));
    for (const std::string* text :
         {&answer.bytes, &answer.id, &answer.model, &answer.provider, &answer.gateway_key}) {
        out.text(*text);
    }
    out.number(static_cast<std::uint64_t>(answer.events.size()));
    for (const EventEnd& event : answer.events) {
        out.number(event.offset);
        out.number(event.milliseconds);
    }
    for (const std::int64_t number : {answer.created, answer.stored_at, answer.expires_at}) {
        out.number(number);
    }
    out.number(answer.input_tokens);
    out.number(answer.output_tokens);
    out.number(static_cast<std::uint8_t>(answer.cost.has_value()));
    out.number(answer.cost.value_or(Money{}).nano);
    out.number(static_cast<std::uint8_t>(answer.near.has_value()));
    if (answer.near) {
        out.number(answer.near->guard);
        out.number(answer.near->signature);
    }
    return out.take();
}

SharedAnswer decode_answer(std::string_view bytes) {
    AnswerReader in(bytes);
    if (in.number<std::uint8_t>() != kVersion) {
        return nullptr;
    }
    auto answer = std::make_shared<CachedAnswer>();
    const auto endpoint = in.number<std::uint8_t>();
    if (endpoint > static_cast<std::uint8_t>(Endpoint::embeddings)) {
        return nullptr;
    }
    answer->endpoint = static_cast<Endpoint>(endpoint);
    answer->streamed = in.flag();
    for (std::string* text :
         {&answer->bytes, &answer->id, &answer->model, &answer->provider, &answer->gateway_key}) {
        *text = in.text();
    }
    auto events = read_events(in, answer->bytes.size());
    if (!events) {
        return nullptr;
    }
    answer->events = std::move(*events);
    for (std::int64_t* number : {&answer->created, &answer->stored_at, &answer->expires_at}) {
        *number = in.number<std::int64_t>();
    }
    answer->input_tokens = in.number<std::uint64_t>();
    answer->output_tokens = in.number<std::uint64_t>();
    const bool has_cost = in.flag();
    const Money cost{in.number<std::int64_t>()};
    answer->cost = has_cost ? std::optional(cost) : std::nullopt;
    answer->near = read_near(in);
    return in.ok() && in.left() == 0 ? answer : nullptr;
}

}  // namespace llmgw
