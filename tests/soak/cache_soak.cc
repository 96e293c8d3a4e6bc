// SPDX-License-Identifier: Apache-2.0
// Puts, gets, evicts and clears at random in two response caches over one file, while the file is
// deleted, damaged and locked, for as many seconds as it is told: `cache_soak [SECONDS] [SEED]`.
// Every answer that comes back must be the one that was put. Meant for builds with sanitizers.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "daemon/cache/response_cache.h"

namespace llmgw {

namespace {

constexpr unsigned kKeys = 500;
constexpr std::int64_t kMemory = 400'000;

CacheKey key_of(unsigned number) {
    CacheKey key;
    for (std::size_t i = 0; i < key.bytes.size(); i++) {
        key.bytes[i] = static_cast<unsigned char>(number >> (8 * (i % 2)));
    }
    return key;
}

// Says itself under which key it was put.
std::shared_ptr<CachedAnswer> answer_of(unsigned number, std::size_t size) {
    auto answer = std::make_shared<CachedAnswer>();
    answer->id = std::to_string(number);
    answer->bytes = answer->id + ":" + std::string(size, static_cast<char>('a' + number % 26));
    answer->model = number % 2 == 0 ? "gpt-5" : "claude";
    answer->gateway_key = number % 3 == 0 ? "k_1" : "k_2";
    if (number % 5 == 0) {
        answer->near.emplace();
        answer->near->guard = key_of(number + 10'000);
        answer->near->signature.fill(1);
    }
    return answer;
}

void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "broken: %s\n", what);
        std::abort();
    }
}

class Soak {
  public:
    Soak(std::string path, std::uint32_t seed)
        : path_(std::move(path)), random_(seed), cache_(loop_, path_), other_(loop_, path_) {
        cache_.configure(settings(true));
        other_.configure(settings(true));
    }

    void run(std::chrono::seconds time) {
        end_ = std::chrono::steady_clock::now() + time;
        for (int i = 0; i < kWorkers; i++) {
            spawn(work());
        }
        loop_.run();
        std::printf("%llu operations, %llu found\n", static_cast<unsigned long long>(operations_),
                    static_cast<unsigned long long>(found_));
        require(found_ > 0, "something is found");
    }

  private:
    static constexpr int kWorkers = 8;

    CacheSettings settings(bool enabled) {
        CacheSettings settings{};
        settings.enabled = enabled;
        settings.ttl_ms = 10 + pick(2'000);
        settings.max_size = 8 << 20;
        settings.memory = kMemory;
        settings.max_entry = 60'000;
        settings.near = true;
        settings.near_threshold = 0.8;
        return settings;
    }
    unsigned pick(unsigned count) { return static_cast<unsigned>(random_() % count); }

    void check(unsigned number, const SharedAnswer& answer) {
        if (answer) {
            found_++;
            require(
                answer->id == std::to_string(number) && answer->bytes.starts_with(answer->id + ":"),
                "an answer comes back under its own key");
        }
    }

    Task<void> work() {
        while (std::chrono::steady_clock::now() < end_) {
            operations_++;
            ResponseCache& cache = pick(2) == 0 ? cache_ : other_;
            const unsigned number = pick(kKeys);
            const unsigned what = pick(1'000);
            if (what < 400) {
                cache.put(key_of(number),
                          answer_of(number, pick(3) == 0 ? pick(70'000) : pick(2'000)));
            } else if (what < 850) {
                const SharedAnswer answer = co_await cache.lookup(key_of(number));
                check(number, answer);
                if (answer) {
                    cache.hit(key_of(number), *answer);
                } else {
                    cache.missed();
                }
            } else if (what < 985) {
                const NearPrint print = answer_of(number / 5 * 5, 0)->near.value();
                const NearAnswer near = co_await cache.lookup_near(print);
                check(number / 5 * 5, near.answer);
            } else {
                disturb(cache, what);
            }
            require(cache.memory_bytes() <= static_cast<std::size_t>(kMemory),
                    "the memory is bounded");
            co_await loop_.sleep(std::chrono::milliseconds(pick(50) == 0 ? 1 : 0));
        }
        if (++finished_ == kWorkers) {
            loop_.stop();
        }
    }

    void disturb(ResponseCache& cache, unsigned what) {
        if (what < 990) {
            cache.clear({pick(2) == 0 ? "gpt*" : "", pick(2) == 0 ? "k_1" : "", std::nullopt});
        } else if (what < 996) {
            cache.configure(settings(pick(4) != 0));
        } else if (what == 996 && pick(20) == 0) {
            std::error_code ignored;
            std::filesystem::remove(path_, ignored);
        } else if (what == 997 && pick(20) == 0) {
            std::ofstream(path_, std::ios::binary) << std::string(100'000, 'x');
        } else {
            cache.configure(settings(true));
        }
    }

    std::string path_;
    std::minstd_rand random_;
    Loop loop_;
    ResponseCache cache_, other_;
    std::chrono::steady_clock::time_point end_;
    std::uint64_t operations_ = 0, found_ = 0;
    int finished_ = 0;
};

}  // namespace

}  // namespace llmgw

int main(int argc, char** argv) {
    const int seconds = argc > 1 ? std::atoi(argv[1]) : 2;
    const unsigned seed = argc > 2 ? static_cast<unsigned>(std::atoi(argv[2])) : 1;
    std::string folder = (std::filesystem::temp_directory_path() / "llmgw-soak-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        return 1;
    }
    llmgw::Soak(folder + "/cache.db", seed).run(std::chrono::seconds(seconds));
    std::filesystem::remove_all(folder);
    return 0;
}
