//===- cuda_queue.cpp - one call's work on a CUDA device ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cuda_queue.h"

#include <algorithm>
#include <cstring>

namespace noodle::rt {

/// Returns from the function with what went wrong.
#define TRY(expression)                                                        \
  if (Outcome tried = expression; !tried.ok())                                 \
  return tried
#define TRY_CUDA(call, ...) TRY(check(#call, driver.call(__VA_ARGS__)))

namespace {
struct ContextOf {
  explicit ContextOf(CudaDevice &device) : current(device), device(device) {}
  Outcome outcome() {
    if (device.lost())
      return {Fault::Lost, "the device is lost"};
    return device.outcome("cuCtxPushCurrent", current.result);
  }
  CurrentContext current;
  CudaDevice &device;
};
} // namespace

CudaQueue::CudaQueue(CudaDevice &device, std::unique_ptr<Lane> lane,
                     bool profile)
    : device(device), driver(device.driver), lane(std::move(lane)),
      profile(profile) {}

CudaQueue::~CudaQueue() {
  if (device.lost())
    return;
  wait();
  ContextOf context(device);
  for (Timed &span : timed)
    for (CUevent event : {span.begin, span.end})
      if (event)
        driver.eventDestroy(event);
  if (base)
    driver.eventDestroy(base);
  device.giveLane(std::move(lane));
}

CUstream CudaQueue::stream(Way way) const {
  return way == In ? lane->in : way == Out ? lane->out : lane->compute;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Outcome CudaQueue::allocate(int64_t bytes, bool forInput,
                            DeviceAddress &address) {
  ContextOf context(device);
  TRY(context.outcome());
  if (!device.memoryPool)
    return device.takeBlock(bytes, address);
  // On the stream that touches it first, so that an input's transfer need not
  // wait for kernels.
  TRY_CUDA(memAllocAsync, &address, size_t(bytes),
           forInput ? lane->in : lane->compute);
  inPending |= forInput;
  return {};
}

void CudaQueue::release(DeviceAddress address) noexcept {
  if (!address || device.lost())
    return;
  ContextOf context(device);
  // Behind the transfer that filled it and the kernels that used it; transfers
  // out have been waited for.
  bool ordered = device.memoryPool && joinIn().ok();
  if (!ordered)
    wait();
  if (device.memoryPool)
    driver.memFreeAsync(address, lane->compute);
  else
    device.giveBlock(address);
}

//===----------------------------------------------------------------------===//
// Transfers
//===----------------------------------------------------------------------===//

Outcome CudaQueue::inspect(const void *host, int64_t bytes, bool &pinned) {
  auto begin = reinterpret_cast<CUdeviceptr>(host);
  pinned = true;
  for (CUdeviceptr at : {begin, begin + CUdeviceptr(bytes) - 1}) {
    unsigned type = 0;
    CUresult result =
        driver.pointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, at);
    if (isSticky(result))
      return check("cuPointerGetAttribute", result);
    // An error for what the driver never saw: pageable memory.
    pinned &= result == CUDA_SUCCESS && type == CU_MEMORYTYPE_HOST;
    if (result == CUDA_SUCCESS && type == CU_MEMORYTYPE_DEVICE &&
        device.isDeviceMemory(host))
      return {Fault::Mistake, "an argument's memory is on a device: programs "
                              "take host memory"};
    if (!pinned)
      return {};
  }
  return {};
}

Outcome CudaQueue::settle(Lane::Stage &stage) {
  if (!stage.busy)
    return {};
  TRY(check("cuEventSynchronize", twice(driver.eventSynchronize, stage.done)));
  stage.busy = false;
  return {};
}

Outcome CudaQueue::follow(Way way, Lane::Stage &slot) {
  slot.busy = true;
  if (twice(driver.eventRecord, slot.done, stream(way)) == CUDA_SUCCESS)
    return {};
  // Nothing tells when the buffer is free again, but this.
  TRY(check("cuStreamSynchronize",
            twice(driver.streamSynchronize, stream(way))));
  slot.busy = false;
  return {};
}

Outcome CudaQueue::stage(Way way, int number, int64_t bytes,
                         Lane::Stage *&stage) {
  Lane::Stage &slot = lane->stages[way][number];
  stage = nullptr;
  TRY(settle(slot));
  if (slot.block.bytes < std::min(bytes, PinnedPool::kLargeBytes)) {
    device.pinned.give(slot.block);
    slot.block = {};
    CUresult result = device.pinned.take(bytes, slot.block);
    if (isSticky(result))
      return check("cuMemHostAlloc", result);
    if (result != CUDA_SUCCESS)
      return {};
  }
  stage = &slot;
  return {};
}

Outcome CudaQueue::copyIn(DeviceAddress to, const void *from, int64_t bytes,
                          bool &direct) {
  ContextOf context(device);
  TRY(context.outcome());
  TRY(inspect(from, bytes, direct));
  begin(In, -1);
  inPending = true;
  if (direct) {
    TRY_CUDA(memcpyHtoDAsync, to, from, size_t(bytes), lane->in);
    end(In);
    return {};
  }
  // The host fills one buffer while the other travels.
  auto source = static_cast<const char *>(from);
  int &number = lane->nextStage[In];
  for (int64_t done = 0; done < bytes; number ^= 1) {
    Lane::Stage *slot;
    TRY(stage(In, number, bytes, slot));
    if (!slot) { // the driver stages it; it has read all when it returns
      TRY_CUDA(memcpyHtoDAsync, to + uint64_t(done), source + done,
               size_t(bytes - done), lane->in);
      break;
    }
    int64_t part = std::min(bytes - done, slot->block.bytes);
    std::memcpy(slot->block.data, source + done, size_t(part));
    TRY_CUDA(memcpyHtoDAsync, to + uint64_t(done), slot->block.data,
             size_t(part), lane->in);
    TRY(follow(In, *slot));
    done += part;
  }
  end(In);
  return {};
}

Outcome CudaQueue::settleInputs() {
  ContextOf context(device);
  TRY(context.outcome());
  return check("cuStreamSynchronize",
               twice(driver.streamSynchronize, lane->in));
}

Outcome CudaQueue::joinIn() {
  if (!inPending)
    return {};
  TRY(check("cuEventRecord",
            twice(driver.eventRecord, lane->inDone, lane->in)));
  TRY(check("cuStreamWaitEvent",
            twice(driver.streamWaitEvent, lane->compute, lane->inDone, 0u)));
  inPending = false;
  return {};
}

Outcome CudaQueue::copyOnDevice(DeviceAddress to, DeviceAddress from,
                                int64_t bytes) {
  ContextOf context(device);
  TRY(context.outcome());
  TRY(joinIn());
  TRY_CUDA(memcpyDtoDAsync, to, from, size_t(bytes), lane->compute);
  return {};
}

Outcome CudaQueue::mark(Moment &moment) {
  ContextOf context(device);
  TRY(context.outcome());
  CUevent &event = lane->marks[(moments + 1) % Lane::kMarks];
  CUresult result = CUDA_SUCCESS;
  if (!event)
    result = twice(driver.eventCreate, &event,
                   static_cast<unsigned>(CU_EVENT_DISABLE_TIMING));
  if (result == CUDA_SUCCESS)
    result = twice(driver.eventRecord, event, lane->compute);
  if (result == CUDA_SUCCESS) {
    moment = ++moments;
    return {};
  }
  TRY(check("cuStreamSynchronize",
            twice(driver.streamSynchronize, lane->compute)));
  moment = 0; // it is past
  return {};
}

Outcome CudaQueue::copyOut(void *to, DeviceAddress from, int64_t bytes,
                           Moment after) {
  ContextOf context(device);
  TRY(context.outcome());
  bool pinned = false;
  TRY(inspect(to, bytes, pinned));
  if (after)
    TRY(check("cuStreamWaitEvent",
              twice(driver.streamWaitEvent, lane->out,
                    lane->marks[after % Lane::kMarks], 0u)));
  begin(Out, -1);
  Outcome result;
  if (pinned)
    result = check("cuMemcpyDtoHAsync",
                   driver.memcpyDtoHAsync(to, from, size_t(bytes), lane->out));
  else
    result = moveOut(static_cast<char *>(to), from, bytes);
  end(Out);
  if (result.ok() && !pinned)
    return result;
  // Nothing may be under way when the memory is given to others.
  Outcome settled =
      check("cuStreamSynchronize", twice(driver.streamSynchronize, lane->out));
  return result.ok() ? settled : result;
}

Outcome CudaQueue::moveOut(char *to, DeviceAddress from, int64_t bytes) {
  // Part k + 1 travels while part k is copied on.
  struct Part {
    Lane::Stage *slot = nullptr;
    int64_t offset = 0, bytes = 0;
  } parts[2];
  auto arrive = [&](Part &part) -> Outcome {
    if (!part.slot)
      return {};
    TRY(settle(*part.slot));
    std::memcpy(to + part.offset, part.slot->block.data, size_t(part.bytes));
    part.slot = nullptr;
    return {};
  };
  int number = 0;
  for (int64_t done = 0; done < bytes; number ^= 1) {
    TRY(arrive(parts[number]));
    Lane::Stage *slot;
    TRY(stage(Out, number, bytes, slot));
    if (!slot) { // the driver stages it
      TRY_CUDA(memcpyDtoHAsync, to + done, from + uint64_t(done),
               size_t(bytes - done), lane->out);
      TRY(check("cuStreamSynchronize",
                twice(driver.streamSynchronize, lane->out)));
      break;
    }
    int64_t part = std::min(bytes - done, slot->block.bytes);
    TRY_CUDA(memcpyDtoHAsync, slot->block.data, from + uint64_t(done),
             size_t(part), lane->out);
    TRY(follow(Out, *slot));
    parts[number] = {slot, done, part};
    done += part;
  }
  TRY(arrive(parts[number]));
  return arrive(parts[number ^ 1]);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

Outcome CudaQueue::launch(const LaunchRequest &request) {
  ContextOf context(device);
  TRY(context.outcome());
  TRY(joinIn());
  begin(Kernels, request.site);
  Outcome result =
      check("cuLaunchKernel",
            driver.launchKernel(
                static_cast<CUfunction>(request.kernel->function),
                unsigned(request.grid[0]), unsigned(request.grid[1]),
                unsigned(request.grid[2]), unsigned(request.kernel->threads), 1,
                1, 0, lane->compute, request.parameters, nullptr));
  end(Kernels);
  return result;
}

namespace {
/// Room for a vendor's routine in the queue's memory.
class PoolWorkspace final : public VendorLibraries::Workspace {
public:
  PoolWorkspace(CudaDevice &device) : device(device) {}
  CUdeviceptr allocate(size_t bytes, CUstream stream) override {
    CUdeviceptr address = 0;
    CUresult result = device.memoryPool
                          ? device.driver.memAllocAsync(&address, bytes, stream)
                          : device.driver.memAlloc(&address, bytes);
    return result == CUDA_SUCCESS ? address : 0;
  }
  void release(CUdeviceptr address, CUstream stream) override {
    if (device.memoryPool) {
      device.driver.memFreeAsync(address, stream);
      return;
    }
    twice(device.driver.streamSynchronize, stream);
    device.giveBlock(address);
  }

private:
  CudaDevice &device;
};
} // namespace

Outcome CudaQueue::routine(std::string_view name,
                           std::span<const VendorLibraries::Buffer> buffers,
                           std::span<const int64_t> scalars, int64_t site) {
  ContextOf context(device);
  TRY(context.outcome());
  TRY(joinIn());
  begin(Kernels, site);
  PoolWorkspace workspace(device);
  Outcome result;
  if (!device.vendor().enqueue(name, buffers, scalars, lane->compute, workspace,
                               result.reason))
    result.fault = Fault::Refused;
  end(Kernels);
  return result;
}

Outcome CudaQueue::wait() {
  ContextOf context(device);
  TRY(context.outcome());
  for (CUstream each : {lane->in, lane->compute, lane->out})
    TRY(check("cuStreamSynchronize", twice(driver.streamSynchronize, each)));
  for (auto &way : lane->stages)
    for (Lane::Stage &slot : way)
      slot.busy = false;
  return {};
}

//===----------------------------------------------------------------------===//
// Profile
//===----------------------------------------------------------------------===//

// What cannot be timed runs all the same.

void CudaQueue::begin(Way way, int64_t site) {
  if (!profile)
    return;
  constexpr size_t kMostSpans = 1024; // a guess: events are not for nothing
  if (timed.size() >= kMostSpans && wait().ok())
    fold();
  if (!base) {
    CUevent event = nullptr;
    if (driver.eventCreate(&event, CU_EVENT_DEFAULT) != CUDA_SUCCESS)
      return;
    if (driver.eventRecord(event, lane->compute) != CUDA_SUCCESS) {
      driver.eventDestroy(event);
      return;
    }
    base = event;
  }
  Timed &span = timed.emplace_back(Timed{way, site, nullptr, nullptr});
  if (driver.eventCreate(&span.begin, CU_EVENT_DEFAULT) != CUDA_SUCCESS)
    span.begin = nullptr;
  else
    driver.eventRecord(span.begin, stream(way));
}

void CudaQueue::end(Way way) {
  if (!profile || timed.empty() || timed.back().way != way ||
      timed.back().end || !timed.back().begin)
    return;
  CUevent event = nullptr;
  if (driver.eventCreate(&event, CU_EVENT_DEFAULT) != CUDA_SUCCESS)
    return;
  timed.back().end = event;
  driver.eventRecord(event, stream(way));
}

QueueTimes CudaQueue::times() {
  ContextOf context(device);
  if (context.outcome().ok())
    fold();
  return measured;
}

void CudaQueue::fold() {
  using Span = std::pair<float, float>;
  std::vector<Span> moves, kernels;
  for (Timed &span : timed) {
    float begin = 0, end = 0;
    bool known =
        span.begin && span.end &&
        driver.eventElapsedTime(&begin, base, span.begin) == CUDA_SUCCESS &&
        driver.eventElapsedTime(&end, base, span.end) == CUDA_SUCCESS;
    for (CUevent event : {span.begin, span.end})
      if (event)
        driver.eventDestroy(event);
    if (!known)
      continue;
    double seconds = (end - begin) * 1e-3;
    (span.way == In    ? measured.in
     : span.way == Out ? measured.out
                       : measured.kernels) += seconds;
    if (span.way == Kernels)
      measured.bySite[span.site] += seconds;
    (span.way == Kernels ? kernels : moves).push_back({begin, end});
  }
  timed.clear();
  // Kernels follow one another; transfers in and out may be at once.
  std::sort(moves.begin(), moves.end());
  float done = -1e30f;
  size_t first = 0;
  for (auto [begin, end] : moves) {
    begin = std::max(begin, done);
    done = std::max(done, end);
    while (first < kernels.size() && kernels[first].second <= begin)
      ++first;
    for (size_t k = first; k < kernels.size() && kernels[k].first < end; ++k)
      measured.overlap += std::max(0.f, std::min(end, kernels[k].second) -
                                            std::max(begin, kernels[k].first)) *
                          1e-3;
  }
}

} // namespace noodle::rt
