//===- Call.h - what every driver call goes through -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_FAKE_CUDA_CALL_H
#define NOODLE_TEST_FAKE_CUDA_CALL_H

#include "State.h"

// Declares every symbol, so that a definition that differs does not compile.
#define CUDA_FUNCTION(name, symbol, parameters)                                \
  extern "C" __attribute__((visibility("default"))) CUresult symbol parameters;
#include "cuda_driver.def"

namespace fake_cuda {

enum class Kind {
  Plain,   ///< needs no context
  Context, ///< fails without a current one, and when it is dead
  Release, ///< gives something back: does so even where it returns an error
};

/// One driver call: takes the lock, counts, and fails where it is to fail.
class Call {
public:
  Call(const char *name, Kind kind);
  /// Return this at once; for a Release after the deed.
  CUresult failure() const { return code; }
  /// The current device; not null in calls of kind Context that did not fail.
  Device *device() const { return current; }
  State &state;

private:
  std::unique_lock<std::recursive_mutex> lock;
  Device *current = nullptr;
  CUresult code = CUDA_SUCCESS;
};

/// Contexts of this thread, the current one last.
std::vector<Device *> &contexts();

} // namespace fake_cuda

/// The usual begin of a function.
#define FAKE_CALL(kind)                                                        \
  fake_cuda::Call call(__func__, fake_cuda::Kind::kind);                       \
  if (call.failure())                                                          \
    return call.failure();                                                     \
  [[maybe_unused]] fake_cuda::State &state = call.state;                       \
  [[maybe_unused]] fake_cuda::Device *device = call.device();

#endif // NOODLE_TEST_FAKE_CUDA_CALL_H
