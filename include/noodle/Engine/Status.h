//===- Status.h - how an engine call ends -----------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ENGINE_STATUS_H
#define NOODLE_ENGINE_STATUS_H

#include "noodle-rt/abi.h"

#include <string>
#include <string_view>

namespace noodle::engine {

/// Values up to Internal are those of noodle_rt_status.
enum class Code : int32_t {
  Ok = NOODLE_RT_OK,
  OutOfMemory = NOODLE_RT_OUT_OF_MEMORY,
  CheckFailed = NOODLE_RT_CHECK_FAILED,
  ShapeMismatch = NOODLE_RT_SHAPE_MISMATCH,
  IndexRange = NOODLE_RT_INDEX_RANGE,
  Deadline = NOODLE_RT_DEADLINE,
  Cancelled = NOODLE_RT_CANCELLED,
  InvalidArgument = NOODLE_RT_INVALID_ARGUMENT,
  HostCallFailed = NOODLE_RT_HOST_CALL_FAILED,
  Internal = NOODLE_RT_INTERNAL,
  InvalidProgram = 10, ///< the text does not parse or verify
  Unsupported = 11,    ///< strict, and something has no compiled form
  IoError = 12,
  DeviceFailed = NOODLE_RT_DEVICE_FAILED ///< strict, and an op that was to run
                                         ///< on a device did not
};

/// Success, or one error. A value.
struct [[nodiscard]] Status {
  Code code = Code::Ok;
  std::string place;   ///< "file:line:col", or empty
  std::string message; ///< one line; empty when Ok

  bool ok() const { return code == Code::Ok; }
  /// "place: error: message", or "error: message" without a place; "" when Ok.
  std::string str() const;

  static Status error(Code code, std::string message, std::string place = {});
  /// Splits a leading "file:line:col: " off `text`.
  static Status placed(Code code, std::string_view text);
};

} // namespace noodle::engine

#endif // NOODLE_ENGINE_STATUS_H
