//===- Tiers.h - from tier-0 to optimised code ---------------- -*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_TIERS_H
#define NOODLE_LIB_ENGINE_TIERS_H

#include "noodle/Engine/Kernel.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <pthread.h>

namespace noodle::engine {

/// One thread that works off what is handed to it, started by the first of it.
/// Thread-safe. `stop` is called before it goes, and not by its own work.
class Background {
public:
  ~Background();
  /// False when it was stopped or no thread could be started: `work` is not
  /// kept then.
  bool enqueue(std::function<void()> work);
  /// Drops what waits and returns when what runs is done.
  void stop();

private:
  void *loop();
  std::mutex mutex; // guards what follows
  std::condition_variable changed;
  std::deque<std::function<void()>> queue;
  std::optional<pthread_t> thread;
  bool stopped = false;
};

/// What makes a kernel of tier-0 an optimised one. Thread-safe.
class Promotion : public std::enable_shared_from_this<Promotion> {
public:
  /// Makes the optimised kernel; asked once.
  using Make = std::function<Status(std::shared_ptr<const Kernel> &)>;
  /// `promoted` is called once calls run the optimised kernel, so that who
  /// reads of it finds it so.
  Promotion(std::shared_ptr<Background> background, Make make,
            std::function<void()> promoted)
      : background(std::move(background)), make(std::move(make)),
        promoted(std::move(promoted)) {}

  /// The optimised kernel; null while there is none.
  std::shared_ptr<const Kernel> successor() const;
  /// A load: whether `successor` has something.
  bool done() const { return ready.load(std::memory_order_acquire); }
  /// Counts a call of tier-0. The one that makes it hot starts the background
  /// compilation.
  void count(double seconds);
  /// Makes the optimised kernel now, or waits for the thread that does.
  std::shared_ptr<const Kernel> promote();
  int64_t calls() const { return counted.load(std::memory_order_relaxed); }
  /// Why there is no optimised kernel and will be none; else empty.
  std::string failure() const;

private:
  void run();
  std::shared_ptr<Background> background;
  Make make;
  std::function<void()> promoted;
  std::once_flag once; // guards make and promoted
  std::atomic<int64_t> counted{0}, nanoseconds{0};
  std::atomic<bool> asked{false}, ready{false};
  mutable std::mutex mutex; // guards what follows
  std::shared_ptr<const Kernel> next;
  std::string why;
};

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_TIERS_H
