// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/response_cache.h"

#include <asio/post.hpp>
#include <utility>

#include "common/base/clock.h"
#include "daemon/cache/near.h"

namespace llmgw {

namespace {

std::size_t as_size(std::int64_t bytes) {
    return static_cast<std::size_t>(bytes);
}

CacheCounts saved_by(const CachedAnswer& answer) {
    CacheCounts counts;
    counts.tokens_saved = answer.input_tokens + answer.output_tokens;
    counts.saved = answer.cost.value_or(Money{});
    return counts;
}

}  // namespace

// A question to the disk and the coroutine that waits for its answer. Both the coroutine and the
// reader's thread hold it: the coroutine may be gone when the answer comes.
struct ResponseCache::Question {
    SharedAnswer answer;
    bool answered = false;
    std::coroutine_handle<> waiting;

    void resume() {
        if (waiting) {
            std::exchange(waiting, nullptr).resume();
        }
    }

    struct Wait {
        Question& question;
        explicit Wait(Question& asked) : question(asked) {}
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;
        ~Wait() { question.waiting = nullptr; }
        [[nodiscard]] bool await_ready() const noexcept { return question.answered; }
        void await_suspend(std::coroutine_handle<> handle) noexcept { question.waiting = handle; }
        void await_resume() const noexcept {}
    };
};

ResponseCache::ResponseCache(Loop& loop, std::string path)
    : loop_(loop), path_(std::move(path)), self_(std::make_shared<ResponseCache*>(this)) {}

ResponseCache::~ResponseCache() = default;

void ResponseCache::configure(const CacheSettings& settings) {
    settings_ = settings;
    if (!settings.enabled) {
        if (disk_) {
            disk_->use(false, settings.max_size);
            sweep(std::make_shared<const std::vector<CacheClearing>>(1), 0);  // everything
        }
        return;
    }
    if (!memory_) {
        memory_ = std::make_unique<MemoryCache>(as_size(settings.memory));
    }
    memory_->set_max_bytes(as_size(settings.memory));
    if (!disk_) {
        // Called on the writer's thread.
        auto on_clearings = [&io = loop_.io(), self = std::weak_ptr<ResponseCache*>(self_)](
                                std::vector<CacheClearing> clearings) {
            auto shared = std::make_shared<const std::vector<CacheClearing>>(std::move(clearings));
            asio::post(io, [self, shared] {
                if (const auto alive = self.lock()) {
                    (*alive)->sweep(shared, 0);
                }
            });
        };
        disk_ = std::make_unique<CacheDisk>(path_, std::move(on_clearings));
    }
    disk_->use(true, settings.max_size);
}

SharedAnswer ResponseCache::peek(const CacheKey& key) {
    return settings_.enabled ? memory_->find(key, unix_ms()) : nullptr;
}

Task<SharedAnswer> ResponseCache::lookup(CacheKey key) {
    if (SharedAnswer answer = peek(key)) {
        co_return answer;
    }
    SharedAnswer answer = co_await ask_disk(key, CacheDisk::By::key);
    if (answer && settings_.enabled) {
        memory_->put(key, answer, unix_ms());
    }
    co_return answer;
}

Task<NearAnswer> ResponseCache::lookup_near(NearPrint print) {
    NearAnswer found;
    if (settings_.enabled) {
        found.answer = memory_->find_near(print.guard, unix_ms());
    }
    if (!found.answer) {
        found.answer = co_await ask_disk(print.guard, CacheDisk::By::guard);
    }
    if (found.answer && found.answer->near) {
        found.similarity = similarity(*found.answer->near, print);
    }
    if (found.similarity < settings_.near_threshold) {
        found = {};
    }
    co_return found;
}

Task<SharedAnswer> ResponseCache::ask_disk(CacheKey key, CacheDisk::By by) {
    if (!settings_.enabled) {
        co_return nullptr;
    }
    const auto question = std::make_shared<Question>();
    auto on_read = [&io = loop_.io(), question](SharedAnswer answer) {
        asio::post(io, [question, answer = std::move(answer)]() mutable {
            question->answer = std::move(answer);
            question->answered = true;
            question->resume();
        });
    };
    if (!disk_->read(key, by, std::move(on_read))) {
        co_return nullptr;
    }
    // Not at once: what goes on then ends the deadline, too.
    Deadline deadline(loop_, [&io = loop_.io(), question] {
        asio::post(io, [question] { question->resume(); });
    });
    deadline.set(kMaxWait);
    Question::Wait wait(*question);
    co_await wait;
    co_return question->answer;
}

void ResponseCache::put(const CacheKey& key, std::shared_ptr<CachedAnswer> answer,
                        std::optional<std::int64_t> ttl_ms) {
    if (!settings_.enabled || answer->bytes.size() > as_size(settings_.max_entry)) {
        return;
    }
    answer->stored_at = unix_ms();
    answer->expires_at = answer->stored_at + ttl_ms.value_or(settings_.ttl_ms);
    const SharedAnswer stored = std::move(answer);
    memory_->put(key, stored, stored->stored_at);
    disk_->write(key, stored);
}

void ResponseCache::count(const CacheCounts& more) {
    counts_ += more;
    if (disk_) {
        disk_->note(more);
    }
}

void ResponseCache::hit(const CacheKey& key, const CachedAnswer& answer) {
    CacheCounts counts = saved_by(answer);
    counts.hits = 1;
    count(counts);
    if (disk_) {
        disk_->note_use(key);
    }
}

void ResponseCache::missed() {
    CacheCounts counts;
    counts.misses = 1;
    count(counts);
}

void ResponseCache::coalesced(const CachedAnswer& answer) {
    CacheCounts counts = saved_by(answer);
    counts.coalesced = 1;
    count(counts);
}

void ResponseCache::clear(const CacheFilter& filter) {
    CacheFilter now = filter;
    now.created_before = filter.created_before.value_or(unix_ms() + 1);
    sweep(std::make_shared<const std::vector<CacheClearing>>(1, CacheClearing{0, now}), 0);
    if (disk_) {
        disk_->clear(filter);
    }
}

// A part of the memory at a time, so that no request waits for all of it.
void ResponseCache::sweep(std::shared_ptr<const std::vector<CacheClearing>> clearings,
                          std::size_t cursor) {
    if (!memory_) {
        return;
    }
    const auto cleared = [&](const CachedAnswer& answer) {
        for (const CacheClearing& clearing : *clearings) {
            if (clearing.filter.matches(answer.model, answer.gateway_key, answer.stored_at)) {
                return true;
            }
        }
        return false;
    };
    if (!memory_->sweep(cursor, unix_ms(), cleared)) {
        asio::post(loop_.io(), [self = std::weak_ptr<ResponseCache*>(self_),
                                clearings = std::move(clearings), cursor] {
            if (const auto alive = self.lock()) {
                (*alive)->sweep(clearings, cursor);
            }
        });
    }
}

}  // namespace llmgw
