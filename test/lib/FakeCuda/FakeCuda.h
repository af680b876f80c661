//===- FakeCuda.h - the fake driver's own face ----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A libcuda.so.1 for tests on machines without a GPU. It runs the emulator's
// code that test programs put behind the PTX of an image, tracks all memory,
// delays work on streams until somebody waits for it, and keeps a simulated
// clock. Found through LD_LIBRARY_PATH; configured by the environment variable
// NOODLE_FAKE_CUDA or by fake_cuda_configure, with a comma-separated list of
//
//   devices=1          how many devices
//   memory=1G          bytes of each
//   sm=90              compute capability
//   driver=12080       what cuDriverGetVersion says; decides on PTX versions
//   fail=N             driver call number N (from 1) fails; 0: none
//   of=NAME            count calls of this function only, as in cuMemHostAlloc
//   code=2             with this error
//   sticky=0           1: and so does every later one, as when a context dies
//   die=N              launch number N and all behind it fail with error 719
//   bandwidth=50       GB/s of a pinned transfer, each way; a pageable one has
//                      a quarter and keeps the caller waiting
//   hbm=3000           GB/s of device memory
//   launch=3           microseconds from a launch to its start
//   call=0.5           microseconds of host time that a driver call takes
//   kernel=T           microseconds of every kernel; by default what its
//   buffers
//                      take at `hbm` and 0.05 ns a thread
//   report=PATH        where faults and leaks are written; stderr by default
//   summary=PATH       where a line of JSON is added at the end: the numbers of
//                      calls, launches and faults
//   pools=1            0: the device has no stream-ordered memory
//   stats=0            1: also how warps reached memory, a line a kernel
//
// The functions below are looked up by name in the loaded library. Thread-safe.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_FAKE_CUDA_H
#define NOODLE_TEST_FAKE_CUDA_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Forgets everything (what is alive counts as leaked) and starts anew. 0, or
/// the number of the first word that is not understood, from 1.
int fake_cuda_configure(const char *text);

/// Changes some settings and keeps the rest, the counts and what is alive; a
/// `fail` or `die` counts from now on. Returns as fake_cuda_configure.
int fake_cuda_adjust(const char *text);

/// Driver calls since the start.
int64_t fake_cuda_calls(void);
/// Name of driver call `number`, from 1; null if there was none.
const char *fake_cuda_call_name(int64_t number);
int64_t fake_cuda_launches(void);
/// Device and pinned bytes that are allocated; of dead devices none.
int64_t fake_cuda_live_bytes(void);
/// Allocations, streams, events, modules, registrations, retained contexts.
int64_t fake_cuda_live_objects(void);
/// Faults reported: by kernels, or wrong uses of the driver.
int64_t fake_cuda_faults(void);
/// Their text, a line each. Valid until the next call into the library.
const char *fake_cuda_fault_text(void);

/// Seconds of simulated time.
struct fake_cuda_times {
  double now;              ///< on the host
  double in, out, kernels; ///< busy: copies each way, kernels
  double overlap;          ///< copies while a kernel ran
};
void fake_cuda_clock(struct fake_cuda_times *times);

/// Of the first block of each launch, see the emulator's AccessCounts.
struct fake_cuda_access_counts {
  int64_t global_requests, uncoalesced, sectors, needed_sectors;
  int64_t shared_requests, bank_conflicts;
};
void fake_cuda_accesses(struct fake_cuda_access_counts *counts);

#ifdef __cplusplus
}
#endif

#endif // NOODLE_TEST_FAKE_CUDA_H
