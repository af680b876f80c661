//===- Machine.h - what this machine has ------------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_MACHINE_H
#define NOODLE_LIB_ENGINE_MACHINE_H

#include <cstdint>

namespace noodle::engine {

/// Bytes of memory this process may hope for: the machine's, or its control
/// group's where that is less. Systems promise more than they have, and then
/// end the process that believed them.
int64_t machineMemory();

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_MACHINE_H
