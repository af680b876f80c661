//===- region_times.cpp - how busy a parallel loop kept its threads -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "sched/region_times.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <thread>

namespace noodle::rt {
namespace {

using Clock = std::chrono::steady_clock;

struct Timed {
  void (*chunk)(void *, int64_t);
  void *data;
  /// One for each chunk, written by whoever runs it.
  struct Reading {
    std::thread::id thread;
    double seconds = 0;
  };
  std::unique_ptr<Reading[]> readings;

  static void run(void *self, int64_t k) {
    Timed &timed = *static_cast<Timed *>(self);
    Clock::time_point begin = Clock::now();
    timed.chunk(timed.data, k);
    timed.readings[k] = {
        std::this_thread::get_id(),
        std::chrono::duration<double>(Clock::now() - begin).count()};
  }
};

} // namespace

RegionTimes runTimed(Executor &executor, int64_t chunks,
                     void (*chunk)(void *, int64_t), void *data,
                     noodle_rt_body body) {
  RegionTimes times;
  times.body = body;
  times.threads = executor.concurrency();
  times.chunks = chunks;
  Timed timed{chunk, data, nullptr};
  timed.readings.reset(new (std::nothrow) Timed::Reading[size_t(chunks)]);
  if (!timed.readings) {
    executor.run(chunks, chunk, data);
    return times;
  }
  Clock::time_point begin = Clock::now();
  executor.run(chunks, Timed::run, &timed);
  times.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  // Chunks are a few for each thread, so all pairs are few too.
  for (int64_t k = 0; k < chunks; ++k) {
    double sum = 0;
    for (int64_t other = 0; other < chunks; ++other)
      if (timed.readings[other].thread == timed.readings[k].thread)
        sum += timed.readings[other].seconds;
    times.longest = std::max(times.longest, sum);
    times.busy += timed.readings[k].seconds;
  }
  return times;
}

} // namespace noodle::rt
