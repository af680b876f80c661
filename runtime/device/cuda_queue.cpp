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
        surely(driver.eventDestroy, event);
  if (base)
    surely(driver.eventDestroy, base);
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
  if (!device.memoryPool) {
    TRY_CUDA(memAlloc, &address, size_t(bytes));
    return {};
  }
  // On the stream that touches it first, so that an input's transfer need not
  // wait for kernels.
  TRY_CUDA(memAllocAsync, &address, size_t(bytes),
           forInput ? lane->in : lane->compute);
  return {};
}

void CudaQueue::release(DeviceAddress address) noexcept {
  if (!address || device.lost())
    return;
  ContextOf context(device);
  if (!device.memoryPool) {
    wait();
    surely(driver.memFree, address);
    return;
  }
  // Behind the transfer that filled it and the kernels that used it; transfers
  // out have been waited for.
  joinIn();
  if (surely(driver.memFreeAsync, address, lane->compute) != CUDA_SUCCESS &&
      !device.lost())
    surely(driver.memFree, address);
}

//===----------------------------------------------------------------------===//
// Transfers
//===----------------------------------------------------------------------===//

Outcome CudaQueue::isPinned(const void *host, bool &pinned) {
  unsigned type = 0;
  CUresult result =
      driver.pointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE,
                                 reinterpret_cast<CUdeviceptr>(host));
  // The driver knows nothing of pageable memory.
  pinned = result == CUDA_SUCCESS && type == CU_MEMORYTYPE_HOST;
  if (result == CUDA_SUCCESS && type == CU_MEMORYTYPE_DEVICE)
    return {Fault::Refused, "an argument's memory is on a device: calls take "
                            "host memory"};
  return isSticky(result) ? check("cuPointerGetAttribute", result) : Outcome();
}

Outcome CudaQueue::settle(Lane::Stage &stage) {
  if (!stage.busy)
    return {};
  TRY_CUDA(eventSynchronize, stage.done);
  stage.busy = false;
  return {};
}

Outcome CudaQueue::stage(Way way, int number, int64_t bytes,
                         Lane::Stage *&stage) {
  stage = &lane->stages[way][number];
  TRY(settle(*stage));
  if (stage->block.bytes >= std::min(bytes, PinnedPool::kLargeBytes))
    return {};
  device.pinned.give(stage->block);
  stage->block = {};
  TRY(check("cuMemHostAlloc", device.pinned.take(bytes, stage->block)));
  return {};
}

Outcome CudaQueue::copyIn(DeviceAddress to, const void *from, int64_t bytes) {
  ContextOf context(device);
  TRY(context.outcome());
  bool pinned = false;
  TRY(isPinned(from, pinned));
  TRY(begin(In, -1));
  if (pinned) {
    TRY_CUDA(memcpyHtoDAsync, to, from, size_t(bytes), lane->in);
  } else {
    auto source = static_cast<const char *>(from);
    int number = 0;
    for (int64_t done = 0; done < bytes; number ^= 1) {
      Lane::Stage *slot;
      TRY(stage(In, number, bytes, slot));
      int64_t part = std::min(bytes - done, slot->block.bytes);
      std::memcpy(slot->block.data, source + done, size_t(part));
      TRY_CUDA(memcpyHtoDAsync, to + uint64_t(done), slot->block.data,
               size_t(part), lane->in);
      slot->busy = true;
      TRY_CUDA(eventRecord, slot->done, lane->in);
      done += part;
    }
  }
  end(In);
  inPending = true;
  return {};
}

Outcome CudaQueue::joinIn() {
  if (!inPending)
    return {};
  TRY_CUDA(eventRecord, lane->inDone, lane->in);
  TRY_CUDA(streamWaitEvent, lane->compute, lane->inDone, 0);
  inPending = false;
  return {};
}

