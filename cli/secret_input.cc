// SPDX-License-Identifier: Apache-2.0
#include "cli/secret_input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/output.h"
#include "common/base/home.h"
#include "common/base/text.h"
#include "common/secrets/secret_text.h"

namespace llmgw {
namespace {

constexpr std::size_t kMaxKeyBytes = 16 * 1024;  // service-account keys are the longest, at 3 KB
constexpr std::array kEndingSignals = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

constexpr const char* kKeyFlagsHint =
    "use --key-stdin, --key-file FILE, --key-command COMMAND, --key-env VARIABLE or --no-key";

/// "pc-production-gateway-1a2b3c": short parts, one of them a word. Random texts with dashes are
/// hexadecimal, or have letters of both cases.
bool is_slug(std::string_view text) {
    constexpr std::size_t kLongestPart = 16;
    constexpr std::size_t kShortestWord = 3;
    bool has_word = false;
    for (const auto part : split(text, '-')) {
        const bool letters =
            std::all_of(part.begin(), part.end(), [](char c) { return c >= 'a' && c <= 'z'; });
        const bool hexadecimal = part.find_first_of("ghijklmnopqrstuvwxyz") == part.npos;
        has_word = has_word || (letters && !hexadecimal && part.size() >= kShortestWord);
        if (part.size() > kLongestPart || to_lower(part) != part) {
            return false;
        }
    }
    return has_word;
}

volatile std::sig_atomic_t ending_signal = 0;

void remember_signal(int number) {
    ending_signal = number;
}

/// While it lives, the terminal does not echo, and signals that end the process are noticed by
/// wait_readable() only. ^Z waits until the terminal is as before.
class HiddenTerminal {
  public:
    HiddenTerminal() {
        ending_signal = 0;
        sigset_t blocked;
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGTSTP);
        for (const int number : kEndingSignals) {
            sigaddset(&blocked, number);
        }
        ::sigprocmask(SIG_BLOCK, &blocked, &old_mask_);
        struct sigaction action {};
        action.sa_handler = remember_signal;
        for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
            ::sigaction(kEndingSignals[i], &action, &old_actions_[i]);
        }
        ::tcgetattr(STDIN_FILENO, &old_terminal_);
        termios hidden = old_terminal_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        hidden.c_lflag |= ICANON | ECHONL;
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    ~HiddenTerminal() {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &old_terminal_);
        for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
            ::sigaction(kEndingSignals[i], &old_actions_[i], nullptr);
        }
        ::sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
    }
    HiddenTerminal(const HiddenTerminal&) = delete;
    HiddenTerminal& operator=(const HiddenTerminal&) = delete;

    /// False when a signal came first.
    [[nodiscard]] bool wait_readable() const {
        pollfd entry{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        sigset_t waiting = old_mask_;
        sigaddset(&waiting, SIGTSTP);
        const int ready = ::ppoll(&entry, 1, nullptr, &waiting);
        return ready > 0 && ending_signal == 0;
    }

  private:
    sigset_t old_mask_{};
    std::array<struct sigaction, kEndingSignals.size()> old_actions_{};
    termios old_terminal_{};
};

/// Reads up to and without the first newline, or to the end.
std::string read_line_from_stdin() {
    std::string line;
    char byte = 0;
    while (line.size() < kMaxKeyBytes && ::read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
        line += byte;
    }
    return line;
}

std::string read_all_from_stdin() {
    std::string content;
    while (content.size() < kMaxKeyBytes) {
        const std::string line = read_line_from_stdin();
        content += line + '\n';
        // Only a document goes on behind its first line; a pipe that stays open is no reason to
        // wait.
        if (line.empty() || !trim(content).starts_with('{')) {
            break;
        }
    }
    return content;
}

Result<KeyInput> stored(Result<std::string> content) {
    if (!content) {
        return tl::unexpected(std::move(content.error()));
    }
    auto key = secret_text(*content);
    if (!key) {
        return fail(Errc::usage, std::move(key.error().message), kKeyFlagsHint);
    }
    return KeyInput{.source = SecretSource::stored, .ref = "", .secret = *std::move(key)};
}

