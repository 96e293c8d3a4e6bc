// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/request_log.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/clock.h"
#include "daemon/log.h"

namespace llmgw {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Calls are collected for so long before they are written: a killed process loses no more than
// those of this time, and the loop wakes the writer at most once in it. Every time the writer wakes
// up it gets in the way of the loop and of whoever else is busy: at thousands of requests a second
// it does so less often.
constexpr milliseconds kCollect{100};
constexpr milliseconds kCollectBusy{1000};
constexpr std::size_t kBusyBatch = 500;
constexpr std::size_t kLargeBatch = 16'384;
// Some 6 MB, which a log that cannot be written takes up at most.
constexpr std::size_t kMostUnwritten = 65'536;
// Of one batch. A decision takes as much time and room as fifty calls; at thousands of requests a
// second some of them tell as much as all.
constexpr std::size_t kMostDecisions = 1024;
constexpr std::size_t kMostUnwrittenDecisions = 8192;
constexpr milliseconds kRetry{500};
constexpr int kOpenWaitMs = 100;  // at the start, which is not to take long
constexpr int kWriteWaitMs = 1000;
constexpr milliseconds kPruneInterval{10'000};
constexpr milliseconds kPruneTime{50};
constexpr std::int64_t kUsageMs = 400LL * 24 * 3'600'000;
constexpr std::size_t kMostText = 256;

// What clients name may be of any length. A character that is cut through goes, too.
std::string_view clip(std::string_view text) {
    if (text.size() <= kMostText) {
        return text;
    }
    std::size_t end = kMostText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
        end--;
    }
    return text.substr(0, end);
}

void add_up(SavedHealth& sum, SavedHealth&& more) {
    sum.forget_before = std::max(sum.forget_before, more.forget_before);
    std::move(more.rows.begin(), more.rows.end(), std::back_inserter(sum.rows));
    std::erase_if(sum.rows, [&](const HealthRow& row) { return row.begin < sum.forget_before; });
    if (more.rests) {
        sum.rests = std::move(more.rests);
    }
    more = {};
}

}  // namespace

