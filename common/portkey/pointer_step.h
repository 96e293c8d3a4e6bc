// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/portkey/loose_document.h"

namespace llmgw {

/// Goes down into a value as long as it lives: `pointer` leads to it.
class PointerStep {
  public:
    PointerStep(std::string& pointer, std::string_view name)
        : pointer_(pointer), size_(pointer.size()) {
        pointer_ = pointer_to(pointer_, name);
    }
    ~PointerStep() { pointer_.resize(size_); }
    PointerStep(const PointerStep&) = delete;
    PointerStep& operator=(const PointerStep&) = delete;
    PointerStep(PointerStep&&) = delete;
    PointerStep& operator=(PointerStep&&) = delete;

  private:
    std::string& pointer_;
    std::size_t size_;
};

}  // namespace llmgw
