//===- AllocationTest.cpp - every allocation may fail ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Replaces operator new in this program. While a test counts down, the chosen
// allocation throws; every call must turn that into one error and leak nothing
// (the address sanitizer's build sees to the second).
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include <functional>
#include <new>

using namespace noodle::rt::io;

namespace {
thread_local int64_t allocationsLeft = -1;

void *allocate(size_t size, size_t alignment) {
  if (allocationsLeft >= 0 && allocationsLeft-- == 0)
    return nullptr;
  alignment = std::max(alignment, sizeof(void *));
  return aligned_alloc(alignment,
                       (size + alignment - 1) / alignment * alignment);
}

/// Fails the n-th allocation of `call` for n = 0, 1, ... until it succeeds.
void failEach(const std::function<Error()> &call) {
  for (int64_t n = 0; n < 1000; ++n) {
    allocationsLeft = n;
    Error error = call();
    bool reached = allocationsLeft < 0;
    allocationsLeft = -1;
    if (!reached) {
      EXPECT_TRUE(error.ok()) << error.str();
      EXPECT_GT(n, 0) << "nothing was allocated, nothing was tested";
      return;
    }
    ASSERT_EQ(error.message, "out of memory") << "allocation " << n;
  }
  FAIL() << "still failing after 1000 allocations";
}
} // namespace

void *operator new(size_t size) {
  if (void *block = allocate(size, alignof(std::max_align_t)))
    return block;
  throw std::bad_alloc();
}
void *operator new(size_t size, std::align_val_t alignment) {
  if (void *block = allocate(size, size_t(alignment)))
    return block;
  throw std::bad_alloc();
}
void *operator new(size_t size, const std::nothrow_t &) noexcept {
  return allocate(size, alignof(std::max_align_t));
}
void operator delete(void *block) noexcept { free(block); }
void operator delete(void *block, size_t) noexcept { free(block); }
void operator delete(void *block, std::align_val_t) noexcept { free(block); }
void operator delete(void *block, size_t, std::align_val_t) noexcept {
  free(block);
}

TEST(Allocation, FailureInMtxIsAnError) {
  const std::string text =
      "%%MatrixMarket matrix coordinate real symmetric\n3 3 3\n% c\n"
      "1 1 1D0\n\n2 1 2\n3 1 3\n";
  Coo coo;
  failEach([&] {
    PipeInput input(text, 10);
    return readMtx(input, coo);
  });
  MemoryOutput output;
  output.text.reserve(4096);
  failEach([&] {
    output.text.clear();
    return writeMtx(output, coo);
  });
  Compressed<int32_t, int32_t> csr;
  failEach([&] { return compress(coo, Major::Row, Duplicates::Error, csr); });
  failEach([&] {
    // The copy is not under test.
    int64_t left = std::exchange(allocationsLeft, -1);
    Coo copy = coo;
    allocationsLeft = left;
    Error error = expandSymmetry(copy);
    if (!error.ok())
      expectSame(copy, coo);
    return error;
  });
}

TEST(Allocation, FailureInNpyIsAnError) {
  Array array;
  array.type = NOODLE_RT_F64;
  array.shape = {2, 3};
  array.strides = {4, 1}; // not contiguous: takes the gathering path
  array.bytes.resize(8 * 8);
  memset(array.bytes.data(), 0, array.bytes.size());
  MemoryOutput output;
  output.text.reserve(4096);
  failEach([&] {
    output.text.clear();
    return writeNpy(output, array.view());
  });
  failEach([&] {
    PipeInput input(output.text, 10);
    return readNpy(input, array);
  });
}

class AllocationInFiles : public FolderTest {};

TEST_F(AllocationInFiles, FailureLeavesNoFileBehind) {
  Array array;
  array.bytes.resize(8);
  memset(array.bytes.data(), 0, array.bytes.size());
  const std::string target = path("a.npy");
  failEach([&] {
    Error error = writeNpy(target, array.view());
    if (!error.ok()) {
      int64_t left = std::exchange(allocationsLeft, -1);
      EXPECT_EQ(filesInFolder(), 0);
      allocationsLeft = left;
    }
    return error;
  });
  EXPECT_EQ(filesInFolder(), 1);
  failEach([&] { return readNpy(target, array); });
}
