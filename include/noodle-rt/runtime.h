//===- runtime.h - the runtime as the engine and hosts see it -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Regions, pools, executors and call contexts. C++ inside the project (the
// engine, its tests); hosts use noodle-c/noodle.h. No LLVM, no globals, no
// thread-locals visible to callers. Nothing here throws across a call: failures
// are statuses or null.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RT_RUNTIME_H
#define NOODLE_RT_RUNTIME_H

#include "noodle-rt/abi.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <span>
#include <string>

namespace noodle::rt {

struct BlockHeader; // runtime/memory/block.h

/// What `status` means, in a few words; never null.
const char *statusText(noodle_rt_status status);

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Counters of a pool, in bytes and calls. A snapshot.
struct PoolStats {
  int64_t liveBytes = 0;   ///< handed out and not given back
  int64_t peakBytes = 0;   ///< greatest liveBytes so far
  int64_t cachedBytes = 0; ///< held for reuse
  int64_t liveBlocks = 0;
  int64_t allocations = 0; ///< that succeeded
  int64_t reuses = 0;      ///< allocations served without the system allocator
};

/// Size-class pool over the system allocator. Thread-safe. Blocks are aligned
/// to NOODLE_RT_ALIGNMENT and carry a header before the payload. The calls that
/// share a pool also share its watchdog, a thread that exists from the first
/// call with a deadline on and sleeps between deadlines.
class Pool {
public:
  /// Freed blocks beyond `cacheLimit` bytes go back to the system at once.
  explicit Pool(int64_t cacheLimit = int64_t{64} << 20);
  ~Pool(); ///< every block must be back; builds with assertions check
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;

  void *allocate(int64_t bytes); ///< null when refused
  void release(void *block);     ///< null allowed
  void trim();                   ///< gives cached blocks back to the system
  PoolStats stats() const;

  /// Usable bytes of a live block: those asked for, rounded up to
  /// NOODLE_RT_ALIGNMENT. Budgets count the same number.
  static int64_t sizeOf(const void *block);

  /// Tests: the n-th allocation from now (1 is the next) fails once; 0 turns
  /// injection off.
  void failAllocation(int64_t n);

private:
  friend class Context;
  struct Impl;
  BlockHeader *allocateSlowly(uint32_t sizeClass, int64_t bytes);
  std::unique_ptr<Impl> impl;
};

/// Blocks with one owner, newest first. Thread-compatible, O(1) but for
/// contains().
class BlockList {
public:
  BlockHeader *newest() const { return first; }
  void push(BlockHeader *block, void *owner);
  void remove(BlockHeader *block);
  /// Safe for any address: walks the list, so the newest block costs one step.
  bool contains(const void *payload) const;

private:
  BlockHeader *first = nullptr;
};

/// Owner of result buffers: releases them all at once, newest first.
/// Thread-compatible; sibling regions may live on different threads. A child
/// region must die before its parent and counts against the parent's budget.
class Region {
public:
  /// `budget` in bytes; 0 means no limit.
  explicit Region(Pool &pool, int64_t budget = 0, Region *parent = nullptr);
  ~Region(); ///< children must be gone; builds with assertions check
  Region(const Region &) = delete;
  Region &operator=(const Region &) = delete;

  void *allocate(int64_t bytes); ///< null when the budget or memory refuses
  /// Early release of one block; false when the region does not own it.
  bool release(void *block);
  void clear(); ///< releases all blocks; those of children stay
  bool owns(const void *address) const;
  int64_t usedBytes() const; ///< children included
  int64_t budget() const { return limit; }

  /// A std::pmr face; throws std::bad_alloc as pmr demands, also for an
  /// alignment above NOODLE_RT_ALIGNMENT.
  std::pmr::memory_resource *resource() { return &face; }

private:
  friend class Context;
  class Face final : public std::pmr::memory_resource {
  public:
    explicit Face(Region &region) : region(region) {}

