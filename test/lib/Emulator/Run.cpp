//===- Run.cpp - the threads of a block as fibers -------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Boost.Context's machine-level interface rather than its fiber class: a thread
// of a kernel that is given up is simply never resumed, where the class would
// unwind through code that cannot be unwound.
//
//===----------------------------------------------------------------------===//
#include "Checks.h"

#include <boost/context/detail/fcontext.hpp>
#include <cstring>
#include <new>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NOODLE_TSAN 1
#include <sanitizer/tsan_interface.h>
#endif
#endif

namespace noodle::emu {

namespace context = boost::context::detail;

namespace {

constexpr size_t kStackBytes = 128 << 10;
constexpr size_t kPage = 4096;

/// Stacks of the fibers of a block, each with a page below that faults. Kept
/// from launch to launch.
class Stacks {
public:
  ~Stacks() {
    for (char *stack : all)
      munmap(stack, kStackBytes);
  }
  /// The top of stack `number`; null if there is no memory.
  char *top(size_t number) {
    while (all.size() <= number) {
      void *memory = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (memory == MAP_FAILED)
        return nullptr;
      mprotect(memory, kPage, PROT_NONE);
      all.push_back(static_cast<char *>(memory));
    }
    return all[number] + kStackBytes;
  }

private:
  std::vector<char *> all;
};

/// What the thread sanitizer must know of a fiber, or it takes all of them for
/// one stack.
class Watched {
public:
#ifdef NOODLE_TSAN
  ~Watched() {
    if (fiber)
      __tsan_destroy_fiber(fiber);
  }
  void create() {
    if (!fiber)
      fiber = __tsan_create_fiber(0);
  }
  void take() { fiber = __tsan_get_current_fiber(); }
  void release() { fiber = nullptr; }
  void enter() const { __tsan_switch_to_fiber(fiber, 0); }

private:
  void *fiber = nullptr;
#else
  void create() {}
  void take() {}
  void release() {}
  void enter() const {}
#endif
};

enum class State { Running, Barrier, Shuffle, Done };

class Scheduler;

struct Thread {
  EmuThread face; ///< first: kernels get its address
  Scheduler *scheduler;
  context::fcontext_t self;
  Watched watched;
  State state;
  int32_t site; ///< where it waits
  // Of a shuffle.
  int64_t bits;
  int32_t offset;
  Shuffle mode;
  int8_t valid;
};

class Scheduler {
public:
  Scheduler(const Module &module, const Module::Kernel &kernel,
            const int64_t grid[3], const int64_t block[3], void *const *params,
            LaunchResult &result, const LaunchLimits &limits, Stacks &stacks)
      : kernel(kernel), count(block[0] * block[1] * block[2]),
        checks(module, kernel, count, result, limits), params(params),
        stacks(stacks), threads(size_t(count)),
        shared(size_t(kernel.sharedBytes + 255)) {
    auto base = reinterpret_cast<uintptr_t>(shared.data());
    char *aligned = shared.data() + (-base & 127);
    for (int64_t k = 0; k < count; ++k) {
      Thread &thread = threads[size_t(k)];
      thread.scheduler = this;
      thread.face.table = &table;
      thread.face.shared = aligned;
      thread.face.threadId[0] = k % block[0];
      thread.face.threadId[1] = k / block[0] % block[1];
      thread.face.threadId[2] = k / block[0] / block[1];
      std::memcpy(thread.face.blockDim, block, sizeof thread.face.blockDim);
      std::memcpy(thread.face.gridDim, grid, sizeof thread.face.gridDim);
    }
  }

  bool bind(Memory &memory) { return checks.bind(params, memory); }

  ~Scheduler() { mainWatched.release(); }

  /// False when the launch is given up.
  bool runBlock(const int64_t id[3], bool sample) {
    // Nothing is left of the block before.
    std::memset(shared.data(), 0xcd, shared.size());
    for (Thread &thread : threads)
      std::memcpy(thread.face.blockId, id, sizeof thread.face.blockId);
    checks.beginBlock(threads[0].face, sample);
    mainWatched.take();
    for (size_t k = 0; k < threads.size(); ++k) {
      char *top = stacks.top(k);
      if (!top)
        return false;
      threads[k].self =
          context::make_fcontext(top, kStackBytes - kPage, &enter);
      threads[k].watched.create();
      threads[k].state = State::Running;
      resume(threads[k]);
    }
    while (!givenUp && (shuffles() || barrier()))
      continue;
    checks.endBlock();
    return !givenUp;
  }

private:
  using Entry = void (*)(EmuThread *, void *const *);

  static void enter(context::transfer_t from) {
    auto *thread = static_cast<Thread *>(from.data);
    thread->scheduler->main = from.fctx;
    reinterpret_cast<Entry>(thread->scheduler->kernel.function)(
        &thread->face, thread->scheduler->params);
    thread->scheduler->wait(*thread, State::Done, -1);
  }

  /// In the thread: back to the scheduler.
  void wait(Thread &thread, State state, int32_t site) {
    thread.state = state;
    thread.site = site;
    mainWatched.enter();
    main = context::jump_fcontext(main, nullptr).fctx;
  }

  /// In the scheduler: runs the thread until it waits.
  void resume(Thread &thread) {
    if (givenUp)
      return;
    thread.state = State::Running;
    thread.watched.enter();
    thread.self = context::jump_fcontext(thread.self, &thread).fctx;
  }

