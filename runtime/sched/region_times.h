//===- region_times.h - how busy a parallel loop kept its threads ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_SCHED_REGION_TIMES_H
#define NOODLE_RUNTIME_SCHED_REGION_TIMES_H

#include "noodle-rt/runtime.h"

namespace noodle::rt {

/// Runs the chunks as Executor::run does, each between two readings of the
/// clock. Where memory for the readings is refused all times are 0.
RegionTimes runTimed(Executor &executor, int64_t chunks,
                     void (*chunk)(void *, int64_t), void *data,
                     noodle_rt_body body);

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_SCHED_REGION_TIMES_H
