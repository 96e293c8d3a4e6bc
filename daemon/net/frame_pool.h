// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace llmgw {

/// Memory for coroutine frames. A request needs some thirty of them, many over the size that malloc
/// is quick with; so freed ones are kept, by size, for the thread that freed them.
[[nodiscard]] void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace llmgw
