// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace llmgw {

/// Fills with random bytes from the operating system. Any thread may call it.
void fill_random(std::span<unsigned char> bytes);

}  // namespace llmgw
