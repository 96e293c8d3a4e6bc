// SPDX-License-Identifier: Apache-2.0
#pragma once

// Children of a test that all start their work at the same moment.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "common/base/fd.h"

namespace llmgw::test {

/// Runs `work` in `count` forked processes at once and returns what each wrote to the descriptor
/// it was given. A child ends without destructors, as if killed.
inline std::vector<std::string> run_processes(int count,
                                              const std::function<void(int, int)>& work) {
    int gate[2];
    if (::pipe(gate) != 0) {
        return {};
    }
    std::vector<Fd> outputs;
    std::vector<pid_t> children;
    for (int i = 0; i < count; i++) {
        int output[2];
        if (::pipe(output) != 0) {
            break;
        }
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(gate[1]);
            char byte = 0;
            static_cast<void>(!::read(gate[0], &byte, 1));  // returns when the parent closes it
            work(i, output[1]);
            ::kill(::getpid(), SIGKILL);
        }
        ::close(output[1]);
        outputs.emplace_back(output[0]);
        children.push_back(child);
    }
    ::close(gate[0]);
    ::close(gate[1]);
    std::vector<std::string> texts;
    for (const Fd& output : outputs) {
        std::string text;
        char buffer[512];
        for (ssize_t got = 0; (got = ::read(output.get(), buffer, sizeof buffer)) > 0;) {
            text.append(buffer, static_cast<std::size_t>(got));
        }
        texts.push_back(text);
    }
    for (const pid_t child : children) {
        ::waitpid(child, nullptr, 0);
    }
    return texts;
}

inline void say(int fd, const std::string& text) {
    static_cast<void>(!::write(fd, text.data(), text.size()));
}

}  // namespace llmgw::test
