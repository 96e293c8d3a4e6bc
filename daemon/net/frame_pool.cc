// SPDX-License-Identifier: Apache-2.0
#include "daemon/net/frame_pool.h"

#include <array>
#include <new>

namespace llmgw {

namespace {

constexpr std::size_t kStep = 128;
constexpr std::size_t kClasses = 32;    // up to 4 KiB; larger frames are left to malloc
constexpr std::size_t kMaxKept = 2048;  // of each size

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPooled = false;  // a sanitizer has to see every frame come and go
#else
constexpr bool kPooled = true;
#endif

struct FreeFrame {
    FreeFrame* next;
};

struct FreeList {
    FreeFrame* first = nullptr;
    std::size_t count = 0;
};

class Pool {
  public:
    Pool() = default;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() {
        for (FreeList& list : lists_) {
            while (list.first != nullptr) {
                FreeFrame* const frame = list.first;
                list.first = frame->next;
                ::operator delete(frame);
            }
        }
    }
    FreeList& of(std::size_t index) { return lists_[index]; }

  private:
    std::array<FreeList, kClasses> lists_;
};

thread_local Pool pool;

std::size_t class_of(std::size_t size) {
    return (size - 1) / kStep;
}

}  // namespace

void* allocate_frame(std::size_t size) {
    const std::size_t index = class_of(size);
    if (!kPooled || index >= kClasses) {
        return ::operator new(size);
    }
    FreeList& list = pool.of(index);
    if (list.first == nullptr) {
        return ::operator new((index + 1) * kStep);
    }
    FreeFrame* const frame = list.first;
    list.first = frame->next;
    list.count--;
    return frame;
}

void free_frame(void* frame, std::size_t size) noexcept {
    const std::size_t index = class_of(size);
    if (!kPooled || index >= kClasses || pool.of(index).count >= kMaxKept) {
        ::operator delete(frame);
        return;
    }
    FreeList& list = pool.of(index);
    list.first = ::new (frame) FreeFrame{list.first};
    list.count++;
}

}  // namespace llmgw
