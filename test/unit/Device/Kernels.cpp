//===- Kernels.cpp - the tests' kernels, a thread at a time ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the emulator finds behind the PTX of Harness.cpp's image; see
// EmulatorAbi.h. Buffers are five parameters each: address twice, offset,
// count, stride.
//
//===----------------------------------------------------------------------===//
#include "EmulatorAbi.h"

using namespace noodle::emu;

#define KERNEL(name)                                                           \
  extern "C" __attribute__((visibility("default"))) void noodle_emu_##name(    \
      EmuThread *thread, void **params)

namespace {
template <typename T> T word(void **params, int k) {
  return *static_cast<T *>(params[k]);
}
/// Site numbers: loads of i64 of buffers 0 and 1, stores of i64 to buffers 1
/// and 2, a store of i32 to buffer 1.
enum Site { Load0, Load1, Store1, Store2, Narrow1 };

int64_t load(EmuThread *thread, void **params, int buffer, int64_t i) {
  auto *base = word<int64_t *>(params, 5 * buffer + 1);
  return *static_cast<int64_t *>(
      thread->table->access(thread, base + i, buffer ? Load1 : Load0));
}
template <typename T>
void store(EmuThread *thread, void **params, int buffer, int64_t i, T value,
           Site site) {
  auto *base = word<T *>(params, 5 * buffer + 1);
  *static_cast<T *>(thread->table->access(thread, base + i, site)) = value;
}
int64_t index(EmuThread *thread) {
  return thread->blockId[0] * thread->blockDim[0] + thread->threadId[0];
}
} // namespace

KERNEL(combine) {
  int64_t i = index(thread);
  if (i < word<int64_t>(params, 15))
    store<int64_t>(thread, params, 2, i,
                   3 * load(thread, params, 0, i) + load(thread, params, 1, i) +
                       word<int64_t>(params, 16),
                   Store2);
}

KERNEL(narrow) {
  int64_t i = index(thread);
  if (i < word<int64_t>(params, 10))
    store<int32_t>(thread, params, 1, i,
                   int32_t(2 * load(thread, params, 0, i)), Narrow1);
}

KERNEL(row_sum) {
  int64_t row = index(thread), columns = word<int64_t>(params, 11);
  if (row >= word<int64_t>(params, 10))
    return;
  int64_t sum = 0;
  for (int64_t c = 0; c < columns; ++c)
    sum += load(thread, params, 0, row * columns + c);
  store<int64_t>(thread, params, 1, row, sum, Store1);
}

KERNEL(span_sum) {
  int64_t row = index(thread);
  if (row >= word<int64_t>(params, 15))
    return;
  int64_t sum = 0, end = load(thread, params, 0, row + 1);
  for (int64_t k = load(thread, params, 0, row); k < end; ++k)
    sum += load(thread, params, 1, k);
  store<int64_t>(thread, params, 2, row, sum, Store2);
}

#define WORDS5 "param\t8\nparam\t8\nparam\t8\nparam\t8\nparam\t8\n"
#define WORD "param\t8\n"

extern "C" __attribute__((visibility("default")))
const char noodle_emu_metadata[] =
    "kernel\tcombine\t64\t0\t4\n" WORDS5 WORDS5 WORDS5 WORD WORD
    "buffer\t0\t8\nbuffer\t5\t8\nbuffer\t10\t8\n"
    "kernel\tnarrow\t64\t0\t4\n" WORDS5 WORDS5 WORD
    "buffer\t0\t8\nbuffer\t5\t4\n"
    "kernel\trow_sum\t64\t0\t4\n" WORDS5 WORDS5 WORD WORD
    "buffer\t0\t8\nbuffer\t5\t8\n"
    "kernel\tspan_sum\t64\t0\t4\n" WORDS5 WORDS5 WORDS5 WORD
    "buffer\t0\t8\nbuffer\t5\t8\nbuffer\t10\t8\n"
    "place\tKernels.cpp\n"
    "site\t0\tl\tg\t8\t8\t0\n"
    "site\t0\tl\tg\t8\t8\t1\n"
    "site\t0\ts\tg\t8\t8\t1\n"
    "site\t0\ts\tg\t8\t8\t2\n"
    "site\t0\ts\tg\t4\t4\t1\n";
