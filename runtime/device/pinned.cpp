//===- pinned.cpp - page-locked host memory, pooled -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "pinned.h"

#include <algorithm>

namespace noodle::rt {

CUresult PinnedPool::take(int64_t bytes, PinnedBlock &block) {
  int64_t size = bytes <= kSmallBytes ? kSmallBytes : kLargeBytes;
  {
    std::lock_guard lock(mutex);
    auto fits = [&](const PinnedBlock &known) { return known.bytes == size; };
    auto found = std::find_if(kept.begin(), kept.end(), fits);
    if (found != kept.end()) {
      block = *found;
      *found = kept.back();
      kept.pop_back();
      keptBytes -= block.bytes;
      return CUDA_SUCCESS;
    }
  }
  void *data = nullptr;
  CUresult result =
      driver.memHostAlloc(&data, size_t(size), CU_MEMHOSTALLOC_PORTABLE);
  if (result == CUDA_SUCCESS)
    block = {static_cast<char *>(data), size};
  return result;
}

void PinnedPool::give(PinnedBlock block) noexcept {
  if (!block.data)
    return;
  try {
    std::lock_guard lock(mutex);
    if (keptBytes + block.bytes <= kKeptBytes) {
      kept.push_back(block);
      keptBytes += block.bytes;
      return;
    }
  } catch (const std::exception &) {
  }
  driver.memFreeHost(block.data);
}

void PinnedPool::trim() noexcept {
  std::lock_guard lock(mutex);
  for (PinnedBlock &block : kept)
    driver.memFreeHost(block.data);
  kept.clear();
  keptBytes = 0;
}

} // namespace noodle::rt
