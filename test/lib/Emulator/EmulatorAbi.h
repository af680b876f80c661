//===- EmulatorAbi.h - what emulated kernels and their runner share -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel `k` of an emulated module is the exported function
//   void noodle_emu_k(EmuThread *thread, void **params)
// of a shared object, run once for each thread of the grid; params[i] points at
// the i-th parameter, as cuLaunchKernel has it. `noodle_emu_metadata` is text,
// fields separated by tabs, a record a line:
//
//   kernel NAME THREADS SHARED_BYTES GRANULE   bytes a shadow cell watches
//   param BYTES                                of the kernel above, in order
//   buffer PARAM ELEMENT_BYTES                 its descriptor's first parameter
//   workgroup OFFSET BYTES                     a shared buffer
//   place TEXT                                 an op, numbered from 0
//   site PLACE KIND SPACE BYTES ALIGNMENT BUFFER   numbered from 0
//
// KIND is l (load), s (store), a (atomic), b (barrier) or x (shuffle); SPACE is
// g (global), w (workgroup) or -. The blob behind the PTX is kMagic, the size
// as a 64-bit number, and the shared object.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_EMULATOR_ABI_H
#define NOODLE_TEST_EMULATOR_ABI_H

#include <cstddef>
#include <cstdint>

namespace noodle::emu {

inline constexpr char kMagic[] = "NDLEMU01"; // 8 bytes, without the NUL
inline constexpr const char *kMetadataSymbol = "noodle_emu_metadata";
inline constexpr const char *kKernelPrefix = "noodle_emu_";
inline constexpr int kWarp = 32;

struct EmuThread;

enum class Shuffle : int32_t { Xor = 0, Up = 1, Down = 2, Index = 3 };

/// What a kernel calls.
struct EmuTable {
  /// Where the bytes at `address` are, or scratch bytes if they must not be
  /// touched.
  void *(*access)(EmuThread *thread, void *address, int32_t site);
  void (*barrier)(EmuThread *thread, int32_t site);
  /// The value of the source lane; *valid is 0 if there is none.
  int64_t (*shuffle)(EmuThread *thread, int64_t bits, int32_t offset,
                     int32_t mode, int32_t site, int8_t *valid);
};

struct EmuThread {
  const EmuTable *table;
  char *shared; ///< of the block
  int64_t threadId[3], blockId[3], blockDim[3], gridDim[3];
};

static_assert(offsetof(EmuTable, barrier) == 8);
static_assert(offsetof(EmuTable, shuffle) == 16);
static_assert(offsetof(EmuThread, shared) == 8);
static_assert(offsetof(EmuThread, threadId) == 16);
static_assert(offsetof(EmuThread, blockId) == 40);
static_assert(offsetof(EmuThread, blockDim) == 64);
static_assert(offsetof(EmuThread, gridDim) == 88);

} // namespace noodle::emu

#endif // NOODLE_TEST_EMULATOR_ABI_H
