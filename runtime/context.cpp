//===- context.cpp - one call of one kernel -----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "memory/pool.h"
#include "noodle-rt/ir.h"
#include "sched/region_times.h"
#include "sparse/sparse.h"

#include <algorithm>
#include <cassert>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <new>

namespace noodle::rt {

HostCalls::~HostCalls() = default;
DeviceCalls::~DeviceCalls() = default;
ProductCalls::~ProductCalls() = default;

const char *statusText(noodle_rt_status status) {
  switch (status) {
  case NOODLE_RT_OK:
    return "ok";
  case NOODLE_RT_OUT_OF_MEMORY:
    return "out of memory";
  case NOODLE_RT_CHECK_FAILED:
    return "a check failed";
  case NOODLE_RT_SHAPE_MISMATCH:
    return "shapes do not match";
  case NOODLE_RT_INDEX_RANGE:
    return "an index is out of range";
  case NOODLE_RT_DEADLINE:
    return "the deadline passed";
  case NOODLE_RT_CANCELLED:
    return "the call was cancelled";
  case NOODLE_RT_INVALID_ARGUMENT:
    return "an argument is invalid";
  case NOODLE_RT_HOST_CALL_FAILED:
    return "a call back into the engine failed";
  case NOODLE_RT_INTERNAL:
    return "internal error";
  case NOODLE_RT_DEVICE_FAILED:
    return "the device failed";
  }
  return "unknown status";
}

//===----------------------------------------------------------------------===//
// CancelToken
//===----------------------------------------------------------------------===//

CancelToken::~CancelToken() {
  assert(!first && "a call outlives its cancel token");
}

void CancelToken::cancel() {
  std::lock_guard lock(mutex);
  flag.store(true, std::memory_order_release);
  for (Link *link = first; link; link = link->next)
    requestStop(link->head, NOODLE_RT_CANCELLED);
}

void CancelToken::attach(Link &link) {
  std::lock_guard lock(mutex);
  link.next = first;
  if (first)
    first->previous = &link;
  first = &link;
  if (cancelled())
    requestStop(link.head, NOODLE_RT_CANCELLED);
}

void CancelToken::detach(Link &link) {
  std::lock_guard lock(mutex);
  (link.previous ? link.previous->next : first) = link.next;
  if (link.next)
    link.next->previous = link.previous;
}

//===----------------------------------------------------------------------===//
// Context
//===----------------------------------------------------------------------===//

/// What a noodle_rt_context pointer points at. The stop flag decides which
/// failure is the first: whoever sets it owns the message.
struct Context::Impl {
  Impl(Context &self, Pool &pool, const CallOptions &options)
      : self(&self), pool(&pool), options(options) {}

  noodle_rt_status fail(noodle_rt_status status, const char *text,
                        int64_t length);
  noodle_rt_status stop() const { return stopRequested(&head); }

  noodle_rt_context_head head{NOODLE_RT_OK, NOODLE_RT_ABI_VERSION};
  Context *self;
  Pool *pool;
  CallOptions options;
  std::atomic<bool> recorded{false}; // a failure, not a mere stop request
  std::atomic<bool> inParallel{false};
  CancelToken::Link cancelLink;
  Watchdog::Entry deadline;

  mutable std::mutex mutex; // guards what follows
  BlockList blocks;
  int64_t liveBytes = 0, peakBytes = 0;
  mutable std::string message;

  /// A call is one thread but in its parallel loops, and locks there alone: its
  /// locks took 16 of a bound call's 82 ns (Zen 4).
  class Guard {
  public:
    explicit Guard(const Impl &impl)
        : held(impl.inParallel.load(std::memory_order_relaxed) ? &impl.mutex
                                                               : nullptr) {
      if (held) [[unlikely]]
        held->lock();
    }
    ~Guard() {
      if (held) [[unlikely]]
        held->unlock();
    }
    Guard(const Guard &) = delete;

