//===- watchdog.h - ends calls whose deadline passes --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_SCHED_WATCHDOG_H
#define NOODLE_RUNTIME_SCHED_WATCHDOG_H

#include "noodle-rt/abi.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace noodle::rt {

/// Sets the stop flag unless it is set; true when this call set it. Generated
/// code reads the flag with volatile loads, everybody else through these two.
inline bool requestStop(noodle_rt_context_head *head, noodle_rt_status status) {
  int32_t none = NOODLE_RT_OK;
  return __atomic_compare_exchange_n(&head->stop, &none, status, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
inline noodle_rt_status stopRequested(const noodle_rt_context_head *head) {
  return __atomic_load_n(&head->stop, __ATOMIC_ACQUIRE);
}

/// One thread for all deadlines of a pool's calls: started by the first one,
/// asleep between them. Thread-safe.
class Watchdog {
public:
  using Clock = std::chrono::steady_clock;
  struct Entry {
    noodle_rt_context_head *head = nullptr;
    Clock::time_point when{};
    Entry *next = nullptr, *previous = nullptr;
    bool watched = false;
  };

  Watchdog() = default;
  ~Watchdog();
  Watchdog(const Watchdog &) = delete;
  Watchdog &operator=(const Watchdog &) = delete;

  /// False when no thread could be started.
  bool watch(Entry &entry);
  /// The watchdog does not touch the entry's head after this returns.
  void forget(Entry &entry);

private:
  void loop();
  void unlink(Entry &entry);

  std::mutex mutex;
  std::condition_variable changed;
  std::thread thread;
  Entry *first = nullptr, *last = nullptr; // earliest deadline first
  // When the thread wakes by itself. It may find nothing to do then, because
  // its call ended in time: that is cheaper than waking it for every call.
  Clock::time_point wakesAt = Clock::time_point::min();
  bool ending = false;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_SCHED_WATCHDOG_H
