//===- session.cpp - one call's use of a device ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "session.h"

#include "noodle-rt/ir.h"

#include <algorithm>

namespace noodle::rt {

//===----------------------------------------------------------------------===//
// Receipt
//===----------------------------------------------------------------------===//

/// A reason may tell of sizes, which differ from launch to launch: the first
/// stands for all of a site.
void DeviceSession::Impl::step(const char *name, const std::string &reason,
                               int64_t at) {
  for (DeviceStep &known : receipt.steps)
    if (known.step == name && known.site == at) {
      ++known.count;
      return;
    }
  receipt.steps.push_back({name, reason, at, 1});
}

DeviceReceipt::SiteUse &DeviceSession::Impl::siteUse(int64_t at) {
  for (DeviceReceipt::SiteUse &use : receipt.sites)
    if (use.site == at)
      return use;
  receipt.sites.push_back({at, 0, 0, 0});
  return receipt.sites.back();
}

/// What it means to the call that something did not happen.
noodle_rt_status DeviceSession::Impl::settle(const Outcome &outcome,
                                             const char *name) {
  noodle_rt_status status = NOODLE_RT_DEVICE_FAILED;
  if (outcome.fault == Fault::Lost) {
    lost = true;
    name = "lost";
  }
  if (outcome.fault == Fault::Mistake)
    status = NOODLE_RT_INVALID_ARGUMENT;
  else
    step(name, outcome.reason, site);
  if (!lost && !options.strict && outcome.fault != Fault::Mistake)
    return NOODLE_RT_FALLBACK;
  std::string message = outcome.reason;
  if (outcome.fault != Fault::Mistake)
    message = std::string(name) + ": " + message;
  return noodle_ir_fail(context, status, message.data(),
                        int64_t(message.size()));
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

bool DeviceModule::Impl::isRoutine(int64_t kernel) const {
  return kernel >= 0 && size_t(kernel) < code->kernels.size() &&
         !code->kernels[size_t(kernel)].routine.empty();
}

Outcome DeviceSession::Impl::start() {
  if (device.lost())
    return {Fault::Lost, "the device was lost before"};
  if (queue)
    return {};
  Outcome result = device.impl().createQueue(options.profile, queue);
  if (result.fault == Fault::Memory) {
    device.trim();
    result = device.impl().createQueue(options.profile, queue);
  }
  return result;
}

/// What no device could do, or this one cannot.
Outcome DeviceSession::Impl::whyNot(const noodle_rt_launch &launch) {
  auto refuse = [](std::string reason) {
    return Outcome{Fault::Refused, std::move(reason)};
  };
  if (launch.kernel < 0 || size_t(launch.kernel) >= module.code->kernels.size())
    return refuse("the module has no kernel " + std::to_string(launch.kernel));
  const KernelInfo &info = module.code->kernels[size_t(launch.kernel)];
  constexpr int64_t kMost[] = {(int64_t{1} << 31) - 1, 65535, 65535};
  for (int k = 0; k < 3; ++k)
    if (launch.grid[k] < 0 || launch.grid[k] > kMost[k])
      return refuse("a grid of " + std::to_string(launch.grid[k]) +
                    " blocks is beyond the limit of " +
                    std::to_string(kMost[k]));
  if (int64_t most = device.info().threadsPerBlock;
      most > 0 && info.threads > most)
    return refuse("kernel " + info.name + " wants blocks of " +
                  std::to_string(info.threads) + " threads, the device takes " +
                  std::to_string(most));
  if (int64_t most = device.info().sharedPerBlock;
      most > 0 && info.sharedBytes > most)
    return refuse(
        "kernel " + info.name + " wants " + std::to_string(info.sharedBytes) +
        " bytes of shared memory, the device has " + std::to_string(most));
  int64_t total = 0;
  for (int64_t k = 0; k < launch.buffer_count; ++k) {
    const noodle_rt_launch_buffer &buffer = launch.buffers[k];
    int64_t bytes = 0;
    if (buffer.count < 0 || buffer.element_bytes <= 0)
      return refuse("buffer " + std::to_string(k) + " has a negative size");
    if (__builtin_mul_overflow(buffer.count, int64_t{buffer.element_bytes},
                               &bytes) ||
        __builtin_add_overflow(total, bytes, &total))
      return refuse("the size of buffer " + std::to_string(k) + " overflows");
  }
  return {};
}

Outcome
DeviceSession::Impl::enqueue(const noodle_rt_launch &launch,
                             const std::vector<DeviceAddress> &addresses) {
  const KernelInfo &info = module.code->kernels[size_t(launch.kernel)];
  if (!info.routine.empty()) {
    std::vector<VendorLibraries::Buffer> buffers;
    for (int64_t k = 0; k < launch.buffer_count; ++k)
      buffers.push_back({addresses[size_t(k)], launch.buffers[k].count,
                         launch.buffers[k].element_bytes});
    return queue->routine(
        info.routine, buffers,
        std::span(launch.scalars, size_t(launch.scalar_count)), launch.site);
  }
  // Memref descriptors of rank 1: allocated, aligned, offset, size, stride.
  std::vector<int64_t> words;
  words.reserve(size_t(5 * launch.buffer_count + launch.scalar_count));
  for (int64_t k = 0; k < launch.buffer_count; ++k) {
    auto address = int64_t(addresses[size_t(k)]);
    words.insert(words.end(),
                 {address, address, 0, launch.buffers[k].count, 1});
  }
  words.insert(words.end(), launch.scalars,
               launch.scalars + launch.scalar_count);
  std::vector<void *> parameters;
  for (int64_t &word : words)
    parameters.push_back(&word);
  LaunchRequest request;
  request.kernel = &code->kernels[size_t(launch.kernel)];
  std::copy_n(launch.grid, 3, request.grid);
  request.parameters = parameters.data();
  request.site = launch.site;
  return queue->launch(request);
}

Outcome DeviceSession::Impl::run(const noodle_rt_launch &launch) {
  for (int64_t blocks : launch.grid)
    if (blocks == 0)
      return {};
  ++launchNumber;
  Acquired acquired;
  Outcome result = acquire(launch, acquired);
  if (result.ok())
    result = enqueue(launch, acquired.addresses);
  if (result.ok())
    result = commit(acquired);
  if (!result.ok())
    undo(acquired);
  if (result.fault == Fault::Memory && !module.isRoutine(launch.kernel))
    return runInParts(launch, std::move(result));
  return result;
}

noodle_rt_status DeviceSession::launch(noodle_rt_context *context,
                                       const noodle_rt_launch &launch) {
  std::lock_guard lock(self->mutex);
  Impl &impl = *self;
  impl.context = context;
  impl.site = launch.site;
  if (impl.lost)
    return NOODLE_RT_DEVICE_FAILED;
  bool routine = impl.module.isRoutine(launch.kernel);
  const char *name = "launch";
  Outcome result = impl.start();
  if (result.ok())
    result = impl.whyNot(launch);
  if (result.ok() && !routine && !impl.code) {
    name = "load";
    impl.code = impl.module.get(result);
  }
  if (result.ok()) {
    name = routine ? "library" : "launch";
    result = impl.run(launch);
  }
  DeviceReceipt::SiteUse &use = impl.siteUse(launch.site);
  if (result.ok()) {
    ++impl.receipt.launches;
    ++use.launches;
    return NOODLE_RT_OK;
  }
  // Behind a vendor's routine comes a kernel of ours, which counts itself.
  if (!routine) {
    ++impl.receipt.fallbacks;
    ++use.fallbacks;
    if (result.fault == Fault::Memory)
      name = "memory";
  }
  return impl.settle(result, name);
}

//===----------------------------------------------------------------------===//
// The host's side
//===----------------------------------------------------------------------===//

noodle_rt_status DeviceSession::hostAccess(noodle_rt_context *context,
                                           void *address, bool write) {
  Impl &impl = *self;
  // Where the device has nothing that the host lacks, or will change.
  if ((write ? impl.copyCount : impl.newestCount)
              .load(std::memory_order_relaxed) == 0 &&
      !impl.lost)
    return NOODLE_RT_OK;
  std::lock_guard lock(impl.mutex);
  if (impl.lost)
    return NOODLE_RT_DEVICE_FAILED;
  impl.context = context;
  impl.site = -1;
  auto host = static_cast<char *>(address);
  for (auto at = impl.copies.begin(); at != impl.copies.end();) {
    if (!at->second.isOf(host)) {
      ++at;
      continue;
    }
    if (Outcome result = impl.writeBack(at->second); !result.ok())
      return impl.settle(result, "lost");
    at = write ? impl.drop(at) : std::next(at);
  }
  return NOODLE_RT_OK;
}

void DeviceSession::forget(void *block) noexcept {
  Impl &impl = *self;
  if (impl.copyCount.load(std::memory_order_relaxed) == 0)
    return;
  std::lock_guard lock(impl.mutex);
  auto begin = static_cast<char *>(block);
  char *end = begin + std::max<int64_t>(Pool::sizeOf(block), 1);
  for (auto at = impl.copies.lower_bound(begin);
       at != impl.copies.end() && at->first < end;)
    at = impl.drop(at);
}

Outcome DeviceSession::Impl::finish() {
  if (!queue)
    return {};
  for (auto &[host, copy] : copies)
    NOODLE_TRY(writeBack(copy));
  Outcome result = queue->wait();
  if (result.fault == Fault::Refused || result.fault == Fault::Memory)
    result = queue->wait();
  NOODLE_TRY(std::move(result));
  if (!options.profile)
    return {};
  QueueTimes times = queue->times();
  receipt.secondsIn = times.in;
  receipt.secondsOut = times.out;
  receipt.kernelSeconds = times.kernels;
  receipt.overlapSeconds = times.overlap;
  for (auto [at, seconds] : times.bySite)
    siteUse(at).seconds = seconds;
  return {};
}

noodle_rt_status DeviceSession::finish() {
  Impl &impl = *self;
  std::lock_guard lock(impl.mutex);
  if (!impl.finished && !impl.lost) {
    impl.finished = true;
    impl.site = -1;
    Outcome result;
    try {
      result = impl.finish();
    } catch (const std::exception &) {
      result = {Fault::Lost, "the host is out of memory"};
    }
    if (!result.ok()) {
      impl.lost = true;
      impl.step("lost", result.reason, -1);
    }
  }
  return impl.lost ? NOODLE_RT_DEVICE_FAILED : NOODLE_RT_OK;
}

DeviceSession::DeviceSession(DeviceModule &module,
                             const SessionOptions &options)
    : self(std::make_unique<Impl>(module, options)) {
  self->receipt.device = module.device().info().name;
}

DeviceSession::~DeviceSession() {
  for (auto at = self->copies.begin(); at != self->copies.end();)
    at = self->drop(at);
}

bool DeviceSession::deviceLost() const { return self->lost; }

const DeviceReceipt &DeviceSession::receipt() const { return self->receipt; }

} // namespace noodle::rt
