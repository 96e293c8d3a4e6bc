// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "common/base/fd.h"
#include "common/base/home.h"
#include "common/secrets/secret_text.h"
#include "daemon/gateway/provider_access.h"

extern char** environ;

namespace llmgw {

namespace {

constexpr std::chrono::milliseconds kCommandTime{5'000};
constexpr std::size_t kMaxSecret = 16 * 1024;

// Splits a command line at spaces; quotes keep words together. There is no shell.
std::vector<std::string> split_command(std::string_view command) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    char quote = 0;
    for (const char c : command) {
        if (quote != 0) {
            if (c == quote) {
                quote = 0;
            } else {
                word += c;
            }
        } else if (c == '"' || c == '\'') {
            quote = c;
            in_word = true;
        } else if (c == ' ' || c == '\t') {
            if (in_word) {
                words.push_back(std::move(word));
                word.clear();
                in_word = false;
            }
        } else {
            word += c;
            in_word = true;
        }
    }
    if (in_word) {
        words.push_back(std::move(word));
    }
    return words;
}

// The child's first output, until it ends or the time is up.
std::string read_output(int fd, std::chrono::steady_clock::time_point until) {
    std::string output;
    char buffer[4096];
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        pollfd waiting{fd, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) {
            return output;
        }
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got <= 0 || output.size() > kMaxSecret) {
            return output;
        }
        output.append(buffer, static_cast<std::size_t>(got));
    }
}

// Waits for the child until the time is up, then kills it. Its exit status, or -1.
int wait_for(pid_t child, std::chrono::steady_clock::time_point until) {
    int status = 0;
    for (;;) {
        const pid_t ended = ::waitpid(child, &status, WNOHANG);
        if (ended == child) {
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        if (ended < 0 && errno != EINTR) {
            return -1;
        }
        if (std::chrono::steady_clock::now() >= until) {
            ::kill(child, SIGKILL);
            ::waitpid(child, &status, 0);
            return -1;
        }
        ::usleep(2'000);
    }
}

Result<std::string> run_command(const std::string& command) {
    const std::vector<std::string> words = split_command(command);
    if (words.empty()) {
        return fail(Errc::auth, "the key command is empty");
    }
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return fail(Errc::failed, "cannot run the key command: no pipe");
    }
    const Fd output(ends[0]);
    Fd input(ends[1]);
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (const std::string& word : words) {
        argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, input.get(), 1);
    pid_t child = 0;
    const int error = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    input.reset();
    if (error != 0) {
        return fail(Errc::auth, "the key command \"" + words.front() + "\" cannot be run");
    }
    const auto until = std::chrono::steady_clock::now() + kCommandTime;
    const std::string text = read_output(output.get(), until);
    const int status = wait_for(child, until);
    if (status != 0) {
        return fail(Errc::auth,
                    "the key command \"" + words.front() +
                        (status < 0 ? "\" did not end within 5 s"
                                    : "\" failed with exit code " + std::to_string(status)));
    }
    return text;
}

}  // namespace

Result<std::string> read_secret(const ProviderKey& key, const Vault& vault) {
    Result<std::string> secret;
    switch (key.source) {
        case SecretSource::none:
            return std::string();
        case SecretSource::stored:
            secret = vault.unseal(key.sealed, secret_context(key));
            break;
        case SecretSource::env: {
            const char* const value = std::getenv(key.source_ref.c_str());
            if (value == nullptr || *value == '\0') {
                return fail(Errc::auth, "the variable " + key.source_ref + " is not set",
                            "export " + key.source_ref + " where llmgw runs");
            }
            secret = std::string(value);
            break;
        }
        case SecretSource::file: {
            auto content = read_file(key.source_ref);
            if (!content) {
                return tl::unexpected(content.error());
            }
            secret = std::move(*content);
            break;
        }
        case SecretSource::command:
            secret = run_command(key.source_ref);
            break;
    }
    if (!secret) {
        return secret;
    }
    auto text = secret_text(*secret);
    if (!text) {
        return fail(Errc::auth,
                    "the key of \"" + key.label + "\" is not usable: " + text.error().message,
                    "llmgw providers remove " + key.label + ", then add it again");
    }
    return text;
}

}  // namespace llmgw
