//===- threads.h - how the runtime starts threads -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_SCHED_THREADS_H
#define NOODLE_RUNTIME_SCHED_THREADS_H

#include <exception>
#include <pthread.h>
#include <signal.h>
#include <thread>

namespace noodle::rt {

/// Starts a named thread that takes no signals: those are the host's. False
/// when the system refuses.
template <typename Body>
bool startThread(std::thread &thread, const char *name, Body body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool started = true;
  try {
    thread = std::thread(body);
    pthread_setname_np(thread.native_handle(), name);
  } catch (const std::exception &) { // system_error, bad_alloc
    started = false;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return started;
}

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_SCHED_THREADS_H
