//===- driver.h - libcuda.so.1, opened when first asked for ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_DEVICE_DRIVER_H
#define NOODLE_RUNTIME_DEVICE_DRIVER_H

#include "cuda_api.h"

#include <string>

namespace noodle::rt {

/// The driver's functions. Immutable once opened: thread-safe.
struct Driver {
#define CUDA_FUNCTION(name, symbol, parameters) CUresult(*name) parameters;
#include "cuda_driver.def"
  int version = 0; ///< 12040 is CUDA 12.4

  /// The process's driver, initialised; null with a reason where there is none.
  /// The first call decides for the life of the process, as libcuda itself does
  /// (cuInit after a failure gives the same failure again).
  static const Driver *get(std::string &whyNot);

  /// "cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY (out of memory)".
  std::string describe(const char *what, CUresult error) const;
};

/// Errors after which a context is of no more use (CUDA Driver API, CUresult:
/// "leaves the process in an inconsistent state", "the device is no longer
/// available", "the context must be destroyed").
bool isSticky(CUresult error);

/// Gives back or ends something: a second try where the first failed, because
/// nobody can act on the failure but a leak would stay.
template <typename Function, typename... Arguments>
CUresult surely(Function function, Arguments... arguments) {
  CUresult result = function(arguments...);
  return result == CUDA_SUCCESS || isSticky(result) ? result
                                                    : function(arguments...);
}

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_DRIVER_H
