//===- sparse.h - the inside of sparse storage ops --------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_SPARSE_SPARSE_H
#define NOODLE_RUNTIME_SPARSE_SPARSE_H

#include "noodle-rt/abi.h"

namespace noodle::rt {

/// Threads that a parallel loop of the call would have now.
int concurrencyOf(noodle_rt_context *context);

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_SPARSE_SPARSE_H
