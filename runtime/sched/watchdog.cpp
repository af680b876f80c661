//===- watchdog.cpp - ends calls whose deadline passes ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "sched/watchdog.h"
#include "sched/threads.h"

#include <cassert>

namespace noodle::rt {

Watchdog::~Watchdog() {
  assert(!first && "a call outlives its pool");
  {
    std::lock_guard lock(mutex);
    ending = true;
  }
  changed.notify_one();
  if (thread.joinable())
    thread.join();
}

bool Watchdog::watch(Entry &entry) {
  std::lock_guard lock(mutex);
  if (!thread.joinable() &&
      !startThread(thread, "noodle-watchdog", [this] { loop(); }))
    return false;
  // Calls mostly have the same allowance, so the place is near the end.
  Entry *after = last;
  while (after && after->when > entry.when)
    after = after->previous;
  entry.previous = after;
  entry.next = after ? after->next : first;
  (after ? after->next : first) = &entry;
  (entry.next ? entry.next->previous : last) = &entry;
  entry.watched = true;
  if (entry.when < wakesAt)
    changed.notify_one();
  return true;
}

void Watchdog::unlink(Entry &entry) {
  (entry.previous ? entry.previous->next : first) = entry.next;
  (entry.next ? entry.next->previous : last) = entry.previous;
  entry.watched = false;
}

void Watchdog::forget(Entry &entry) {
  std::lock_guard lock(mutex);
  if (entry.watched)
    unlink(entry);
}

void Watchdog::loop() {
  std::unique_lock lock(mutex);
  while (!ending) {
    if (first && first->when <= Clock::now()) {
      requestStop(first->head, NOODLE_RT_DEADLINE);
      unlink(*first);
      continue;
    }
    wakesAt = first ? first->when : Clock::time_point::max();
    if (first)
      changed.wait_until(lock, Clock::time_point(wakesAt));
    else
      changed.wait(lock);
    wakesAt = Clock::time_point::min(); // awake: looks before it sleeps again
  }
}

} // namespace noodle::rt
