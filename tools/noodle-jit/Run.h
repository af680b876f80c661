//===- Run.h - binds and calls -------------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TOOLS_JIT_RUN_H
#define NOODLE_TOOLS_JIT_RUN_H

#include "Options.h"

namespace noodle::jit {

/// Exit statuses.
constexpr int kFailed = 1, kUsage = 2, kMismatch = 3;

/// Prints the error on one line; returns kFailed.
int fail(const engine::Status &status);

/// Compiles and calls the program; returns the exit status.
int run(Options &options, const std::string &text);

} // namespace noodle::jit

#endif // NOODLE_TOOLS_JIT_RUN_H
