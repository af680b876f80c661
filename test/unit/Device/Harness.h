//===- Harness.h - kernels, calls and launches of the device tests --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The same kernels exist as functions for the CPU device and, behind the PTX of
// the image, for the fake driver (Kernels.cpp):
//
//   combine   a, b -> out of i64; count, shift:  out[i] = 3 a[i] + b[i] + shift
//   narrow    a of i64 -> out of i32; count:     out[i] = 2 a[i]
//   row_sum   in -> out of i64; rows, columns:   out[r] = sum of in[r, :]
//   span_sum  positions, x -> out of i64; rows:
//             out[r] = sum of x[positions[r] .. positions[r + 1]]
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_UNITTEST_DEVICE_HARNESS_H
#define NOODLE_UNITTEST_DEVICE_HARNESS_H

#include "device/cpu_device.h"
#include "noodle-rt/device.h"
#include "noodle-rt/ir.h"

#include "gtest/gtest.h"

#include <initializer_list>
#include <optional>

namespace noodle::rt::test {

enum Kernel : int64_t { Combine, Narrow, RowSum, SpanSum };
inline constexpr int64_t kThreads = 64;

std::map<std::string, CpuKernel> cpuKernels();
/// What both kinds of device load.
std::shared_ptr<const DeviceCode> code();

/// A noodle_rt_launch and what it points at.
class Launch {
public:
  Launch(Kernel kernel, int64_t rows, int64_t site = 7);
  template <typename T>
  Launch &read(const T *data, int64_t count, int cut = 0) {
    return add(const_cast<T *>(data), count, sizeof(T), false, cut);
  }
  template <typename T> Launch &write(T *data, int64_t count, int cut = 0) {
    return add(data, count, sizeof(T), true, cut);
  }
  Launch &scalar(int64_t value) {
    scalars.push_back(value);
    return *this;
  }
  /// The first scalar holds the rows that a split goes by.
  Launch &splittable() {
    canSplit = true;
    return *this;
  }
  noodle_rt_launch get() const;

  int64_t grid[3];

private:
  Launch &add(void *data, int64_t count, int32_t bytes, bool write, int cut);
  Kernel kernel;
  int64_t site;
  bool canSplit = false;
  std::vector<noodle_rt_launch_buffer> buffers;
  std::vector<int64_t> scalars;
};

Launch combine(const int64_t *a, const int64_t *b, int64_t *out, int64_t count,
               int64_t shift, int64_t site = 7);
Launch rowSum(const int64_t *in, int64_t *out, int64_t rows, int64_t columns);
Launch spanSum(const int64_t *positions, const int64_t *x, int64_t stored,
               int64_t *out, int64_t rows);
Launch narrow(const int64_t *a, int32_t *out, int64_t count);

/// A call as generated code makes it.
class Call {
public:
  explicit Call(DeviceModule &module, const SessionOptions &options = {},
                Executor *executor = nullptr)
      : session(module, options) {
    CallOptions call;
    call.executor = executor;
    call.deviceCalls = &session;
    context.emplace(pool, call);
  }
  ~Call() { context.reset(); }

  int64_t *allocate(int64_t count) {
    return static_cast<int64_t *>(noodle_ir_alloc(handle(), count * 8));
  }
  void release(void *block) { noodle_ir_free(handle(), block); }
  noodle_rt_status launch(const Launch &what) {
    noodle_rt_launch plain = what.get();
    return noodle_ir_launch(handle(), &plain);
  }
  noodle_rt_status access(const void *block, bool write) {
    return noodle_ir_host_access(handle(), const_cast<void *>(block), write);
  }
  /// Launches, or does on the host what the launch would have.
  noodle_rt_status combine(const int64_t *a, const int64_t *b, int64_t *out,
                           int64_t count, int64_t shift, int64_t *outBlock);
  noodle_rt_context *handle() { return context->handle(); }
  std::string message() const { return context->message(); }
  /// How often a step is in the receipt.
  int64_t steps(const std::string &step);
  /// The steps, a line each.
  std::string story();

  Pool pool;
  DeviceSession session;
  std::optional<Context> context;
};

} // namespace noodle::rt::test

#endif // NOODLE_UNITTEST_DEVICE_HARNESS_H
