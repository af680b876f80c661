//===- Options.h - noodle-jit's command line --------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TOOLS_JIT_OPTIONS_H
#define NOODLE_TOOLS_JIT_OPTIONS_H

#include "noodle/Engine/Binding.h"
#include "noodle/Engine/Engine.h"

namespace noodle::jit {

enum class Report { None, Text, Json };

struct Options {
  std::string program;
  engine::CompileOptions compile;
  engine::EngineOptions engine;
  engine::BindOptions bind;
  engine::CallOptions call;
  std::vector<std::string> arguments, outputs;
  std::string emit, reproducer, report; ///< paths but for emit
  std::string tier;                     ///< empty: decided by the other options
  Report explain = Report::None, metrics = Report::None;
  bool check = false, isolate = false, levelGiven = false;
  int64_t repeat = 1;
  bool help = false, version = false;
};

/// Empty, or what is wrong with the command line.
std::string parse(int argc, char **argv, Options &options);

extern const char *const kHelp;

} // namespace noodle::jit

#endif // NOODLE_TOOLS_JIT_OPTIONS_H
