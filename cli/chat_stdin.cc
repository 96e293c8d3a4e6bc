// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_stdin.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "cli/output.h"

namespace llmgw {

namespace {
// A program that keeps our stdin open without writing to it would look like a hang.
constexpr int kWaitBeforeNoteMs = 2000;
constexpr std::size_t kBlock = 65536;
}  // namespace

bool Stdin::is_terminal() const {
    return ::isatty(STDIN_FILENO) == 1;
}

Result<std::string> Stdin::read_all(std::string_view reader) {
    if (!reader_.empty()) {
        return fail(Errc::usage,
                    "stdin is already read for " + reader_ + ", so not for " + std::string(reader),
                    "use - only once");
    }
    reader_ = reader;
    return read_to_end(reader);
}

Result<std::string> Stdin::read_to_end(std::string_view reader) const {
    if (is_terminal()) {
        note(global_, "type " + std::string(reader) + ", then ^D on a line of its own");
    }
    std::string text;
    std::array<char, kBlock> block{};
    bool noted = is_terminal() || !llmgw::is_terminal(STDERR_FILENO);
    while (true) {
        std::array<pollfd, 2> waiting{{{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                       {.fd = cancel_.fd(), .events = POLLIN, .revents = 0}}};
        const int ready = ::poll(waiting.data(), waiting.size(), noted ? -1 : kWaitBeforeNoteMs);
        if (cancel_.fired()) {
            return fail(Errc::interrupted, "interrupted");
        }
        if (ready < 0) {
            continue;  // a signal that is not for us
        }
        if (ready == 0) {
            note(global_, "llmgw: reading " + std::string(reader) + " from stdin, up to its end");
            noted = true;
            continue;
        }
        const ssize_t count = ::read(STDIN_FILENO, block.data(), block.size());
        if (count < 0 && errno != EINTR && errno != EAGAIN) {
            return fail(Errc::failed, std::string("cannot read stdin: ") + std::strerror(errno));
        }
        if (count == 0) {
            return text;
        }
        if (count > 0) {
            text.append(block.data(), static_cast<std::size_t>(count));
        }
    }
}

}  // namespace llmgw
