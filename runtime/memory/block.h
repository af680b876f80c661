//===- block.h - the header before every payload ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_MEMORY_BLOCK_H
#define NOODLE_RUNTIME_MEMORY_BLOCK_H

#include "noodle-rt/runtime.h"

namespace noodle::rt {

/// Lies right before a payload. While the block is cached the pool uses `next`;
/// while it is live its owner (a context or a region) uses the links.
struct alignas(NOODLE_RT_ALIGNMENT) BlockHeader {
  static constexpr uint32_t kLive = 0x4e4f4f44; // "NOOD"
  static constexpr uint32_t kFree = 0x46524545; // "FREE"
  static constexpr uint32_t kLargeClass = ~0u;

  uint32_t magic;
  uint32_t sizeClass;
  int64_t bytes;    ///< asked for, rounded up to the alignment
  int64_t capacity; ///< of the payload
  Pool *pool;
  void *owner; ///< null when nobody but the caller of allocate() knows it
  BlockHeader *next, *previous;
  uint64_t unused;

  void *payload() { return this + 1; }
  static BlockHeader *of(void *payload) {
    return static_cast<BlockHeader *>(payload) - 1;
  }
  static const BlockHeader *of(const void *payload) {
    return static_cast<const BlockHeader *>(payload) - 1;
  }
};
static_assert(sizeof(BlockHeader) == NOODLE_RT_ALIGNMENT,
              "the payload must be aligned as the header is");

/// Above this a size is refused before any arithmetic can overflow.
inline constexpr int64_t kMaxBlockBytes = int64_t{1} << 56;

/// Rounds a valid size up to the alignment; 0 gives one unit, because every
/// block is a distinct address.
inline int64_t roundToAlignment(int64_t bytes) {
  constexpr int64_t a = NOODLE_RT_ALIGNMENT;
  return bytes <= a ? a : (bytes + a - 1) / a * a;
}
inline bool isBlockSize(int64_t bytes) {
  return bytes >= 0 && bytes <= kMaxBlockBytes;
}

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_MEMORY_BLOCK_H