  private:
    void *do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void *block, std::size_t, std::size_t) override;
    bool do_is_equal(const memory_resource &other) const noexcept override;
    Region &region;
  };

  bool reserve(int64_t bytes); ///< here and in every ancestor, or nowhere
  void unreserve(int64_t bytes, const Region *end);
  void drop(BlockHeader *block);

  Pool &pool;
  const int64_t limit;
  Region *const parent;
  std::atomic<int64_t> used{0};
  std::atomic<int32_t> children{0};
  BlockList blocks;
  Face face{*this};
};

//===----------------------------------------------------------------------===//
// Executors
//===----------------------------------------------------------------------===//

/// Runs chunks of a parallel loop. Implementations are thread-safe.
class Executor {
public:
  virtual ~Executor();
  /// Calls chunk(data, k) once for every k in [0, chunks), perhaps
  /// concurrently, and returns when all are done. Chunks do not throw. May be
  /// called from several threads at once and from inside a chunk.
  virtual void run(int64_t chunks, void (*chunk)(void *data, int64_t k),
                   void *data) = 0;
  /// The same for a loop that is over before a sleeping thread would have
  /// woken: threads that are awake may join it.
  virtual void runBrief(int64_t chunks, void (*chunk)(void *data, int64_t k),
                        void *data) {
    run(chunks, chunk, data);
  }
  /// Threads that may run chunks at once, the caller included; at least 1.
  virtual int concurrency() const = 0;
};

/// The persistent pool: `threads` includes the caller, so 1 means no worker is
/// started; 0 means one per core that the calling thread may use. Workers use
/// those cores, or where `threads` asks for more, those of any thread of the
/// process. They spin for a while after a loop, then sleep. Where the system
/// refuses threads the pool is smaller. Must outlive its users' calls to run.
std::unique_ptr<Executor> createWorkerPool(int threads);

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// Lets several threads end calls early: those attached now, and those that
/// attach later. Thread-safe. Must outlive the contexts it is given to.
class CancelToken {
public:
  CancelToken() = default;
  ~CancelToken(); ///< builds with assertions check that no context is left
  CancelToken(const CancelToken &) = delete;
  CancelToken &operator=(const CancelToken &) = delete;

  /// Sets the stop flag of every attached context before it returns.
  void cancel();
  bool cancelled() const { return flag.load(std::memory_order_acquire); }

private:
  friend class Context;
  struct Link {
    noodle_rt_context_head *head = nullptr;
    Link *next = nullptr, *previous = nullptr;
  };
  void attach(Link &link);
  void detach(Link &link);

  std::atomic<bool> flag{false};
  std::mutex mutex;
  Link *first = nullptr;
};

/// One parallel loop that several threads could join.
struct RegionTimes {
  noodle_rt_body body = nullptr; ///< tells loops of a program apart
  int threads = 1;               ///< that could join
  int64_t chunks = 0;
  double seconds = 0; ///< from its begin to its end
  double busy = 0;    ///< what all threads spent in chunks
  double longest = 0; ///< what the busiest thread did
};

/// Serves noodle_ir_reference_call and noodle_ir_mark. Called on whichever
/// worker of the call gets there, perhaps several at once.
class HostCalls {
public:
  virtual ~HostCalls();
  /// `context` allocates the results. A failure is recorded with
  /// noodle_ir_fail before its status is returned.
  virtual noodle_rt_status reference(noodle_rt_context *context, int64_t site,
                                     noodle_rt_tensor *arguments,
                                     int64_t argumentCount,
                                     noodle_rt_tensor *results,
                                     int64_t resultCount) = 0;
  virtual void mark(int64_t site, int64_t phase, const int64_t *sizes,
                    int64_t sizeCount) = 0;
  /// Whether `region` wants to be told: that takes two readings of the clock
  /// for each chunk.
  virtual bool timesRegions() const { return false; }
  virtual void region(const RegionTimes &) {}
  /// Memory that op site `site` can do without was refused. What is returned
  /// other than OK ends the call.
  virtual noodle_rt_status shortage(noodle_rt_context *, int64_t /*site*/,
                                    int64_t /*bytes*/) {
    return NOODLE_RT_OK;
  }
};

