//===- Main.h - noodle-jit as a function ------------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TOOLS_JIT_MAIN_H
#define NOODLE_TOOLS_JIT_MAIN_H

#include "noodle/Engine/DeviceImage.h"

#include <memory>

namespace noodle::jit {

/// The whole program: its arguments in, its exit status out. `extender` is for
/// test programs.
int runMain(
    int argc, char **argv,
    std::shared_ptr<const engine::DeviceImageExtender> extender = nullptr);

} // namespace noodle::jit

#endif // NOODLE_TOOLS_JIT_MAIN_H
