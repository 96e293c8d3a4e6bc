// SPDX-License-Identifier: Apache-2.0

// Runs a fuzz target where clang's libFuzzer is not there: on each seed as it is, then on seeds
// changed at random, the same ones each time. It knows nothing of the code it reaches, so it finds
// less. Understands these of libFuzzer's options, and ignores the others:
//
//   TARGET_fuzz [-max_total_time=SECONDS] [-seed=N] [-dict=FILE] [-artifact_prefix=DIR/]
//               FILE_OR_FOLDER…
//
// The input that ends the process is kept in DIR/crash-TARGET.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/trial.h"

// Both sanitizers then end like a broken rule, so that one handler keeps the input.
extern "C" const char* __asan_default_options() {
    return "abort_on_error=1:handle_abort=0";
}
extern "C" const char* __ubsan_default_options() {
    return "abort_on_error=1:print_stacktrace=1";
}

namespace llmgw::fuzz {

namespace {

constexpr time_t kPatience = 20;             // seconds for one input
constexpr std::size_t kLongest = 16 * 1024;  // a mutated input
constexpr long kMemory = 1024L * 1024;       // KiB

// For the signal handler, which can take nothing else along.
std::string current_input;
std::string crash_file;

extern "C" void keep_input(int signal) {
    const int file = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file >= 0 && write(file, current_input.data(), current_input.size()) >= 0) {
        static_cast<void>(write(STDERR_FILENO, crash_file.data(), crash_file.size()));
        static_cast<void>(write(STDERR_FILENO, "\n", 1));
    }
    std::signal(signal, SIG_DFL);
    raise(signal);
}

class Mutator {
  public:
    Mutator(const std::vector<std::string>& seeds, const std::vector<std::string>& words,
            std::uint32_t seed)
        : seeds_(seeds), words_(words), random_(seed) {}

    std::string next() {
        std::string text = any_of(seeds_);
        for (std::size_t changes = pick(6) + 1; changes > 0; changes--) {
            change(text);
        }
        text.resize(std::min(text.size(), kLongest));
        return text;
    }

  private:
    std::size_t pick(std::size_t count) { return count == 0 ? 0 : random_() % count; }
    const std::string& any_of(const std::vector<std::string>& list) {
        return list[pick(list.size())];
    }

    void change(std::string& text) {
        const std::size_t at = pick(text.size() + 1);
        const std::size_t size = pick(std::min<std::size_t>(text.size() - at, 64) + 1);
        switch (pick(7)) {
            case 0:
                text.erase(at, size);
                break;
            case 1:
                text.insert(at, std::string(text, at, size));
                break;
            case 2:
                text.insert(at, any_of(words_));
                break;
            case 3:
                text.replace(at, size, any_of(words_));
                break;
            case 4:
                if (at < text.size()) {
                    text[at] = static_cast<char>(random_());
                }
                break;
            case 5: {
                const std::string& other = any_of(seeds_);
                const std::size_t from = pick(other.size() + 1);
                text.insert(at, std::string(other, from, pick(other.size() - from + 1)));
                break;
            }
            default:
                text.resize(at);
        }
    }

    const std::vector<std::string>& seeds_;
    const std::vector<std::string>& words_;
    std::minstd_rand random_;
};

// The words of a dictionary in libFuzzer's form: "text", with \", \\ and \xAB, one a line.
std::vector<std::string> read_words(const std::string& path) {
    std::vector<std::string> words = {"\""};
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with('"')) {
            continue;
        }
        std::string word;
        for (std::size_t at = 1; at + 1 < line.size(); at++) {
            if (line[at] == '\\' && line[at + 1] == 'x') {
                word += static_cast<char>(std::stoi(line.substr(at + 2, 2), nullptr, 16));
                at += 3;
            } else {
                at += line[at] == '\\' ? 1 : 0;
                word += line[at];
            }
        }
        words.push_back(word);
    }
    return words;
}

void add_seed(const std::filesystem::path& path, std::vector<std::string>& seeds) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

std::vector<std::string> read_seeds(const std::vector<std::string>& paths) {
    std::vector<std::string> seeds = {""};
    for (const std::string& path : paths) {
        if (!std::filesystem::is_directory(path)) {
            add_seed(path, seeds);
            continue;
        }
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
            if (entry.is_regular_file()) {
                files.push_back(entry.path());
            }
        }
        std::sort(files.begin(), files.end());
        for (const auto& file : files) {
            add_seed(file, seeds);
        }
    }
    return seeds;
}

void try_input(std::string input) {
    current_input = std::move(input);
    const itimerval patience{{}, {kPatience, 0}};
    setitimer(ITIMER_PROF, &patience, nullptr);  // of its own time: the machine may be busy
    // A copy of its own, so that reading over its end is seen.
    const std::vector<std::uint8_t> bytes(current_input.begin(), current_input.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    require(used.ru_maxrss < kMemory, "the memory it takes is bounded");
}

struct DriverOptions {
    std::vector<std::string> paths;
    std::string words;
    std::string folder;
    std::chrono::seconds limit{0};
    std::uint32_t seed = 1;
};

DriverOptions read_options(const std::vector<std::string>& arguments) {
    DriverOptions options;
    for (const std::string& argument : arguments) {
        const std::size_t sign = argument.find('=');
        const std::string name = argument.substr(0, sign);
        const std::string value = sign == std::string::npos ? "" : argument.substr(sign + 1);
        if (name == "-max_total_time") {
            options.limit = std::chrono::seconds(std::stoul(value));
        } else if (name == "-seed") {
            options.seed = static_cast<std::uint32_t>(std::stoul(value));
        } else if (name == "-dict") {
            options.words = value;
        } else if (name == "-artifact_prefix") {
            options.folder = value;
        } else if (!name.starts_with('-')) {
            options.paths.push_back(argument);
        }
    }
    return options;
}

void run(const std::string& program, const DriverOptions& options) {
    crash_file = options.folder + "crash-" + std::filesystem::path(program).filename().string();
    for (const int signal : {SIGABRT, SIGPROF}) {
        std::signal(signal, keep_input);
    }
    const auto end = std::chrono::steady_clock::now() + options.limit;
    const std::vector<std::string> seeds = read_seeds(options.paths);
    const std::vector<std::string> words = read_words(options.words);
    for (const std::string& text : seeds) {
        try_input(text);
    }
    Mutator mutator(seeds, words, options.seed);
    std::size_t count = seeds.size();
    for (; std::chrono::steady_clock::now() < end; count++) {
        try_input(mutator.next());
    }
    std::printf("%zu inputs\n", count);
}

}  // namespace

}  // namespace llmgw::fuzz

int main(int argc, char** argv) {
    llmgw::fuzz::run(argv[0], llmgw::fuzz::read_options({argv + 1, argv + argc}));
}
