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

#define TRY(expression)                                                        \
  if (Outcome tried = expression; !tried.ok())                                 \
  return tried

//===----------------------------------------------------------------------===//
// Receipt
//===----------------------------------------------------------------------===//

void DeviceSession::Impl::step(const char *name, const std::string &reason,
                               int64_t at) {
  for (DeviceStep &known : receipt.steps)
    if (known.step == name && known.reason == reason && known.site == at)
      return;
  receipt.steps.push_back({name, reason, at});
}

DeviceReceipt::SiteUse &DeviceSession::Impl::siteUse(int64_t at) {
  for (DeviceReceipt::SiteUse &use : receipt.sites)
    if (use.site == at)
      return use;
  receipt.sites.push_back({at, 0, 0, 0});
  return receipt.sites.back();
}

/// What a launch that did not happen means to the call.
noodle_rt_status DeviceSession::Impl::settle(noodle_rt_context *context,
                                             const Outcome &outcome,
                                             const char *name, int64_t at) {
  if (outcome.fault == Fault::Lost) {
    lost = true;
    name = "lost";
  }
  step(name, outcome.reason, at);
  ++receipt.fallbacks;
  ++siteUse(at).fallbacks;
  if (!lost && !options.strict)
    return NOODLE_RT_FALLBACK;
  std::string message = std::string(name) + ": " + outcome.reason;
  return noodle_ir_fail(context, NOODLE_RT_DEVICE_FAILED, message.data(),
                        int64_t(message.size()));
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

void DeviceSession::Impl::grow(int64_t bytes) {
  liveBytes += bytes;
  receipt.peakBytes = std::max(receipt.peakBytes, liveBytes);
}

DeviceSession::Impl::Copies::iterator
DeviceSession::Impl::drop(Copies::iterator at) {
  DeviceCopy &copy = at->second;
  if (!copy.borrowed) {
    queue->release(copy.device);
    liveBytes -= copy.bytes;
  }
  used.fetch_sub(1, std::memory_order_relaxed);
  return copies.erase(at);
}

Outcome DeviceSession::Impl::writeBack(DeviceCopy &copy) {
  if (!copy.newest)
    return {};
  Outcome result = queue->copyOut(copy.host, copy.device, copy.bytes);
  if (!result.ok() && result.fault != Fault::Lost) // only the device has it
    result = queue->copyOut(copy.host, copy.device, copy.bytes);
  if (!result.ok()) {
    result.fault = Fault::Lost;
    return result;
  }
  receipt.bytesOut += copy.bytes;
  copy.newest = false;
  return {};
}

DeviceSession::Impl::Copies::iterator
DeviceSession::Impl::containing(char *host, int64_t bytes) {
  auto at = copies.upper_bound(host);
  if (at == copies.begin())
    return copies.end();
  --at;
  DeviceCopy &copy = at->second;
  // Kernels expect the alignment that allocations have.
  bool fits = host + bytes <= copy.end() && (host - copy.host) % 256 == 0;
  return fits ? at : copies.end();
}

Outcome DeviceSession::Impl::clear(char *host, int64_t bytes, bool keepExact) {
  auto at = copies.lower_bound(host);
  if (at != copies.begin() && std::prev(at)->second.end() > host)
    --at;
  while (at != copies.end() && at->first < host + bytes) {
    DeviceCopy &copy = at->second;
    if (keepExact && copy.host == host && copy.bytes == bytes) {
      ++at;
      continue;
    }
    TRY(writeBack(copy));
    at = drop(at);
  }
  return {};
}

/// Gives memory of copies back that the launch under way does not use: first
/// what the host has too, oldest first. Whether there was any.
bool DeviceSession::Impl::evict(bool dirty) {
  bool any = false;
  for (auto at = copies.begin(); at != copies.end();) {
    DeviceCopy &copy = at->second;
    if (copy.lastUse == launchNumber || copy.borrowed || copy.newest != dirty ||
        !writeBack(copy).ok()) {
      ++at;
      continue;
    }
    at = drop(at);
    any = true;
  }
  return any;
}

Outcome DeviceSession::Impl::allocate(int64_t bytes, bool forInput,
                                      DeviceAddress &address) {
  Outcome result = queue->allocate(bytes, forInput, address);
  auto again = [&](const char *name, const std::string &what) {
    step(name, result.reason + ": " + what, site);
    result = queue->allocate(bytes, forInput, address);
  };
  if (result.fault == Fault::Memory) {
    // What was released is not back before the device got there.
    TRY(queue->wait());
    device.trim();
    again("trim", "cached memory was given back");
  }
  if (result.fault == Fault::Memory && evict(false)) {
    TRY(queue->wait());
    device.trim();
    again("evict", "copies that the host has too were dropped");
  }
  if (result.fault == Fault::Memory && evict(true)) {
    TRY(queue->wait());
    device.trim();
    again("evict", "results were moved to the host");
  }
  if (result.ok())
    grow(bytes);
  return result;
}

Outcome DeviceSession::Impl::input(char *host, int64_t bytes,
                                   DeviceAddress &address) {
  if (auto at = containing(host, bytes); at != copies.end()) {
    at->second.lastUse = launchNumber;
    address = at->second.device + uint64_t(host - at->second.host);
    receipt.bytesReused += bytes;
    return {};
  }
  // A copy that lasts, if there is one; else one of this call.
  Device::Impl &backend = device.impl();
  {
    std::lock_guard lock(backend.residentMutex);
    auto at = backend.residents.upper_bound(reinterpret_cast<uintptr_t>(host));
    if (at != backend.residents.begin()) {
      Resident &resident = *std::prev(at)->second;
      int64_t offset = host - resident.host;
      if (offset + bytes <= resident.bytes && offset % 256 == 0) {
        if (resident.stale) {
          TRY(queue->copyIn(resident.device, resident.host, resident.bytes));
          TRY(queue->wait()); // other calls may use it from now on
          receipt.bytesIn += resident.bytes;
          resident.stale = false;
        } else {
          receipt.bytesReused += bytes;
        }
        address = resident.device + uint64_t(offset);
        return {};
      }
    }
  }
  TRY(clear(host, bytes, false));
  TRY(allocate(bytes, true, address));
  if (Outcome result = queue->copyIn(address, host, bytes); !result.ok()) {
    queue->release(address);
    liveBytes -= bytes;
    return result;
  }
  receipt.bytesIn += bytes;
  copies[host] = {host, bytes, address, false, launchNumber, false};
  used.fetch_add(1, std::memory_order_relaxed);
  return {};
}

Outcome DeviceSession::Impl::output(char *host, int64_t bytes,
                                    DeviceAddress &address) {
  TRY(clear(host, bytes, true));
  if (auto at = copies.find(host); at != copies.end()) {
    at->second.lastUse = launchNumber;
    address = at->second.device;
    return {};
  }
  TRY(allocate(bytes, false, address));
  copies[host] = {host, bytes, address, false, launchNumber, false};
  used.fetch_add(1, std::memory_order_relaxed);
  return {};
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// The queue and the code, on first use.
Outcome DeviceSession::Impl::start() {
  if (started)
    return startOutcome;
  if (device.lost())
    return {Fault::Lost, "the device was lost before"};
  code = module.get(startOutcome);
  if (startOutcome.ok()) {
    Outcome result = device.impl().createQueue(options.profile, queue);
    if (!result.ok()) // perhaps better the next time
      return result;
  }
  started = true;
  return startOutcome;
}

static int64_t bytesOf(const noodle_rt_launch_buffer &buffer) {
  return buffer.count * buffer.element_bytes;
}

/// What no device could do, or this one cannot.
Outcome DeviceSession::Impl::whyNot(const noodle_rt_launch &launch) {
  auto refuse = [](std::string reason) {
    return Outcome{Fault::Refused, std::move(reason)};
  };
  if (launch.kernel < 0 || launch.kernel >= int64_t(code->kernels.size()))
    return refuse("the module has no kernel " + std::to_string(launch.kernel));
  const KernelInfo &info = module.code->kernels[size_t(launch.kernel)];
  constexpr int64_t kMost[] = {(int64_t{1} << 31) - 1, 65535, 65535};
  for (int k = 0; k < 3; ++k)
    if (launch.grid[k] < 0 || launch.grid[k] > kMost[k])
      return refuse("a grid of " + std::to_string(launch.grid[k]) +
                    " blocks is beyond the limit of " +
                    std::to_string(kMost[k]));
  if (info.threads > 1024)
    return refuse("kernel " + info.name + " wants blocks of " +
                  std::to_string(info.threads) + " threads");
  if (int64_t most = device.info().sharedPerBlock;
      most > 0 && info.sharedBytes > most)
    return refuse(
        "kernel " + info.name + " wants " + std::to_string(info.sharedBytes) +
        " bytes of shared memory, the device has " + std::to_string(most));
  int64_t total = 0;
  const noodle_rt_launch_buffer *written = nullptr;
  for (int64_t k = 0; k < launch.buffer_count; ++k) {
    const noodle_rt_launch_buffer &buffer = launch.buffers[k];
    int64_t bytes = 0;
    if (buffer.count < 0 || buffer.element_bytes <= 0 ||
        __builtin_mul_overflow(buffer.count, int64_t{buffer.element_bytes},
                               &bytes) ||
        __builtin_add_overflow(total, bytes, &total))
      return refuse("a buffer's size overflows");
    if (buffer.write)
      written = &buffer;
  }
  if (!written)
    return {};
  // A kernel may read everything at any time while it writes.
  auto begin = static_cast<char *>(written->data);
  for (int64_t k = 0; k < launch.buffer_count; ++k) {
    const noodle_rt_launch_buffer &buffer = launch.buffers[k];
    auto other = static_cast<char *>(buffer.data);
    if (!buffer.write && other < begin + bytesOf(*written) &&
        begin < other + bytesOf(buffer))
      return refuse("an input overlaps the output");
  }
  return {};
}

Outcome DeviceSession::Impl::acquire(const noodle_rt_launch &launch,
                                     std::vector<DeviceAddress> &addresses) {
  addresses.assign(size_t(launch.buffer_count), 0);
  for (int64_t k = 0; k < launch.buffer_count; ++k) {
    const noodle_rt_launch_buffer &buffer = launch.buffers[k];
    if (buffer.count == 0)
      continue;
    auto host = static_cast<char *>(buffer.data);
    TRY(buffer.write ? output(host, bytesOf(buffer), addresses[size_t(k)])
                     : input(host, bytesOf(buffer), addresses[size_t(k)]));
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
  TRY(whyNot(launch));
  ++launchNumber;
  for (int64_t blocks : launch.grid)
    if (blocks == 0)
      return {};
  std::vector<DeviceAddress> addresses;
  Outcome result = acquire(launch, addresses);
  if (result.fault == Fault::Memory)
    return runInParts(launch, std::move(result));
  TRY(std::move(result));
  TRY(enqueue(launch, addresses));
  for (int64_t k = 0; k < launch.buffer_count; ++k)
    if (launch.buffers[k].write && launch.buffers[k].count)
      copies.at(static_cast<char *>(launch.buffers[k].data)).newest = true;
  return {};
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

/// Rows [first, first + rows) of a launch with memory of their own.
Outcome DeviceSession::Impl::runPart(const noodle_rt_launch &launch,
                                     int64_t first, int64_t rows,
                                     int64_t total) {
  noodle_rt_launch part = launch;
  std::vector<noodle_rt_launch_buffer> buffers(
      launch.buffers, launch.buffers + launch.buffer_count);
  std::vector<int64_t> scalars(launch.scalars,
                               launch.scalars + launch.scalar_count);
  std::vector<DeviceAddress> addresses(buffers.size(), 0);
  std::vector<DeviceAddress> own;
  scalars[size_t(launch.split_scalar)] = rows;
  part.buffers = buffers.data();
  part.scalars = scalars.data();
  part.grid[0] = (rows + launch.split_rows - 1) / launch.split_rows;
  Outcome result;
  for (size_t k = 0; k < buffers.size() && result.ok(); ++k) {
    noodle_rt_launch_buffer &buffer = buffers[k];
    if (buffer.count == 0)
      continue;
    if (buffer.cut == 0) {
      result = input(static_cast<char *>(buffer.data), bytesOf(buffer),
                     addresses[k]);
      continue;
    }
    int64_t each = buffer.cut == 2 ? 1 : buffer.count / total;
    buffer.data =
        static_cast<char *>(buffer.data) + first * each * buffer.element_bytes;
    buffer.count = rows * each + (buffer.cut == 2 ? 1 : 0);
    if (buffer.count == 0)
      continue;
    result = allocate(bytesOf(buffer), !buffer.write, addresses[k]);
    if (!result.ok())
      break;
    own.push_back(addresses[k]);
    if (!buffer.write) {
      result = queue->copyIn(addresses[k], buffer.data, bytesOf(buffer));
      receipt.bytesIn += bytesOf(buffer);
    }
  }
  if (result.ok())
    result = enqueue(part, addresses);
  for (size_t k = 0; k < buffers.size() && result.ok(); ++k)
    if (buffers[k].write && buffers[k].count) {
      result =
          queue->copyOut(buffers[k].data, addresses[k], bytesOf(buffers[k]));
      receipt.bytesOut += bytesOf(buffers[k]);
    }
  for (DeviceAddress address : own)
    queue->release(address);
  // What they took is known by what was asked for above.
  for (size_t k = 0; k < buffers.size(); ++k)
    if (buffers[k].cut &&
        std::find(own.begin(), own.end(), addresses[k]) != own.end())
      liveBytes -= bytesOf(buffers[k]);
  return result;
}

/// The device does not hold the launch's buffers at once: some rows at a time.
Outcome DeviceSession::Impl::runInParts(const noodle_rt_launch &launch,
                                        Outcome why) {
  if (launch.split_scalar < 0 || launch.split_scalar >= launch.scalar_count ||
      launch.split_rows <= 0)
    return why;
  int64_t total = launch.scalars[launch.split_scalar];
  // Parts come from the host's memory, and results go there.
  for (int64_t k = 0; k < launch.buffer_count; ++k)
    if (launch.buffers[k].cut && launch.buffers[k].count)
      TRY(clear(static_cast<char *>(launch.buffers[k].data),
                bytesOf(launch.buffers[k]), false));
  // What else the failed attempt brought is in the way.
  for (auto at = copies.begin(); at != copies.end();)
    at = at->second.newest || at->second.borrowed ? std::next(at) : drop(at);
  TRY(queue->wait());
  int64_t parts = 2;
  int64_t rows = total, done = 0;
  while (done < total) {
    if (rows <= launch.split_rows && done == 0 && parts > 2)
      return why; // one block's rows are too many
    if (done == 0)
      rows = (total + parts - 1) / parts;
    // Whole blocks, so that no part is cut within one.
    rows = std::max<int64_t>((rows + launch.split_rows - 1) / launch.split_rows,
                             1) *
           launch.split_rows;
    if (rows >= total && done == 0)
      return why;
    Outcome result = runPart(launch, done, std::min(rows, total - done), total);
    if (result.fault == Fault::Memory) {
      if (rows <= launch.split_rows)
        return why;
      parts *= 2;
      rows = std::max<int64_t>(rows / 2, launch.split_rows);
      why = result;
      TRY(queue->wait());
      continue;
    }
    TRY(std::move(result));
    done += std::min(rows, total - done);
  }
  step("split",
       why.reason + ": the rows were computed in parts of " +
           std::to_string(rows),
       launch.site);
  return {};
}

//===----------------------------------------------------------------------===//
// The call's face
//===----------------------------------------------------------------------===//

DeviceSession::DeviceSession(DeviceModule &module,
                             const SessionOptions &options)
    : self(std::make_unique<Impl>(module, options)) {
  self->receipt.device = module.device().info().name;
}

DeviceSession::~DeviceSession() {
  if (!self->queue)
    return;
  for (auto at = self->copies.begin(); at != self->copies.end();)
    at = self->drop(at);
}

noodle_rt_status DeviceSession::launch(noodle_rt_context *context,
                                       const noodle_rt_launch &launch) {
  std::lock_guard lock(self->mutex);
  self->site = launch.site;
  if (self->lost)
    return NOODLE_RT_DEVICE_FAILED;
  if (Outcome result = self->start(); !result.ok())
    return self->settle(context, result, "load", launch.site);
  Outcome result = self->run(launch);
  if (result.ok()) {
    ++self->receipt.launches;
    ++self->siteUse(launch.site).launches;
    return NOODLE_RT_OK;
  }
  const char *name = result.fault == Fault::Memory ? "memory" : "launch";
  size_t kernel = size_t(launch.kernel);
  if (kernel < self->module.code->kernels.size() &&
      !self->module.code->kernels[kernel].routine.empty())
    name = "library";
  // The output's memory holds nothing of use.
  for (int64_t k = 0; k < launch.buffer_count; ++k)
    if (launch.buffers[k].write) {
      auto at = self->copies.find(static_cast<char *>(launch.buffers[k].data));
      if (at != self->copies.end() && result.fault != Fault::Lost)
        self->drop(at);
    }
  return self->settle(context, result, name, launch.site);
}

noodle_rt_status DeviceSession::hostAccess(noodle_rt_context *context,
                                           void *address, bool write) {
  if (self->used.load(std::memory_order_relaxed) == 0)
    return NOODLE_RT_OK;
  std::lock_guard lock(self->mutex);
  if (self->lost)
    return NOODLE_RT_DEVICE_FAILED;
  // Copies begin where blocks do, but a block's first part may have one of its
  // own: everything that begins or lies there is meant.
  auto host = static_cast<char *>(address);
  auto at = self->copies.upper_bound(host);
  if (at == self->copies.begin())
    return NOODLE_RT_OK;
  --at;
  if (at->second.end() <= host && at->first != host)
    return NOODLE_RT_OK;
  if (Outcome result = self->writeBack(at->second); !result.ok())
    return self->settle(context, result, "lost", -1);
  if (write)
    self->drop(at);
  return NOODLE_RT_OK;
}

void DeviceSession::forget(void *block) noexcept {
  if (self->used.load(std::memory_order_relaxed) == 0)
    return;
  std::lock_guard lock(self->mutex);
  if (self->lost) {
    return;
  }
  auto begin = static_cast<char *>(block);
  char *end = begin + std::max<int64_t>(Pool::sizeOf(block), 1);
  for (auto at = self->copies.lower_bound(begin);
       at != self->copies.end() && at->first < end;)
    at = self->drop(at);
}

noodle_rt_status DeviceSession::finish() {
  std::lock_guard lock(self->mutex);
  Impl &impl = *self;
  if (impl.finished)
    return impl.lost ? NOODLE_RT_DEVICE_FAILED : NOODLE_RT_OK;
  impl.finished = true;
  Outcome result;
  try {
    if (impl.queue && !impl.lost) {
      for (auto &[host, copy] : impl.copies)
        if (result.ok())
          result = impl.writeBack(copy);
      if (result.ok())
        result = impl.queue->wait();
      if (result.ok() && impl.options.profile) {
        QueueTimes times = impl.queue->times();
        impl.receipt.secondsIn = times.in;
        impl.receipt.secondsOut = times.out;
        impl.receipt.kernelSeconds = times.kernels;
        impl.receipt.overlapSeconds = times.overlap;
        for (auto [site, seconds] : times.bySite)
          impl.siteUse(site).seconds = seconds;
      }
    }
    if (!result.ok()) {
      impl.lost = true;
      impl.step("lost", result.reason, -1);
    }
  } catch (const std::exception &) {
    impl.lost = true;
  }
  return impl.lost ? NOODLE_RT_DEVICE_FAILED : NOODLE_RT_OK;
}

bool DeviceSession::deviceLost() const { return self->lost; }

const DeviceReceipt &DeviceSession::receipt() const { return self->receipt; }

} // namespace noodle::rt