Outcome CudaQueue::copyOut(void *to, DeviceAddress from, int64_t bytes) {
  ContextOf context(device);
  TRY(context.outcome());
  bool pinned = false;
  TRY(isPinned(to, pinned));
  TRY_CUDA(eventRecord, lane->computeDone, lane->compute);
  TRY_CUDA(streamWaitEvent, lane->out, lane->computeDone, 0);
  TRY(begin(Out, -1));
  if (pinned) {
    TRY_CUDA(memcpyDtoHAsync, to, from, size_t(bytes), lane->out);
    end(Out);
    TRY_CUDA(streamSynchronize, lane->out);
    return {};
  }
  // Part k + 1 travels while part k is copied on.
  struct Part {
    Lane::Stage *slot = nullptr;
    int64_t offset = 0, bytes = 0;
  } parts[2];
  auto target = static_cast<char *>(to);
  auto arrive = [&](Part &part) -> Outcome {
    if (!part.slot)
      return {};
    TRY(settle(*part.slot));
    std::memcpy(target + part.offset, part.slot->block.data,
                size_t(part.bytes));
    part.slot = nullptr;
    return {};
  };
  int number = 0;
  for (int64_t done = 0; done < bytes; number ^= 1) {
    TRY(arrive(parts[number]));
    Lane::Stage *slot;
    TRY(stage(Out, number, bytes, slot));
    int64_t part = std::min(bytes - done, slot->block.bytes);
    TRY_CUDA(memcpyDtoHAsync, slot->block.data, from + uint64_t(done),
             size_t(part), lane->out);
    slot->busy = true;
    TRY_CUDA(eventRecord, slot->done, lane->out);
    parts[number] = {slot, done, part};
    done += part;
  }
  end(Out);
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
  TRY(begin(Kernels, request.site));
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
      surely(device.driver.memFreeAsync, address, stream);
      return;
    }
    device.driver.streamSynchronize(stream);
    surely(device.driver.memFree, address);
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
  TRY(begin(Kernels, site));
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
  for (CUstream each : {lane->in, lane->compute, lane->out}) {
    CUresult result = driver.streamSynchronize(each);
    if (result != CUDA_SUCCESS && !isSticky(result))
      result = driver.streamSynchronize(each);
    TRY(check("cuStreamSynchronize", result));
  }
  for (auto &way : lane->stages)
    for (Lane::Stage &slot : way)
      slot.busy = false;
  return {};
}

//===----------------------------------------------------------------------===//
// Profile
//===----------------------------------------------------------------------===//

Outcome CudaQueue::begin(Way way, int64_t site) {
  if (!profile)
    return {};
  if (!base) {
    TRY_CUDA(eventCreate, &base, CU_EVENT_DEFAULT);
    TRY_CUDA(eventRecord, base, lane->compute);
    TRY_CUDA(streamWaitEvent, lane->in, base, 0);
    TRY_CUDA(streamWaitEvent, lane->out, base, 0);
  }
  Timed span{way, site, nullptr, nullptr};
  timed.reserve(timed.size() + 1);
  TRY_CUDA(eventCreate, &span.begin, CU_EVENT_DEFAULT);
  timed.push_back(span);
  TRY_CUDA(eventRecord, span.begin, stream(way));
  return {};
}

void CudaQueue::end(Way way) {
  if (!profile || timed.empty())
    return;
  CUevent event = nullptr;
  if (driver.eventCreate(&event, CU_EVENT_DEFAULT) != CUDA_SUCCESS)
    return;
  timed.back().end = event;
  driver.eventRecord(event, stream(way));
}

QueueTimes CudaQueue::times() {
  QueueTimes times;
  ContextOf context(device);
  if (!base || !context.outcome().ok())
    return times;
  std::vector<std::pair<float, float>> spans[3];
  for (Timed &span : timed) {
    float begin = 0, end = 0;
    if (!span.end ||
        driver.eventElapsedTime(&begin, base, span.begin) != CUDA_SUCCESS ||
        driver.eventElapsedTime(&end, base, span.end) != CUDA_SUCCESS)
      continue;
    double seconds = (end - begin) * 1e-3;
    (span.way == In    ? times.in
     : span.way == Out ? times.out
                       : times.kernels) += seconds;
    if (span.way == Kernels)
      times.bySite[span.site] += seconds;
    spans[span.way].push_back({begin, end});
  }
  // Each stream's spans follow one another.
  for (Way way : {In, Out})
    for (auto [begin, end] : spans[way])
      for (auto [from, to] : spans[Kernels])
        times.overlap +=
            std::max(0.f, std::min(end, to) - std::max(begin, from)) * 1e-3;
  return times;
}

} // namespace noodle::rt