  private:
    std::mutex *held;
  };
};

noodle_rt_status Context::Impl::fail(noodle_rt_status status, const char *text,
                                     int64_t length) {
  if (status == NOODLE_RT_OK) // a failure cannot report success
    status = NOODLE_RT_INTERNAL;
  if (!requestStop(&head, status))
    return status;
  recorded.store(true, std::memory_order_release);
  constexpr int64_t kMaxMessage = 4096;
  std::lock_guard lock(mutex);
  try {
    if (text && length > 0)
      message.assign(text, std::min(length, kMaxMessage));
    else
      message = statusText(status);
  } catch (const std::exception &) {
    message.clear(); // the status alone must do
  }
  return status;
}

Context::Context(Pool &pool, const CallOptions &options) {
  static_assert(sizeof(Impl) <= kStorageBytes && alignof(Impl) <= 64);
  static_assert(std::is_standard_layout_v<noodle_rt_context_head> &&
                    offsetof(Impl, head) == 0,
                "generated code finds the stop flag at offset 0");
  Impl *impl = new (storage) Impl(*this, pool, options);
  if (options.cancel) {
    impl->cancelLink.head = &impl->head;
    options.cancel->attach(impl->cancelLink);
  }
  if (options.deadlineMillis < 0) {
    requestStop(&impl->head, NOODLE_RT_DEADLINE);
  } else if (options.deadlineMillis > 0) {
    constexpr int64_t kYears30 = 1'000'000'000'000; // keeps the sum in range
    impl->deadline.head = &impl->head;
    impl->deadline.when =
        Watchdog::Clock::now() +
        std::chrono::milliseconds(std::min(options.deadlineMillis, kYears30));
    if (!pool.impl->watchdog.watch(impl->deadline)) {
      constexpr char text[] = "no thread could be started to keep the deadline";
      impl->fail(NOODLE_RT_INTERNAL, text, sizeof(text) - 1);
    }
  }
}

Context::~Context() {
  Impl &impl = this->impl();
  if (impl.options.cancel)
    impl.options.cancel->detach(impl.cancelLink);
  if (impl.deadline.head)
    impl.pool->impl->watchdog.forget(impl.deadline);
  while (BlockHeader *block = impl.blocks.newest()) {
    impl.blocks.remove(block);
    if (impl.options.deviceCalls)
      impl.options.deviceCalls->forget(block->payload());
    impl.pool->release(block->payload());
  }
  impl.~Impl();
}

Context *Context::from(noodle_rt_context *handle) {
  return reinterpret_cast<Impl *>(handle)->self;
}

noodle_rt_status Context::finish(noodle_rt_status returned) {
  Impl &impl = this->impl();
  if (returned == NOODLE_RT_OK && !impl.recorded.load())
    return NOODLE_RT_OK;
  if (returned != NOODLE_RT_OK)
    impl.fail(returned, nullptr, 0);
  return impl.stop();
}

noodle_rt_status Context::status() const { return impl().stop(); }

const std::string &Context::message() const {
  const Impl &impl = this->impl();
  std::lock_guard lock(impl.mutex);
  noodle_rt_status stop = impl.stop();
  if (stop != NOODLE_RT_OK && impl.message.empty()) {
    try {
      if (stop == NOODLE_RT_DEADLINE && impl.options.deadlineMillis > 0)
        impl.message = "the deadline of " +
                       std::to_string(impl.options.deadlineMillis) +
                       " ms passed";
      else
        impl.message = statusText(stop);
    } catch (const std::exception &) {
      impl.message.clear();
    }
  }
  return impl.message;
}

bool Context::owns(const void *address) const {
  Impl::Guard lock(impl());
  return address && impl().blocks.contains(address);
}

void *Context::blockAt(const void *address, int64_t &bytes) const {
  auto wanted = reinterpret_cast<uintptr_t>(address);
  Impl::Guard lock(impl());
  for (BlockHeader *block = impl().blocks.newest(); block;
       block = block->next) {
    auto begin = reinterpret_cast<uintptr_t>(block->payload());
    if (wanted < begin || wanted - begin >= uintptr_t(block->bytes))
      continue;
    bytes = block->bytes;
    return block->payload();
  }
  bytes = 0;
  return nullptr;
}

bool Context::adopt(void *payload, Region &region) {
  Impl &impl = this->impl();
  Impl::Guard lock(impl);
  if (!payload || !impl.blocks.contains(payload))
    return false;
  BlockHeader *block = BlockHeader::of(payload);
  if (!region.reserve(block->bytes))
    return false;
  impl.blocks.remove(block);
  impl.liveBytes -= block->bytes;
  region.blocks.push(block, &region);
  return true;
}

int64_t Context::liveBytes() const {
  Impl::Guard lock(impl());
  return impl().liveBytes;
}

int64_t Context::peakBytes() const {
  Impl::Guard lock(impl());
  return impl().peakBytes;
}

//===----------------------------------------------------------------------===//
// The face of generated code
//===----------------------------------------------------------------------===//

struct ContextAccess {
  using Impl = Context::Impl;
  static Impl &of(noodle_rt_context *context) {
    return *reinterpret_cast<Impl *>(context);
  }
};

namespace {
using Call = ContextAccess::Impl;

Call &callOf(noodle_rt_context *context) { return ContextAccess::of(context); }

template <typename... Values>
noodle_rt_status failWith(Call &call, noodle_rt_status status,
                          const char *format, Values... values) {
  char text[160];
  int length = std::snprintf(text, sizeof(text), format, values...);
  return call.fail(status, text, std::min<int64_t>(length, sizeof(text) - 1));
}

/// Counts `bytes` as live unless that exceeds the limit.
bool reserve(Call &call, int64_t bytes) {
  Call::Guard lock(call);
  if (call.options.memoryLimit > 0 &&
      bytes > call.options.memoryLimit - call.liveBytes)
    return false;
  call.liveBytes += bytes;
  call.peakBytes = std::max(call.peakBytes, call.liveBytes);
  return true;
}

struct Loop {
  noodle_rt_context *context;
  int64_t count, chunk;
  noodle_rt_body body;
  void *captures;
  std::atomic<noodle_rt_status> status{NOODLE_RT_OK};

