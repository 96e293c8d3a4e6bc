// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_spinner.h"

#include <array>
#include <chrono>
#include <string>

#include "cli/output.h"

namespace llmgw {

namespace {
using std::chrono::milliseconds;
constexpr milliseconds kQuiet{300};
constexpr milliseconds kFrame{100};
constexpr std::array<const char*, 4> kFrames = {"|", "/", "-", "\\"};
constexpr const char* kErase = "\r\x1b[K";
}  // namespace

Spinner::Spinner(bool enabled) {
    if (enabled) {
        thread_ = std::thread([this] { run(); });
    }
}

Spinner::~Spinner() {
    stop();
}

void Spinner::stop() {
    if (!thread_.joinable()) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void Spinner::run() {
    const auto started = std::chrono::steady_clock::now();
    const auto stopping = [this] { return stopping_; };
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, kQuiet, stopping)) {
        return;
    }
    std::size_t frame = 0;
    do {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::steady_clock::now() - started);
        write_err(std::string("\r") + kFrames.at(frame++ % kFrames.size()) + " waiting " +
                  std::to_string(seconds.count()) + " s");
    } while (!wake_.wait_for(lock, kFrame, stopping));
    write_err(kErase);
}

}  // namespace llmgw
