//===- worker_pool.cpp - persistent workers for parallel loops ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle-rt/runtime.h"
#include "sched/threads.h"

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <dirent.h>
#include <linux/futex.h>
#include <memory>
#include <sched.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace noodle::rt {

Executor::~Executor() = default;

namespace {

// How long a thread looks for work before it sleeps. About what a wake costs,
// so that the total is never more than twice the best choice. Measured: 40 to
// 100 us from a cold region to both threads at work (noodle-bench-parallel-
// region on a virtual machine with two cores of an AMD EPYC 9004).
constexpr std::chrono::microseconds kSpin{50};
// How long the caller does so once its own chunks are done. It has nothing else
// to do, and to be woken costs it what waking a worker costs. A guess.
constexpr std::chrono::microseconds kJoinSpin{200};
// Larger pools are on machines where an idle core is near. A guess.
constexpr int kMostMoved = 8;
// Loops of different host threads that workers can join at once; one more runs
// on its own thread alone. A guess.
constexpr int kSlots = 8;

void pauseCore() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void sleepWhile(std::atomic<uint32_t> &word, uint32_t value) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE,
          value, nullptr, nullptr, 0);
}
void wake(std::atomic<uint32_t> &word, int threads) {
  syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE,
          threads, nullptr, nullptr, 0);
}

/// True as soon as `done` is, false after `limit`.
template <typename Done>
bool spinUntil(Done done, std::chrono::microseconds limit = kSpin) {
  auto now = [] { return std::chrono::steady_clock::now(); };
  std::chrono::steady_clock::time_point end{};
  for (int round = 0;; ++round) {
    // The clock is asked once in 32 pauses: it costs as much as one.
    for (int i = 0; i < 32; ++i) {
      if (done())
        return true;
      pauseCore();
    }
    if (round == 0)
      end = now() + limit;
    else if (now() >= end)
      return false;
  }
}

/// A loop that workers may join. The caller opens it, workers enter while it
/// is open, the caller closes it once every chunk is claimed and waits for
/// those inside.
struct alignas(64) Slot {
  static constexpr uint32_t kOpen = 1u << 31;
  static constexpr uint32_t kCallerSleeps = 1u << 30;

  std::atomic<uint32_t> state{0}; // flags and the number of workers inside
  std::atomic<bool> taken{false};
  int64_t chunks = 0;
  void (*chunk)(void *, int64_t) = nullptr;
  void *data = nullptr;
  alignas(64) std::atomic<int64_t> next{0};

  void work() {
    for (int64_t k;
         (k = next.fetch_add(1, std::memory_order_relaxed)) < chunks;)
      chunk(data, k);
  }
  bool enter() {
    uint32_t s = state.load(std::memory_order_relaxed);
    while (s & kOpen)
      if (state.compare_exchange_weak(s, s + 1, std::memory_order_acquire,
                                      std::memory_order_relaxed))
        return true;
    return false;
  }
  void leave() {
    if (state.fetch_sub(1, std::memory_order_acq_rel) == (kCallerSleeps | 1))
      wake(state, 1);
  }
  /// Shuts the door and waits for the workers inside.
  void close(bool spin) {
    uint32_t inside =
        state.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen;
    if (inside == 0)
      return;
    auto empty = [&] { return state.load(std::memory_order_acquire) == 0; };
    if (spin && spinUntil(empty, kJoinSpin))
      return;
    uint32_t s = state.fetch_or(kCallerSleeps, std::memory_order_acq_rel);
    for (s |= kCallerSleeps; s != kCallerSleeps;
         s = state.load(std::memory_order_acquire))
      sleepWhile(state, s);
    state.store(0, std::memory_order_relaxed);
  }
};

class WorkerPool final : public Executor {
public:
  WorkerPool(int threads, const cpu_set_t &cores);
  ~WorkerPool() override;
  void run(int64_t chunks, void (*chunk)(void *, int64_t), void *data) override;
  void runBrief(int64_t chunks, void (*chunk)(void *, int64_t),
                void *data) override;
  int concurrency() const override { return workerCount + 1; }

private:
  void workerLoop();
  void wakeWorkers(int64_t chunks);
  Slot *claimSlot();

  alignas(64) std::atomic<uint32_t> epoch{0}; // grows with every opened loop
  alignas(64) std::atomic<int32_t> sleepers{0};
  std::atomic<int64_t> lastAlone{INT64_MIN}; // end of a brief loop, in ns
  std::atomic<bool> ending{false};
  bool spin; // pointless where threads outnumber cores
  int workerCount = 0;
  std::unique_ptr<std::thread[]> workers;
  cpu_set_t allowed;                 // cores that workers may use
  bool moves = false;                // whether workers are kept off a core
  std::atomic<int> away[kMostMoved]; // for each worker the core it is kept off
  Slot slots[kSlots];
};

WorkerPool::WorkerPool(int threads, const cpu_set_t &cores)
    : spin(threads <= CPU_COUNT(&cores)), allowed(cores) {
  workers.reset(new (std::nothrow) std::thread[threads]);
  while (workers && workerCount < threads - 1 &&
         startThread(
             workers[workerCount], "noodle-worker", [this] { workerLoop(); }))
    // They begin on the cores of this thread, which may be fewer. Advice.
    pthread_setaffinity_np(workers[workerCount++].native_handle(),
                           sizeof(allowed), &allowed);
  for (std::atomic<int> &core : away)
    core.store(-1, std::memory_order_relaxed);
  moves = spin && workerCount <= kMostMoved;
}

WorkerPool::~WorkerPool() {
  ending.store(true, std::memory_order_relaxed);
  epoch.fetch_add(1, std::memory_order_seq_cst);
  wake(epoch, INT_MAX);
  for (int i = 0; i < workerCount; ++i)
    workers[i].join();
}