Result<KeyInput> from_file(const GlobalOptions& global, const std::string& file) {
    const std::string shown = looks_like_secret(file) ? "the key file" : file;
    std::error_code ignored;
    const std::string path = std::filesystem::absolute(file, ignored).lexically_normal().string();
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
        return fail(Errc::invalid_file, "--key-file: " + shown + " is not a file that can be read",
                    "put the key alone into a file of mode 0600");
    }
    const auto content = read_file(path);
    if (!content) {
        return fail(Errc::invalid_file, "--key-file: " + shown + " cannot be read",
                    "put the key alone into a file of mode 0600");
    }
    if (const auto key = secret_text(*content); !key) {
        return fail(Errc::invalid_file, "--key-file: " + shown + " does not start with a key",
                    "the first line is the key, alone, or the file is a JSON document");
    }
    if ((info.st_mode & 077U) != 0) {
        warn(global, "others may read " + shown + "; chmod 600 " + shown);
    }
    return KeyInput{.source = SecretSource::file, .ref = path, .secret = ""};
}

Result<KeyInput> from_variable(const GlobalOptions& global, const std::string& name) {
    const auto is_word = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    const bool starts_right = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
    if (!starts_right || !std::all_of(name.begin(), name.end(), is_word) ||
        looks_like_secret(name)) {
        return fail(Errc::usage, "--key-env takes the name of a variable, not a key",
                    "--key-env OPENAI_API_KEY");
    }
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') {
        warn(global, name + " is not set here; it must be where the gateway runs");
    }
    return KeyInput{.source = SecretSource::env, .ref = name, .secret = ""};
}

Result<KeyInput> ask(const GlobalOptions& global, const KeyPrompt& prompt) {
    if (!may_prompt(global)) {
        return fail(Errc::usage, "there is no key for " + prompt.subject + ", and nobody to ask",
                    kKeyFlagsHint);
    }
    for (const auto& name : prompt.variables) {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr || *value == '\0') {
            continue;
        }
        write_err(name + " is set (" + mask_secret(value) +
                  "). Refer to it, instead of storing a key? [Y/n] ");
        const std::string answer = to_lower(trim(read_line_from_stdin()));
        if (answer.empty() || answer == "y" || answer == "yes") {
            return KeyInput{.source = SecretSource::env, .ref = name, .secret = ""};
        }
        break;
    }
    return stored(read_hidden_line(prompt.subject + " key (not shown): "));
}

}  // namespace

Result<std::string> read_hidden_line(const std::string& question) {
    std::string line;
    bool ended = false;
    {
        const HiddenTerminal hidden;
        write_err(question);
        ended = !hidden.wait_readable();
        if (!ended) {
            line = read_line_from_stdin();
        }
    }
    if (ended) {
        write_err("\n");
        if (ending_signal != 0) {
            std::raise(ending_signal);  // as the caller's parent expects it to end
        }
        return fail(Errc::interrupted, "no key was typed");
    }
    return line;
}

bool looks_like_secret(std::string_view text) {
    constexpr std::array<std::string_view, 12> kPrefixes = {"sk-",    "sk_",  "pk-",    "AIza",
                                                            "gsk_",   "xai-", "llmgw_", "hf_",
                                                            "nvapi-", "r8_",  "csk-",   "AKIA"};
    const bool known =
        std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) {
            return text.starts_with(prefix) && text.size() > prefix.size() + 3;
        });
    const auto is_token = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.' || c == '+' || c == '=';
    };
    const bool has_digit = text.find_first_of("0123456789") != std::string_view::npos;
    constexpr std::size_t kTokenBytes = 24;
    return known || (text.size() >= kTokenBytes && has_digit && !is_slug(text) &&
                     std::all_of(text.begin(), text.end(), is_token));
}

Result<KeyInput> read_key(const GlobalOptions& global, const KeyFlags& flags,
                          const KeyPrompt& prompt) {
    const int given = static_cast<int>(flags.from_stdin) + static_cast<int>(!flags.file.empty()) +
                      static_cast<int>(!flags.command.empty()) +
                      static_cast<int>(!flags.env.empty()) + static_cast<int>(flags.none);
    if (given > 1) {
        return fail(Errc::usage, "a key has one source, but more than one was given",
                    kKeyFlagsHint);
    }
    if (flags.none) {
        return KeyInput{};
    }
    if (flags.from_stdin) {
        if (::isatty(STDIN_FILENO) == 1) {
            return stored(read_hidden_line(prompt.subject + " key (not shown): "));
        }
        return stored(read_all_from_stdin());
    }
    if (!flags.file.empty()) {
        return from_file(global, flags.file);
    }
    if (!flags.command.empty()) {
        return KeyInput{.source = SecretSource::command, .ref = flags.command, .secret = ""};
    }
    if (!flags.env.empty()) {
        return from_variable(global, flags.env);
    }
    return ask(global, prompt);
}

}  // namespace llmgw
