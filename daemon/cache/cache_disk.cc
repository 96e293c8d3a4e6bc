// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/cache_disk.h"

#include <algorithm>
#include <chrono>

#include "common/base/clock.h"
#include "daemon/cache/cache_file.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxQuestions = 1024;
constexpr std::size_t kMaxWaitingBytes = 16 * 1024 * 1024;
constexpr std::size_t kBatchBytes = 4 * 1024 * 1024;  // as much as a transaction writes
constexpr std::size_t kMaxUses = 4096;
constexpr std::chrono::milliseconds kInterval{250};  // between batches, if they are small
constexpr std::chrono::milliseconds kTrimTime{100};  // then what waits is written
constexpr std::chrono::seconds kLastWords{1};
constexpr int kReadLockWaitMs = 20;  // a request waits
constexpr int kWriteLockWaitMs = 250;

CacheEntry entry_of(const CacheKey& key, const CachedAnswer& answer) {
    CacheEntry entry;
    entry.key = key;
    entry.guard = answer.near ? std::optional(answer.near->guard) : std::nullopt;
    entry.created = answer.stored_at;
    entry.expires = answer.expires_at;
    entry.model = answer.model;
    entry.gateway_key = answer.gateway_key;
    entry.tokens = answer.input_tokens + answer.output_tokens;
    entry.cost = answer.cost;
    entry.value = encode_answer(answer);
    return entry;
}

}  // namespace

// What the writer's thread alone uses.
struct CacheDisk::Writer {
    CacheFile file;
    CacheBatch batch;  // not written yet
    std::vector<CacheFilter> filters;
    // From before the start too: whoever cleared while this process began meant its memory as well,
    // and what was stored later is not matched by them.
    std::int64_t seen_clearing = 0;
    std::int64_t max_bytes = 0;
    bool more_to_trim = false;
};

CacheDisk::CacheDisk(std::string path, OnClearings on_clearings)
    : path_(std::move(path)),
      on_clearings_(std::move(on_clearings)),
      reader_([this](const std::stop_token& stop) { run_reader(stop); }),
      writer_([this](const std::stop_token& stop) { run_writer(stop); }) {}

CacheDisk::~CacheDisk() = default;

void CacheDisk::use(bool enabled, std::int64_t max_bytes) {
    const std::lock_guard<std::mutex> hold(mutex_);
    enabled_ = enabled;
    max_bytes_ = max_bytes;
    reader_wake_.notify_one();
    writer_wake_.notify_one();
}

bool CacheDisk::read(const CacheKey& key, By by, OnRead on_read) {
    const std::lock_guard<std::mutex> hold(mutex_);
    if (!enabled_ || questions_.size() >= kMaxQuestions) {
        return false;
    }
    questions_.push_back({key, by, std::move(on_read)});
    reader_wake_.notify_one();
    return true;
}

void CacheDisk::write(const CacheKey& key, SharedAnswer answer) {
    const std::lock_guard<std::mutex> hold(mutex_);
    const std::size_t size = answer->memory();
    if (!enabled_ || answer_bytes_ + size > kMaxWaitingBytes) {
        dropped_++;
        return;
    }
    answers_.emplace_back(key, std::move(answer));
    answer_bytes_ += size;
    if (answer_bytes_ > kBatchBytes) {
        writer_wake_.notify_one();
    }
}

void CacheDisk::note(const CacheCounts& more) {
    const std::lock_guard<std::mutex> hold(mutex_);
    counts_ += more;
}

void CacheDisk::note_use(const CacheKey& key) {
    const std::lock_guard<std::mutex> hold(mutex_);
    if (used_.size() < kMaxUses && (used_.empty() || used_.back() != key)) {
        used_.push_back(key);
    }
}

void CacheDisk::clear(CacheFilter filter) {
    const std::lock_guard<std::mutex> hold(mutex_);
    filters_.push_back(std::move(filter));
    writer_wake_.notify_one();
}

void CacheDisk::run_reader(const std::stop_token& stop) {
    CacheFile file(path_, kReadLockWaitMs, "reading");
    while (!stop.stop_requested()) {
        std::deque<Question> questions;
        {
            std::unique_lock<std::mutex> lock(mutex_);
            if (!enabled_) {
                file.close();
            }
            reader_wake_.wait(lock, stop, [&] { return !questions_.empty(); });
            questions.swap(questions_);
        }
        for (const Question& question : questions) {
            CacheStore* const store = file.store();
            SharedAnswer answer;
            if (store != nullptr) {
                const std::int64_t now = unix_ms();
                const auto value = question.by == By::key ? store->find(question.key, now)
                                                          : store->find_near(question.key, now);
                if (value) {
                    file.succeeded();
                    answer = *value ? decode_answer(**value) : nullptr;
                } else {
                    file.failed(value.error());
                }
            }
            question.on_read(std::move(answer));
        }
    }
}