Slot *WorkerPool::claimSlot() {
  for (Slot &slot : slots)
    if (!slot.taken.load(std::memory_order_relaxed) &&
        !slot.taken.exchange(true, std::memory_order_acquire))
      return &slot;
  return nullptr;
}

// A woken worker may be put on the caller's core although another idles: it
// slept there last, or so Linux finds best. One of the two then waits for the
// end of the other's time slice: 2.8 ms from a cold region to both threads at
// work, where 0.1 ms is what waking an idle core takes (median of 31 regions on
// a virtual machine with two cores of an AMD EPYC 9004; worker and caller met
// on one core 29 times). So workers that sleep are kept off that core; while
// the caller stays on it that costs no call of the system.
void WorkerPool::wakeWorkers(int64_t chunks) {
  int here = moves ? sched_getcpu() : -1;
  for (int i = 0; here >= 0 && here < CPU_SETSIZE && i < workerCount; ++i) {
    if (away[i].exchange(here, std::memory_order_relaxed) == here)
      continue;
    cpu_set_t others = allowed;
    CPU_CLR(here, &others);
    // Refused where the host has taken cores away since: advice.
    if (CPU_COUNT(&others) > 0)
      pthread_setaffinity_np(workers[i].native_handle(), sizeof(others),
                             &others);
  }
  wake(epoch, static_cast<int>(std::min<int64_t>(chunks - 1, workerCount)));
}

// Warm, the cost is four uncontended atomic operations and the two or three
// transfers of a cache line between the cores.
void WorkerPool::run(int64_t chunks, void (*chunk)(void *, int64_t),
                     void *data) {
  Slot *slot = chunks > 1 && workerCount > 0 ? claimSlot() : nullptr;
  if (!slot) {
    for (int64_t k = 0; k < chunks; ++k)
      chunk(data, k);
    return;
  }
  slot->chunks = chunks;
  slot->chunk = chunk;
  slot->data = data;
  slot->next.store(0, std::memory_order_relaxed);
  slot->state.store(Slot::kOpen, std::memory_order_release);
  // The order of this and of the load pairs with workerLoop's: either the
  // worker sees the new epoch or it is seen asleep.
  epoch.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst) > 0) [[unlikely]]
    wakeWorkers(chunks);
  slot->work();
  slot->close(spin);
  slot->taken.store(false, std::memory_order_release);
}

// The first of several brief loops in a row runs alone, the next wakes workers
// for those to come, which find them looking for work. Single products of 64
// floats take 9 us this way and 37 where each wakes a worker; in a row 2.7
// either way, 4.5 on one thread (two cores of Zen 4).
void WorkerPool::runBrief(int64_t chunks, void (*chunk)(void *, int64_t),
                          void *data) {
  if (sleepers.load(std::memory_order_relaxed) == 0)
    return run(chunks, chunk, data);
  auto now = [] {
    return std::chrono::nanoseconds(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  };
  constexpr int64_t kSoon = std::chrono::nanoseconds(kSpin).count();
  if (spin && now() - kSoon < lastAlone.load(std::memory_order_relaxed))
    return run(chunks, chunk, data);
  for (int64_t k = 0; k < chunks; ++k)
    chunk(data, k);
  lastAlone.store(now(), std::memory_order_relaxed);
}

void WorkerPool::workerLoop() {
  for (;;) {
    uint32_t seen = epoch.load(std::memory_order_acquire);
    if (ending.load(std::memory_order_relaxed))
      return;
    for (Slot &slot : slots)
      if (slot.enter()) {
        slot.work();
        slot.leave();
      }
    auto news = [&] { return epoch.load(std::memory_order_acquire) != seen; };
    if (spin && spinUntil(news))
      continue;
    sleepers.fetch_add(1, std::memory_order_seq_cst);
    if (epoch.load(std::memory_order_seq_cst) == seen)
      sleepWhile(epoch, seen);
    sleepers.fetch_sub(1, std::memory_order_relaxed);
  }
}

/// The cores of this thread; of all threads of the process where these are
/// fewer than `threads`. An OpenMP runtime in the same process may have bound
/// the thread that makes the pool to one core: a pool of two that inherited
/// this ran 1024 x 1024 products no faster than one thread (two cores of an AMD
/// EPYC 9004, beside AOCL-BLAS 5.2). What the process started with, by taskset
/// or in a container, still holds: no thread of it has more.
cpu_set_t usableCores(int threads) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof(cores), &cores) != 0)
    for (unsigned i = 0; i < std::clamp(std::thread::hardware_concurrency(), 1u,
                                        static_cast<unsigned>(CPU_SETSIZE));
         ++i)
      CPU_SET(i, &cores);
  DIR *tasks =
      CPU_COUNT(&cores) < threads ? opendir("/proc/self/task") : nullptr;
  while (const dirent *task = tasks ? readdir(tasks) : nullptr) {
    cpu_set_t others;
    if (pid_t id = std::atoi(task->d_name);
        id > 0 && sched_getaffinity(id, sizeof(others), &others) == 0)
      CPU_OR(&cores, &cores, &others);
  }
  if (tasks)
    closedir(tasks);
  return cores;
}

} // namespace

std::unique_ptr<Executor> createWorkerPool(int threads) {
  constexpr int kMaxThreads = 1024;
  cpu_set_t cores = usableCores(threads);
  if (threads == 0)
    threads = CPU_COUNT(&cores);
  return std::make_unique<WorkerPool>(std::clamp(threads, 1, kMaxThreads),
                                      cores);
}

} // namespace noodle::rt