  void settle(noodle_rt_status failure) {
    noodle_rt_status none = NOODLE_RT_OK;
    status.compare_exchange_strong(none, failure);
  }
  static void run(void *data, int64_t k) {
    Loop &loop = *static_cast<Loop *>(data);
    Call &call = callOf(loop.context);
    if (noodle_rt_status stop = call.stop())
      return loop.settle(stop); // chunks after a failure are skipped
    int64_t begin = k * loop.chunk;
    int64_t end = begin + std::min(loop.chunk, loop.count - begin);
    if (noodle_rt_status failure =
            loop.body(loop.context, begin, end, loop.captures)) {
      call.fail(failure, nullptr, 0); // no effect where the body recorded it
      loop.settle(failure);
    }
  }
};
} // namespace

} // namespace noodle::rt

using namespace noodle::rt;

void *noodle_ir_try_alloc(noodle_rt_context *context, int64_t bytes,
                          int64_t site) {
  Call &call = callOf(context);
  if (isBlockSize(bytes)) {
    int64_t rounded = roundToAlignment(bytes);
    if (reserve(call, rounded)) {
      if (void *payload = call.pool->allocate(bytes)) {
        Call::Guard lock(call);
        call.blocks.push(BlockHeader::of(payload), &call);
        return payload;
      }
      Call::Guard lock(call);
      call.liveBytes -= rounded;
    }
  }
  if (HostCalls *host = call.options.hostCalls)
    if (noodle_rt_status status = host->shortage(context, site, bytes))
      call.fail(status, nullptr, 0); // no effect where the host recorded it
  return nullptr;
}

