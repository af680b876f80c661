//===- library.h - routines of cuBLAS and cuSPARSE ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Launches whose kernel names a routine run it instead. Both libraries are
// opened when a routine of theirs is first asked for; where one is missing, the
// launch is refused with the reason and the program's next choice runs.
//
// Routines, their buffers (the output last) and scalars; f32 or f64:
//   gemm_T   lhs, rhs, out; m, n, k, batch, lhs transposed, rhs transposed,
//            leading dimensions of lhs, rhs, out, and their batch strides:
//            out[m, n] = sum over k of lhs[m, k] * rhs[k, n], row-major;
//            a transposed operand is stored the other way round
//   csrmm_T  positions, coordinates, entries, dense, out; rows, inner extent,
//            columns, 1 where each run must give the same bits
//   csrmv_T  the same with one column
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_DEVICE_LIBRARY_H
#define NOODLE_RUNTIME_DEVICE_LIBRARY_H

#include "cuda_api.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace noodle::rt {

/// The vendor's libraries for one device's context. Thread-safe.
class VendorLibraries {
public:
  VendorLibraries();
  /// With the context current.
  ~VendorLibraries();
  VendorLibraries(const VendorLibraries &) = delete;
  VendorLibraries &operator=(const VendorLibraries &) = delete;

  struct Buffer {
    CUdeviceptr address;
    int64_t count; ///< elements
    int32_t elementBytes;
  };

  /// Where a routine finds room for what it puts aside: memory that is free
  /// again once what is on the stream by then is done.
  class Workspace {
  public:
    virtual ~Workspace();
    /// 0 where there is none.
    virtual CUdeviceptr allocate(size_t bytes, CUstream stream) = 0;
    virtual void release(CUdeviceptr address, CUstream stream) = 0;
  };

  /// Puts the routine on the stream; the context is current. False, with the
  /// reason in one line, where it could not: nothing was enqueued then.
  bool enqueue(std::string_view routine, std::span<const Buffer> buffers,
               std::span<const int64_t> scalars, CUstream stream,
               Workspace &workspace, std::string &whyNot);

  /// Such as "cuBLAS 12.4.5"; empty where the library is not open.
  std::string blasVersion() const;
  std::string sparseVersion() const;

private:
  struct Impl;
  std::unique_ptr<Impl> self;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_LIBRARY_H
