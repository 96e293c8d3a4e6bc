// SPDX-License-Identifier: Apache-2.0
#include "common/base/compress.h"

#include <zstd.h>

#include "common/base/error.h"

namespace llmgw {

namespace {

// Answers of a few kilobytes become half as large in 20 us; higher levels gain little on them.
constexpr int kLevel = 3;

ZSTD_CCtx* context_of(void* context) {
    return static_cast<ZSTD_CCtx*>(context);
}

}  // namespace

void Compressor::Free::operator()(void* context) const {
    ZSTD_freeCCtx(context_of(context));
}

Compressor::Compressor() : context_(ZSTD_createCCtx()) {
    LLMGW_ASSERT(context_ != nullptr);
    ZSTD_CCtx_setParameter(context_of(context_.get()), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(context_of(context_.get()), ZSTD_c_checksumFlag, 1);
}

Compressor::~Compressor() = default;

std::string Compressor::compress(std::string_view bytes) {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t size = ZSTD_compress2(context_of(context_.get()), out.data(), out.size(),
                                            bytes.data(), bytes.size());
    LLMGW_ASSERT(ZSTD_isError(size) == 0);  // there is room for whatever comes out
    out.resize(size);
    return out;
}

std::optional<std::string> decompress(std::string_view bytes, std::size_t max_bytes) {
    const auto claimed = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
    if (claimed == ZSTD_CONTENTSIZE_ERROR || claimed == ZSTD_CONTENTSIZE_UNKNOWN ||
        claimed > max_bytes) {
        return std::nullopt;
    }
    std::string out(static_cast<std::size_t>(claimed), '\0');
    const std::size_t size = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(size) != 0 || size != out.size()) {
        return std::nullopt;
    }
    return out;
}

const char* zstd_version() {
    return ZSTD_versionString();
}

}  // namespace llmgw