void *noodle_ir_alloc(noodle_rt_context *context, int64_t bytes) {
  Call &call = callOf(context);
  if (!isBlockSize(bytes)) {
    failWith(call, NOODLE_RT_OUT_OF_MEMORY,
             "a buffer of %lld bytes was asked for: its size overflows",
             static_cast<long long>(bytes));
    return nullptr;
  }
  int64_t rounded = roundToAlignment(bytes);
  if (!reserve(call, rounded)) {
    failWith(call, NOODLE_RT_OUT_OF_MEMORY,
             "%lld more bytes exceed the call's memory limit of %lld",
             static_cast<long long>(rounded),
             static_cast<long long>(call.options.memoryLimit));
    return nullptr;
  }
  void *payload = call.pool->allocate(bytes);
  if (!payload) {
    {
      Call::Guard lock(call);
      call.liveBytes -= rounded;
    }
    failWith(call, NOODLE_RT_OUT_OF_MEMORY,
             "out of memory: the system refused %lld bytes",
             static_cast<long long>(rounded));
    return nullptr;
  }
  Call::Guard lock(call);
  call.blocks.push(BlockHeader::of(payload), &call);
  return payload;
}

void *noodle_ir_result(noodle_rt_context *context, int64_t bytes,
                       int64_t index) {
  const std::span<const ResultMemory> given = callOf(context).options.results;
  if (uint64_t(index) < given.size() && given[index].bytes == bytes) [[likely]]
    return given[index].memory;
  return noodle_ir_alloc(context, bytes);
}

void noodle_ir_free(noodle_rt_context *context, void *payload) {
  if (!payload)
    return;
  Call &call = callOf(context);
  BlockHeader *block = BlockHeader::of(payload);
  {
    Call::Guard lock(call);
    assert(block->magic == BlockHeader::kLive && block->owner == &call &&
           "freed twice, or not a block of this call");
    if (block->owner == &call) {
      call.blocks.remove(block);
      call.liveBytes -= block->bytes;
    } else {
      block = nullptr;
    }
  }
  if (block && call.options.deviceCalls)
    call.options.deviceCalls->forget(payload);
  if (block)
    call.pool->release(payload);
  else
    failWith(call, NOODLE_RT_INTERNAL, "%s",
             "generated code freed a block that the call does not own");
}

noodle_rt_status noodle_ir_fail(noodle_rt_context *context,
                                noodle_rt_status status, const char *message,
                                int64_t length) {
  return callOf(context).fail(status, message, length);
}

noodle_rt_status noodle_ir_fail_at(noodle_rt_context *context,
                                   noodle_rt_status status, const char *message,
                                   int64_t length, const int64_t *values,
                                   int64_t count) {
  // On the stack: a call that fails for want of memory still says where.
  char text[1024];
  size_t size = 0;
  for (int64_t at = 0; at < length && size < sizeof(text); ++at) {
    int64_t k = at + 2 < length && message[at] == '{' && message[at + 2] == '}'
                    ? message[at + 1] - '0'
                    : -1;
    if (k < 0 || k >= count) {
      text[size++] = message[at];
      continue;
    }
    int written =
        std::snprintf(text + size, sizeof(text) - size, "%" PRId64, values[k]);
    size = std::min(size + written, sizeof(text));
    at += 2;
  }
  return callOf(context).fail(status, text, int64_t(size));
}

noodle_rt_status noodle_ir_parallel_for(noodle_rt_context *context,
                                        int64_t count, int64_t grain,
                                        noodle_rt_body body, void *captures) {
  Call &call = callOf(context);
  if (noodle_rt_status stop = call.stop())
    return stop;
  if (count <= 0)
    return NOODLE_RT_OK;
  bool brief = grain < 0;
  grain = std::max<int64_t>(brief ? -std::max(grain, -count) : grain, 1);
  Executor *executor = call.options.executor;
  // The flag can only be up here when a body of this call is the caller.
  int threads = executor && count > grain &&
                        !call.inParallel.load(std::memory_order_relaxed)
                    ? executor->concurrency()
                    : 1;
  if (threads <= 1) {
    noodle_rt_status status = body(context, 0, count, captures);
    return status ? call.fail(status, nullptr, 0) : NOODLE_RT_OK;
  }
  // Four chunks a thread even out bodies of unequal cost; two threads with an
  // empty body pay about 20 ns for each. A guess.
  int64_t parts = int64_t{4} * threads;
  int64_t chunk = std::max(grain, count / parts + (count % parts != 0));
  int64_t chunks = count / chunk + (count % chunk != 0);
  Loop loop{context, count, chunk, body, captures};
  call.inParallel.store(true, std::memory_order_relaxed);
  HostCalls *host = call.options.hostCalls;
  if (host && host->timesRegions()) [[unlikely]]
    host->region(runTimed(*executor, chunks, Loop::run, &loop, body));
  else if (brief)
    executor->runBrief(chunks, Loop::run, &loop);
  else
    executor->run(chunks, Loop::run, &loop);
  call.inParallel.store(false, std::memory_order_relaxed);
  return loop.status.load(std::memory_order_relaxed);
}