void CacheDisk::run_writer(const std::stop_token& stop) {
    Writer writer{CacheFile(path_, kWriteLockWaitMs, "writing"), {}, {}, 0, 0, false};
    while (!stop.stop_requested()) {
        {
            std::unique_lock<std::mutex> lock(mutex_);
            if (!enabled_ && answers_.empty()) {
                writer.file.close();
                writer_wake_.wait(lock, stop, [&] { return enabled_ || !filters_.empty(); });
            }
            const auto much = [&] { return answer_bytes_ > kBatchBytes || !filters_.empty(); };
            if (!writer.more_to_trim) {
                writer_wake_.wait_for(lock, stop, kInterval, much);
            }
        }
        write_step(writer);
    }
    const auto end = std::chrono::steady_clock::now() + kLastWords;
    do {
        take_work(writer);
        write_step(writer);
        const std::lock_guard<std::mutex> hold(mutex_);
        if (answers_.empty() && writer.batch.entries.empty()) {
            break;
        }
    } while (std::chrono::steady_clock::now() < end);
}

// As much as a transaction should have goes into the batch; what could not be written is still in
// it.
void CacheDisk::take_work(Writer& writer) {
    std::vector<std::pair<CacheKey, SharedAnswer>> taken;
    {
        const std::lock_guard<std::mutex> hold(mutex_);
        std::size_t bytes = 0;
        while (writer.batch.entries.empty() && !answers_.empty() && bytes < kBatchBytes) {
            const std::size_t size = answers_.front().second->memory();
            bytes += size;
            answer_bytes_ -= size;
            taken.push_back(std::move(answers_.front()));
            answers_.pop_front();
        }
        writer.batch.used.insert(writer.batch.used.end(), used_.begin(), used_.end());
        used_.clear();
        writer.batch.counts += std::exchange(counts_, {});
        writer.filters.insert(writer.filters.end(), filters_.begin(), filters_.end());
        filters_.clear();
        writer.max_bytes = max_bytes_;
    }
    for (const auto& [key, answer] : taken) {
        writer.batch.entries.push_back(entry_of(key, *answer));
    }
    if (writer.batch.used.size() > kMaxUses) {
        writer.batch.used.clear();
    }
}

void CacheDisk::write_step(Writer& writer) {
    take_work(writer);
    CacheBatch& batch = writer.batch;
    CacheStore* const store = writer.file.store();
    if (store == nullptr) {
        dropped_ += batch.entries.size();
        batch.entries.clear();
        writer.more_to_trim = false;
        return;
    }
    if (!batch.entries.empty() || !batch.used.empty() || batch.counts != CacheCounts{}) {
        batch.now = unix_ms();
        if (const auto written = store->write(batch)) {
            writer.file.succeeded();
            batch = {};
        } else {
            // A lock goes away: it is tried again. Of anything else the answers are not kept for.
            if (written.error().kind != Errc::conflict) {
                dropped_ += batch.entries.size();
                batch.entries.clear();
            }
            writer.file.failed(written.error());
            writer.more_to_trim = false;
            return;
        }
    }
    tell_clearings(writer);
    trim(writer);
}

void CacheDisk::tell_clearings(Writer& writer) {
    CacheStore* const store = writer.file.store();
    if (store == nullptr) {
        return;
    }
    while (!writer.filters.empty()) {
        if (const auto cleared = store->clear(writer.filters.back(), unix_ms()); !cleared) {
            writer.file.failed(cleared.error());  // may have ended the store
            return;
        }
        writer.filters.pop_back();
    }
    auto clearings = store->clearings(writer.seen_clearing);
    const auto last = store->last_clearing();
    if (!clearings || !last) {
        writer.file.failed(clearings ? last.error() : clearings.error());
        return;
    }
    if (!clearings->empty()) {
        writer.seen_clearing = clearings->back().id;
        on_clearings_(std::move(*clearings));
    } else if (*last < writer.seen_clearing) {
        writer.seen_clearing = *last;  // another file
    }
}

void CacheDisk::trim(Writer& writer) {
    const auto end = std::chrono::steady_clock::now() + kTrimTime;
    writer.more_to_trim = false;
    while (CacheStore* const store = writer.file.store()) {
        const auto more = store->trim(writer.max_bytes, unix_ms());
        if (!more) {
            writer.file.failed(more.error());
            return;
        }
        if (!*more) {
            return;
        }
        if (std::chrono::steady_clock::now() > end) {
            writer.more_to_trim = true;
            return;
        }
    }
}

}  // namespace llmgw
