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

/// The driver's functions. Immutable once opened: thread-safe. The one object
/// of this type is the process's, made when it is first asked for.
struct Driver {
#define CUDA_FUNCTION(name, symbol, parameters) CUresult(*name) parameters;
#include "cuda_driver.def"

  /// The process's driver, initialised; null with a reason where there is none.
  /// Once opened it stays, for libcuda keeps threads and handlers of its own.
  static const Driver *get(std::string &whyNot);

  /// "cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (out of memory)" for memAlloc, which
  /// may also be given as cuMemAlloc.
  std::string describe(const char *what, CUresult error) const;
};

/// Errors after which a context is of no more use (CUDA Driver API, CUresult:
/// "leaves the process in an inconsistent state", "the device is no longer
/// available", "the context must be destroyed").
bool isSticky(CUresult error);

/// A second try of what may be done twice, where the first failed: a failure
/// that goes away then costs nothing. Not for what gives something back, which
/// a driver may do although it reports an earlier failure.
template <typename Function, typename... Arguments>
CUresult twice(Function function, Arguments... arguments) {
  CUresult result = function(arguments...);
  return result == CUDA_SUCCESS || isSticky(result) ? result
                                                    : function(arguments...);
}

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_DRIVER_H