int noodle::rt::concurrencyOf(noodle_rt_context *context) {
  Call &call = callOf(context);
  Executor *executor = call.options.executor;
  // As noodle_ir_parallel_for decides.
  return executor && !call.inParallel.load(std::memory_order_relaxed)
             ? executor->concurrency()
             : 1;
}

noodle_rt_status
noodle_ir_reference_call(noodle_rt_context *context, int64_t site,
                         noodle_rt_tensor *arguments, int64_t argument_count,
                         noodle_rt_tensor *results, int64_t result_count) {
  Call &call = callOf(context);
  auto where = static_cast<long long>(site);
  HostCalls *host = call.options.hostCalls;
  if (!host)
    return failWith(call, NOODLE_RT_HOST_CALL_FAILED,
                    "reference site %lld needs the engine's interpreter, and "
                    "this call was made without one",
                    where);
  noodle_rt_status status = NOODLE_RT_HOST_CALL_FAILED;
  try {
    status = host->reference(context, site, arguments, argument_count, results,
                             result_count);
  } catch (...) { // generated code has no unwind tables
  }
  if (status != NOODLE_RT_OK) // no effect where the host recorded it
    failWith(call, status, "reference site %lld: %s", where,
             statusText(status));
  return status;
}

void noodle_ir_mark(noodle_rt_context *context, int64_t site, int64_t phase,
                    const int64_t *sizes, int64_t size_count) {
  if (HostCalls *host = callOf(context).options.hostCalls)
    host->mark(site, phase, sizes, size_count);
}

noodle_rt_status noodle_ir_launch(noodle_rt_context *context,
                                  const noodle_rt_launch *launch) {
  Call &call = callOf(context);
  DeviceCalls *device = call.options.deviceCalls;
  if (!device)
    return NOODLE_RT_FALLBACK;
  noodle_rt_status status = NOODLE_RT_DEVICE_FAILED;
  try {
    status = device->launch(context, *launch);
  } catch (...) { // generated code has no unwind tables
  }
  if (status != NOODLE_RT_OK && status != NOODLE_RT_FALLBACK)
    call.fail(status, nullptr, 0); // no effect where the device recorded it
  return status;
}

noodle_rt_status noodle_ir_host_access(noodle_rt_context *context,
                                       void *address, int32_t write) {
  Call &call = callOf(context);
  DeviceCalls *device = call.options.deviceCalls;
  if (!device)
    return NOODLE_RT_OK;
  noodle_rt_status status = NOODLE_RT_DEVICE_FAILED;
  try {
    status = device->hostAccess(context, address, write != 0);
  } catch (...) {
  }
  if (status != NOODLE_RT_OK)
    call.fail(status, nullptr, 0);
  return status;
}

noodle_rt_status noodle_ir_product(noodle_rt_context *context,
                                   const noodle_rt_product *product) {
  Call &call = callOf(context);
  ProductCalls *products = call.options.productCalls;
  if (!products)
    return NOODLE_RT_FALLBACK;
  noodle_rt_status status = NOODLE_RT_INTERNAL;
  try {
    status = products->product(context, *product);
  } catch (...) { // generated code has no unwind tables
  }
  if (status != NOODLE_RT_OK && status != NOODLE_RT_FALLBACK)
    call.fail(status, nullptr, 0); // no effect where the reason is recorded
  return status;
}
