//===- Report.h - what a run says -----------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TOOLS_JIT_REPORT_H
#define NOODLE_TOOLS_JIT_REPORT_H

#include "Options.h"

namespace noodle::jit {

/// Prints what the options ask for: results that go to no file, times, the
/// receipt. `seconds` are the calls' times.
void report(const Options &options, const engine::Receipt &receipt,
            const std::vector<double> &seconds,
            std::span<const noodle_rt_tensor> results);

/// All of the file or none: what was there stays where writing fails.
engine::Status writeText(const std::string &path, const std::string &text);

/// One line on stderr when a device was asked for and the CPU did its work.
void noteFallback(const engine::Receipt &receipt);

} // namespace noodle::jit

#endif // NOODLE_TOOLS_JIT_REPORT_H
