//===- Heap.cpp - device memory that no host may touch --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "State.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

namespace fake_cuda {

static void *reserve(int64_t bytes, int protection) {
  void *memory = mmap(nullptr, size_t(bytes), protection,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

/// Addresses are used again as late as possible, so that what was freed is
/// recognised.
Heap::Heap(int64_t capacity)
    : most(capacity),
      // Small devices see many allocations, too.
      reserved(std::max(
          int64_t(1) << 30,
          std::min(16 * capacity, std::max(4 * capacity, int64_t(1) << 36)))) {
  begin = reinterpret_cast<uint64_t>(reserve(reserved, PROT_NONE));
  bytes = static_cast<char *>(reserve(reserved, PROT_READ | PROT_WRITE));
  marks = static_cast<uint8_t *>(reserve(reserved, PROT_READ | PROT_WRITE));
  if (!begin || !bytes || !marks)
    most = 0;
}

Heap::~Heap() {
  for (void *memory : {reinterpret_cast<void *>(begin),
                       static_cast<void *>(bytes), static_cast<void *>(marks)})
    if (memory)
      munmap(memory, size_t(reserved));
}

uint64_t Heap::allocate(int64_t size, int stream, int64_t number) {
  if (size > most - inUse)
    return 0;
  // No better aligned than a driver promises; a page lies between neighbours.
  constexpr uint64_t kAlignment = 256, kGap = 4096;
  auto room = (uint64_t(size) + kGap + 511) & ~uint64_t(511);
  if (next + room > uint64_t(reserved)) {
    next = 0; // around: behind what is alive at the lowest addresses
    for (auto &[address, each] : allocations)
      if (address - begin < next + room)
        next = (address - begin + uint64_t(each.bytes) + kGap + 511) &
               ~uint64_t(511);
    if (next + room > uint64_t(reserved))
      return 0;
  }
  uint64_t address = begin + next + kAlignment;
  next += room;
  freed.erase(freed.lower_bound(address), freed.lower_bound(begin + next));
  allocations[address] = {address, size, stream, number, {}};
  inUse += size;
  return address;
}

Allocation *Heap::find(uint64_t address) {
  auto it = allocations.upper_bound(address);
  if (it == allocations.begin())
    return nullptr;
  --it;
  Allocation &found = it->second;
  return address - found.address < uint64_t(found.bytes) ? &found : nullptr;
}

Allocation Heap::remove(uint64_t address) {
  auto it = allocations.find(address);
  Allocation gone = it->second;
  allocations.erase(it);
  inUse -= gone.bytes;
  freed[address] = gone.bytes;
  return gone;
}

void Heap::discard(const Allocation &gone) {
  // Whole pages go back to the system, the rest is cleared.
  constexpr uint64_t kPage = 4096;
  auto clear = [&](char *from) {
    auto low = reinterpret_cast<uint64_t>(from),
         high = low + uint64_t(gone.bytes),
         first = (low + kPage - 1) & ~(kPage - 1), last = high & ~(kPage - 1);
    if (first >= last) {
      std::memset(from, 0, size_t(gone.bytes));
      return;
    }
    std::memset(from, 0, first - low);
    std::memset(reinterpret_cast<char *>(last), 0, high - last);
    madvise(reinterpret_cast<void *>(first), last - first, MADV_DONTNEED);
  };
  clear(storage(gone.address));
  clear(reinterpret_cast<char *>(written(gone.address)));
}

bool Heap::wasFreed(uint64_t address) const {
  auto it = freed.upper_bound(address);
  if (it == freed.begin())
    return false;
  --it;
  return address - it->first < uint64_t(std::max(it->second, int64_t(1)));
}

void Heap::forgetAll() {
  while (!allocations.empty())
    discard(remove(allocations.begin()->first));
}

} // namespace fake_cuda