  static void *access(EmuThread *face, void *address, int32_t site) {
    auto &thread = *reinterpret_cast<Thread *>(face);
    Scheduler &scheduler = *thread.scheduler;
    if (scheduler.checks.endless() && !scheduler.givenUp) {
      scheduler.givenUp = true;
      scheduler.checks.report(FaultKind::Endless, site, face->blockId,
                              face->threadId[0],
                              "too many accesses; the launch was given up");
    }
    if (scheduler.givenUp)
      scheduler.wait(thread, State::Done, site);
    return scheduler.checks.access(*face, address, site);
  }

  static void barrier(EmuThread *face, int32_t site) {
    auto &thread = *reinterpret_cast<Thread *>(face);
    thread.scheduler->wait(thread, State::Barrier, site);
  }

  static int64_t shuffle(EmuThread *face, int64_t bits, int32_t offset,
                         int32_t mode, int32_t site, int8_t *valid) {
    auto &thread = *reinterpret_cast<Thread *>(face);
    thread.bits = bits;
    thread.offset = offset;
    thread.mode = Shuffle(mode);
    thread.scheduler->wait(thread, State::Shuffle, site);
    *valid = thread.valid;
    return thread.bits;
  }

  /// Serves the warps that wait at a shuffle; false if none does.
  bool shuffles() {
    bool any = false;
    for (size_t first = 0; first < threads.size() && !givenUp; first += kWarp) {
      size_t lanes = std::min(threads.size() - first, size_t(kWarp));
      any |= shuffleWarp(&threads[first], lanes);
    }
    return any;
  }

  bool shuffleWarp(Thread *warp, size_t lanes) {
    size_t leader = 0;
    while (leader < lanes && warp[leader].state != State::Shuffle)
      ++leader;
    if (leader == lanes)
      return false;
    int32_t site = warp[leader].site;
    uint32_t present = 0;
    for (size_t k = 0; k < lanes; ++k)
      if (warp[k].state == State::Shuffle && warp[k].site == site)
        present |= 1u << k;
    uint32_t all = lanes == kWarp ? ~0u : (1u << lanes) - 1;
    if (present != all)
      checks.report(FaultKind::MissingLanes, site, warp[leader].face.blockId,
                    warp[leader].face.threadId[0],
                    std::to_string(__builtin_popcount(all & ~present)) +
                        " lanes of the warp end or wait elsewhere");
    int64_t values[kWarp] = {};
    for (size_t k = 0; k < lanes; ++k)
      values[k] = warp[k].bits;
    for (int k = 0; k < int(lanes); ++k) {
      if (!(present >> k & 1))
        continue;
      int from = k;
      switch (warp[k].mode) {
      case Shuffle::Xor:
        from = k ^ warp[k].offset;
        break;
      case Shuffle::Up:
        from = k - warp[k].offset;
        break;
      case Shuffle::Down:
        from = k + warp[k].offset;
        break;
      case Shuffle::Index:
        from = warp[k].offset & (kWarp - 1);
        break;
      }
      bool valid = from >= 0 && from < int(lanes) && present >> from & 1;
      warp[k].valid = valid;
      if (valid)
        warp[k].bits = values[from];
    }
    for (size_t k = 0; k < lanes; ++k)
      if (present >> k & 1)
        resume(warp[k]);
    return true;
  }

  /// No thread can go on but through a barrier; false when all have ended.
  bool barrier() {
    Thread *leader = nullptr;
    int64_t waiting = 0;
    for (Thread &thread : threads)
      if (thread.state == State::Barrier) {
        leader = leader ? leader : &thread;
        waiting += thread.site == leader->site;
      }
    if (!leader)
      return false;
    int32_t site = leader->site;
    if (waiting != count)
      checks.report(FaultKind::DivergentBarrier, site, leader->face.blockId,
                    leader->face.threadId[0],
                    std::to_string(count - waiting) + " of the block's " +
                        std::to_string(count) +
                        " threads end or wait at another barrier");
    checks.barrier();
    // Those who wait here were chosen before any of them runs on.
    std::vector<Thread *> chosen;
    for (Thread &thread : threads)
      if (thread.state == State::Barrier && thread.site == site)
        chosen.push_back(&thread);
    for (Thread *thread : chosen)
      resume(*thread);
    return true;
  }

  static constexpr EmuTable table = {&access, &barrier, &shuffle};

  const Module::Kernel &kernel;
  int64_t count;
  Checks checks;
  void *const *params;
  Stacks &stacks;
  std::vector<Thread> threads;
  std::vector<char> shared;
  context::fcontext_t main = nullptr;
  Watched mainWatched;
  bool givenUp = false;
};

} // namespace

LaunchResult launch(const Module &module, const Module::Kernel &kernel,
                    const int64_t grid[3], const int64_t block[3],
                    void *const *params, Memory &memory,
                    const LaunchLimits &limits) {
  // Of the host's thread, since several may launch at once.
  static thread_local Stacks stacks;
  LaunchResult result;
  Scheduler scheduler(module, kernel, grid, block, params, result, limits,
                      stacks);
  if (!scheduler.bind(memory))
    return result;
  for (int64_t z = 0; z < grid[2]; ++z)
    for (int64_t y = 0; y < grid[1]; ++y)
      for (int64_t x = 0; x < grid[0]; ++x) {
        const int64_t id[3] = {x, y, z};
        if (!scheduler.runBlock(id, x + y + z == 0))
          return result;
      }
  return result;
}

} // namespace noodle::emu
