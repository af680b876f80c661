//===- HostWork.h - host code on a stream, for libraries ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// How the tests' cuBLAS and cuSPARSE run on the fake driver.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_FAKE_CUDA_HOSTWORK_H
#define NOODLE_TEST_FAKE_CUDA_HOSTWORK_H

#include "cuda_api.h"

#include <functional>
#include <vector>

namespace fake_cuda {

struct HostWork {
  const char *name;
  CUstream stream;
  struct Buffer {
    uint64_t address;
    int64_t bytes;
  };
  std::vector<Buffer> buffers; ///< the one that is written last
  /// Gets where their bytes are, in this order.
  std::function<void(const std::vector<char *> &)> run;
};

} // namespace fake_cuda

/// Puts it on its stream, as a kernel; a CUresult.
extern "C" __attribute__((visibility("default"))) int
fake_cuda_host_work(const fake_cuda::HostWork *work);

#endif // NOODLE_TEST_FAKE_CUDA_HOSTWORK_H