/// Serves noodle_ir_launch and noodle_ir_host_access, and learns of every block
/// that the call frees. Thread-safe.
class DeviceCalls {
public:
  virtual ~DeviceCalls();
  virtual noodle_rt_status launch(noodle_rt_context *context,
                                  const noodle_rt_launch &launch) = 0;
  virtual noodle_rt_status hostAccess(noodle_rt_context *context, void *address,
                                      bool write) = 0;
  /// `block` is about to be released: whatever the device holds of it is
  /// dropped.
  virtual void forget(void *block) noexcept = 0;
};

/// Serves noodle_ir_product. Thread-safe.
class ProductCalls {
public:
  virtual ~ProductCalls();
  virtual noodle_rt_status product(noodle_rt_context *context,
                                   const noodle_rt_product &product) = 0;
};

/// A host's own memory for a result, aligned to NOODLE_RT_ALIGNMENT.
struct ResultMemory {
  void *memory = nullptr;
  int64_t bytes = -1; ///< negative: none
};

struct CallOptions {
  Executor *executor = nullptr;   ///< null: serial on the calling thread
  int64_t memoryLimit = 0;        ///< bytes live in the call at once; 0: none
  int64_t deadlineMillis = 0;     ///< from the context's creation; 0: none,
                                  ///< negative: passed already
  CancelToken *cancel = nullptr;  ///< must outlive the context
  HostCalls *hostCalls = nullptr; ///< must outlive the context
  /// Null: every launch falls back. Must outlive the context.
  DeviceCalls *deviceCalls = nullptr;
  /// Null: every product falls back. Must outlive the context.
  ProductCalls *productCalls = nullptr;
  /// Where results go, by their number. Must outlive the context.
  std::span<const ResultMemory> results;
};

/// One call of one kernel: its blocks, budget, deadline and failure. Created on
/// the stack, used for one call; makes no allocation of its own. Its
/// generated-code face (ir.h) is thread-safe, the rest single-thread.
class Context {
public:
  Context(Pool &pool, const CallOptions &options);
  ~Context(); ///< frees every block still owned by the call
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;

  noodle_rt_context *handle() {
    return reinterpret_cast<noodle_rt_context *>(storage);
  }
  static Context *from(noodle_rt_context *handle);

  /// Settles the call: what its entry returned, or the failure that was
  /// recorded first. A stop request that came too late to be noticed does not
  /// turn a finished call into a failure. Call once, after the entry.
  noodle_rt_status finish(noodle_rt_status returned);

  noodle_rt_status status() const;    ///< of the first failure or stop request
  const std::string &message() const; ///< of the same; empty only when OK

  /// Moves a block of this call to `region`. False when `block` is not the
  /// call's (it aliases an argument, say) or the region's budget refuses;
  /// the two are told apart by owns().
  bool adopt(void *block, Region &region);
  /// Whether `address` is the start of a live block of this call.
  bool owns(const void *address) const;
  /// The live block of this call that `address` lies in, and its size; null
  /// where it lies in none. Walks the blocks, newest first.
  void *blockAt(const void *address, int64_t &bytes) const;

  int64_t liveBytes() const;
  int64_t peakBytes() const;

private:
  friend struct ContextAccess;
  struct Impl;
  Impl &impl() { return *reinterpret_cast<Impl *>(storage); }
  const Impl &impl() const { return *reinterpret_cast<const Impl *>(storage); }
  // In place, because a bound call should cost no heap allocation.
  static constexpr std::size_t kStorageBytes = 320;
  alignas(64) std::byte storage[kStorageBytes];
};

} // namespace noodle::rt

#endif // NOODLE_RT_RUNTIME_H
