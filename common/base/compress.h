// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

/// Compresses with zstd, and with a checksum. Keeps its tables, some 1 MB, from use to use. For one
/// thread.
class Compressor {
  public:
    Compressor();
    ~Compressor();
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;

    [[nodiscard]] std::string compress(std::string_view bytes);

  private:
    struct Free {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, Free> context_;
};

/// What was compressed; nullopt when it is damaged or would be larger than `max_bytes`.
[[nodiscard]] std::optional<std::string> decompress(std::string_view bytes, std::size_t max_bytes);

[[nodiscard]] const char* zstd_version();

}  // namespace llmgw