RequestLog::RequestLog(std::string path, const LogSettings& settings)
    : path_(std::move(path)), next_prune_(Clock::now() + kPruneInterval), settings_(settings) {
    // Making a new one waits for the disk: the writer's thread does it.
    if (::access(path_.c_str(), F_OK) == 0 && open(kOpenWaitMs)) {
        auto health = store_->health();
        if (health) {
            saved_health_ = *std::move(health);
        } else {
            log(LogLevel::warn, "the saved health of keys cannot be read",
                {{"error", health.error().message}});
        }
        store_->set_lock_wait(kWriteWaitMs);
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

RequestLog::~RequestLog() = default;

void RequestLog::add(CallView call, std::shared_ptr<const Decision> decision) {
    call.request_id = clip(call.request_id);
    call.requested_model = clip(call.requested_model);
    call.model = clip(call.model);
    std::size_t size = 0;
    {
        const std::lock_guard lock(mutex_);
        if (!settings_.enabled) {
            return;
        }
        if (unwritten_ >= kMostUnwritten) {
            dropped_++;
            return;
        }
        if (decision != nullptr && work_.reasons.size() < kMostDecisions &&
            unwritten_ < kMostUnwrittenDecisions) {
            work_.reasons.push_back({work_.calls.size(), std::move(decision)});
        }
        work_.calls.add(call);
        unwritten_++;
        size = work_.calls.size();
    }
    // Waking a thread is a system call.
    if (size == 1 || size == kLargeBatch) {
        wake_.notify_one();
    }
}

void RequestLog::count_portkey(const std::vector<PortkeyHeaderUse>& uses) {
    {
        const std::lock_guard lock(mutex_);
        if (!settings_.enabled || uses.empty()) {
            return;
        }
        for (const PortkeyHeaderUse& use : uses) {
            work_.portkey.add(use);
        }
    }
    wake_.notify_one();
}

void RequestLog::save_health(SavedHealth health) {
    {
        const std::lock_guard lock(mutex_);
        add_up(work_.health, std::move(health));
    }
    wake_.notify_one();
}

void RequestLog::configure(const LogSettings& settings) {
    const std::lock_guard lock(mutex_);
    settings_ = settings;
}

void RequestLog::run(const std::stop_token& stop) {
    while (true) {
        // Asked before collecting: what is added before the stop is collected after it.
        const bool last = stop.stop_requested();
        collect(stop);
        write(last);
        if (last) {
            give_up();
            return;
        }
    }
}

// How long calls are collected.
milliseconds RequestLog::patience() const {
    return busy_ ? kCollectBusy : kCollect;
}

// Waits for work and takes it over.
void RequestLog::collect(const std::stop_token& stop) {
    Work work;
    {
        std::unique_lock lock(mutex_);
        if (failing_) {
            wake_.wait_for(lock, stop, kRetry, [] { return false; });
        } else {
            const milliseconds idle = prunable_ ? milliseconds(0) : kPruneInterval;
            wake_.wait_for(lock, stop, idle, [this] { return !work_.empty(); });
            if (!work_.empty()) {
                wake_.wait_for(lock, stop, patience(),
                               [this] { return work_.calls.size() >= kLargeBatch; });
            }
        }
        std::swap(work, work_);
        std::swap(work_.calls, spare_);
    }
    busy_ = work.calls.size() > kBusyBatch;
    add_up(unsaved_health_, std::move(work.health));
    unsaved_portkey_.add(work.portkey);
    if (!work.calls.empty()) {
        batches_.push_back(std::move(work));
    }
}

bool RequestLog::open(int lock_wait_ms) {
    if (store_ != nullptr && store_->is_gone()) {
        log(LogLevel::warn, "the log was deleted; another one is begun", {{"path", path_}});
        store_ = nullptr;
    }
    if (store_ != nullptr) {
        return true;
    }
    if (!damaged_) {
        auto opened = LogStore::open(path_, lock_wait_ms, &damaged_);
        if (opened) {
            store_ = *std::move(opened);
            return true;
        }
        if (!damaged_) {
            return done(tl::unexpected(opened.error()));
        }
    }
    return begin_anew();
}

// A damaged log is kept for whoever can make use of it, and is in nobody's way.
bool RequestLog::begin_anew() {
    damaged_ = false;  // another process may have been first: the next try finds out
    const auto aside = LogStore::set_aside(path_);
    if (!aside) {
        return done(tl::unexpected(aside.error()));
    }
    log(LogLevel::warn, "the log is damaged; it was renamed, and another one is begun",
        {{"renamed", *aside}});
    auto opened = LogStore::open(path_, kWriteWaitMs);
    if (!opened) {
        return done(tl::unexpected(opened.error()));
    }
    store_ = *std::move(opened);
    return true;
}

void RequestLog::write(bool last) {
    // A log that turns out to be damaged is replaced at once: nothing is lost by it.
    if (!write_all(last) && damaged_) {
        write_all(last);
    }
}

bool RequestLog::write_all(bool last) {
    const bool nothing = batches_.empty() && unsaved_health_.rows.empty() &&
                         !unsaved_health_.rests && unsaved_portkey_.empty();
    const bool pruning = last || prunable_ || Clock::now() >= next_prune_;
    if (nothing && !pruning) {
        return true;
    }
    // There is nothing to prune in a log that does not exist.
    if (nothing && store_ == nullptr && ::access(path_.c_str(), F_OK) != 0) {
        next_prune_ = Clock::now() + kPruneInterval;
        return true;
    }
    return open(kWriteWaitMs) && write_calls() && write_health() && write_portkey() &&
           (!pruning || prune(last));
}

bool RequestLog::write_calls() {
    while (!batches_.empty()) {
        Work& batch = batches_.front();
        std::vector<LoggedDecision> decisions;
        for (const Work::Reason& reason : batch.reasons) {
            decisions.push_back({reason.call, decision_json(*reason.decision)});
        }
        if (!done(store_->append(batch.calls, decisions))) {
            return false;
        }
        const std::size_t written = batch.calls.size();
        logged_ += written;
        batch.calls.clear();
        {
            const std::lock_guard lock(mutex_);
            unwritten_ -= written;
            std::swap(spare_, batch.calls);
        }
        batches_.pop_front();
    }
    return true;
}

bool RequestLog::write_health() {
    if (unsaved_health_.rows.empty() && !unsaved_health_.rests) {
        return true;
    }
    if (!done(store_->save_health(unsaved_health_))) {
        return false;
    }
    unsaved_health_ = {};
    return true;
}

bool RequestLog::write_portkey() {
    if (unsaved_portkey_.empty()) {
        return true;
    }
    if (!done(store_->add_portkey_headers(unsaved_portkey_.all()))) {
        return false;
    }
    unsaved_portkey_.clear();
    return true;
}

// Tells of the first failure and of the end of failures; between them there may be thousands.
bool RequestLog::done(const Result<void>& result) {
    if (!result) {
        if (!failing_) {
            log(LogLevel::warn, "the log cannot be written; requests go on without it",
                {{"error", result.error().message}, {"hint", result.error().hint}});
        }
        failing_ = true;
        damaged_ = store_ != nullptr && store_->is_damaged();
        // A lock passes by itself; whatever else it is may be mended by opening the file anew.
        if (result.error().kind != Errc::conflict) {
            store_ = nullptr;
        }
        return false;
    }
    if (failing_) {
        log(LogLevel::info, "the log is written again", {{"dropped", std::to_string(dropped_)}});
    }
    failing_ = false;
    return true;
}

bool RequestLog::prune(bool last) {
    PruneLimits limits;
    {
        const std::lock_guard lock(mutex_);
        limits.before = unix_ms() - settings_.keep_ms;
        limits.max_bytes = settings_.max_size;
    }
    limits.usage_before = unix_ms() - kUsageMs;
    next_prune_ = Clock::now() + kPruneInterval;
    const auto end = Clock::now() + kPruneTime;
    do {
        const auto more = store_->prune(limits);
        prunable_ = more && *more;
        if (!done(more ? Result<void>() : tl::unexpected(more.error()))) {
            return false;
        }
    } while (prunable_ && !last && Clock::now() < end);
    return true;
}

void RequestLog::give_up() {
    if (batches_.empty()) {
        return;
    }
    for (const Work& batch : batches_) {
        dropped_ += batch.calls.size();
    }
    log(LogLevel::warn, "some requests could not be logged",
        {{"dropped", std::to_string(dropped_)}});
}

}  // namespace llmgw
