//===- Tiers.cpp - from tier-0 to optimised code --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Tiers.h"

namespace noodle::engine {

//===----------------------------------------------------------------------===//
// The thread
//===----------------------------------------------------------------------===//

Background::~Background() { stop(); }

bool Background::enqueue(std::function<void()> work) {
  std::lock_guard lock(mutex);
  if (stopped)
    return false;
  if (!thread) {
    auto body = [](void *self) -> void * {
      return static_cast<Background *>(self)->loop();
    };
    pthread_t started;
    if (pthread_create(&started, nullptr, body, this) != 0)
      return false; // no more threads: tier-0 goes on
    thread = started;
  }
  queue.push_back(std::move(work));
  changed.notify_one();
  return true;
}

void *Background::loop() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return stopped || !queue.empty(); });
    if (stopped)
      return nullptr;
    std::function<void()> work = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    work();
    work = nullptr; // before the lock: it may hold the last kernel
    lock.lock();
  }
}

void Background::stop() {
  std::deque<std::function<void()>> dropped;
  std::optional<pthread_t> ended;
  {
    std::lock_guard lock(mutex);
    stopped = true;
    dropped.swap(queue);
    ended.swap(thread);
    changed.notify_all();
  }
  if (ended)
    pthread_join(*ended, nullptr);
}

//===----------------------------------------------------------------------===//
// Promotion
//===----------------------------------------------------------------------===//

/// Hot: after so many calls, or so much time in them. Optimised code takes 5 to
/// 15 ms to make and runs up to three times as fast, so that whoever spent 5 ms
/// gets them back; the count is for calls too short to time well. A guess.
static constexpr int64_t kHotCalls = 1000;
static constexpr int64_t kHotNanoseconds = 5'000'000;

std::shared_ptr<const Kernel> Promotion::successor() const {
  if (!done())
    return nullptr;
  std::lock_guard lock(mutex);
  return next;
}

std::string Promotion::failure() const {
  std::lock_guard lock(mutex);
  return why;
}

void Promotion::count(double seconds) {
  int64_t calls = counted.fetch_add(1, std::memory_order_relaxed) + 1;
  int64_t spent = int64_t(seconds * 1e9);
  spent += nanoseconds.fetch_add(spent, std::memory_order_relaxed);
  if (calls < kHotCalls && spent < kHotNanoseconds)
    return;
  if (asked.load(std::memory_order_relaxed) || asked.exchange(true))
    return;
  if (!background->enqueue([self = shared_from_this()] { self->run(); })) {
    std::lock_guard lock(mutex);
    if (!next && why.empty())
      why = "no thread compiles in the background";
  }
}

std::shared_ptr<const Kernel> Promotion::promote() {
  run();
  return successor();
}

void Promotion::run() {
  std::call_once(once, [&] {
    std::shared_ptr<const Kernel> made;
    Status status = make(made);
    make = nullptr; // what it was to be made of
    {
      std::lock_guard lock(mutex);
      if (!status.ok()) {
        why = status.str();
        return;
      }
      next = std::move(made);
      why.clear();
      ready.store(true, std::memory_order_release);
    }
    promoted();
  });
}

} // namespace noodle::engine
