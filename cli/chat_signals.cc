// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_signals.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "common/base/error.h"

namespace llmgw {

namespace {

// A handler gets nothing but the signal's number.
std::atomic<Cancel*> current_cancel = nullptr;
std::atomic<int> last_signal = 0;
std::atomic<bool> second_is_held = false;

static_assert(std::atomic<Cancel*>::is_always_lock_free && std::atomic<int>::is_always_lock_free &&
                  std::atomic<bool>::is_always_lock_free,
              "the handler may touch lock-free atomics only");

}  // namespace

extern "C" {
static void on_chat_signal(int signal_number) {
    const int saved_errno = errno;
    if (last_signal.exchange(signal_number) != 0 && !second_is_held.load()) {
        ::_exit(signal_exit_code(signal_number));
    }
    if (Cancel* cancel = current_cancel.load()) {
        cancel->fire();
    }
    errno = saved_errno;
}
}

namespace {

void install(int signal_number, struct sigaction& old) {
    struct sigaction action {};
    action.sa_handler = on_chat_signal;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(signal_number, nullptr, &old);
    if (old.sa_handler != SIG_IGN) {
        ::sigaction(signal_number, &action, nullptr);
    }
}

}  // namespace

ChatSignals::ChatSignals(Cancel& cancel) : cancel_(cancel) {
    LLMGW_ASSERT(current_cancel.load() == nullptr);
    last_signal = 0;
    second_is_held = false;
    current_cancel = &cancel;
    install(SIGINT, old_interrupt_);
    install(SIGTERM, old_terminate_);
}

ChatSignals::~ChatSignals() {
    ::sigaction(SIGINT, &old_interrupt_, nullptr);
    ::sigaction(SIGTERM, &old_terminate_, nullptr);
    current_cancel = nullptr;
}

int ChatSignals::received() const {
    return last_signal.load();
}

void ChatSignals::clear() {
    last_signal = 0;
    cancel_.reset();
}

void ChatSignals::hold_second(bool hold) {
    second_is_held = hold;
}

}  // namespace llmgw
