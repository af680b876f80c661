//===- cpu_device.cpp - a device of host memory and host functions --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cpu_device.h"

#include <cassert>
#include <chrono>
#include <cstring>
#include <deque>
#include <new>

namespace noodle::rt {
namespace {

constexpr std::align_val_t kAlignment{256};
constexpr int64_t kGridLimits[3] = {0x7fffffff, 65535, 65535};

constexpr const char *kNames[] = {"load",         "allocation", "transfer in",
                                  "transfer out", "copy",       "launch",
                                  "wait"};

class CpuCode final : public LoadedCode {
public:
  std::vector<const CpuKernel *> functions;
};

double now() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

void poison(void *memory, int64_t bytes) {
  std::memset(memory, 0xa5, size_t(bytes));
}

} // namespace

//===----------------------------------------------------------------------===//
// Device
//===----------------------------------------------------------------------===//

CpuDevice::CpuDevice(std::map<std::string, CpuKernel> kernels, int64_t memory)
    : kernels(std::move(kernels)) {
  about.kind = "cpu";
  about.name = "host memory";
  about.major = 9;
  about.multiprocessors = 1;
  about.memory = memory;
  about.sharedPerBlock = 48 << 10;
  about.threadsPerBlock = 1024;
  about.uuid = "cpu";
}

CpuDevice::~CpuDevice() {
  assert((blocks.empty() || lost()) && "device memory outlives its users");
  for (auto &[address, bytes] : blocks)
    ::operator delete(reinterpret_cast<void *>(address), kAlignment);
}

int64_t CpuDevice::freeBytes() const {
  std::lock_guard lock(mutex);
  return dead ? 0 : about.memory - used;
}

void CpuDevice::fail(Operation operation, int64_t n, Fault fault,
                     bool lasting) {
  std::lock_guard lock(mutex);
  failures[operation] = {n, fault, lasting};
}

void CpuDevice::setMemory(int64_t bytes) {
  std::lock_guard lock(mutex);
  about.memory = bytes;
}

int64_t CpuDevice::count(Operation operation) const {
  std::lock_guard lock(mutex);
  return counts[operation];
}

int64_t CpuDevice::liveBytes() const {
  std::lock_guard lock(mutex);
  return used;
}

int64_t CpuDevice::liveBlocks() const {
  std::lock_guard lock(mutex);
  return int64_t(blocks.size());
}

Outcome CpuDevice::enter(Operation operation) {
  if (dead)
    return {Fault::Lost, "the device is lost"};
  std::lock_guard lock(mutex);
  ++counts[operation];
  Failure &failure = failures[operation];
  if (failure.n == 0 || (failure.n > 1 && failure.n--))
    return {};
  Fault fault = failure.fault;
  if (!failure.lasting)
    failure = {};
  if (fault == Fault::Lost)
    dead = true;
  return {fault, std::string("this ") + kNames[operation] + " is made to fail"};
}

bool CpuDevice::holds(DeviceAddress address, int64_t bytes) const {
  std::lock_guard lock(mutex);
  auto it = blocks.upper_bound(address);
  if (it == blocks.begin())
    return false;
  --it;
  return int64_t(address - it->first) + bytes <= it->second;
}

Outcome CpuDevice::allocate(int64_t bytes, DeviceAddress &address) {
  if (Outcome result = enter(Allocate); !result.ok())
    return result;
  std::lock_guard lock(mutex);
  if (bytes > about.memory - used)
    return {Fault::Memory, "the device has " +
                               std::to_string(about.memory - used) +
                               " bytes free"};
  // Exactly as large as asked for, so that sanitizers see what is beyond.
  void *block = ::operator new(size_t(bytes), kAlignment, std::nothrow);
  if (!block)
    return {Fault::Memory, "the system has no memory"};
  poison(block, bytes);
  address = reinterpret_cast<DeviceAddress>(block);
  blocks[address] = bytes;
  used += bytes;
  return {};
}

void *CpuDevice::take(DeviceAddress address) noexcept {
  std::lock_guard lock(mutex);
  auto it = blocks.find(address);
  assert(it != blocks.end() && "freed twice, or never allocated");
  if (it == blocks.end())
    return nullptr;
  used -= it->second;
  blocks.erase(it);
  return reinterpret_cast<void *>(address);
}

void CpuDevice::release(DeviceAddress address) noexcept {
  if (address)
    ::operator delete(take(address), kAlignment);
}

bool CpuDevice::registerHost(void *host, int64_t bytes, std::string &whyNot) {
  auto begin = reinterpret_cast<uintptr_t>(host);
  if (!host || bytes <= 0 || isDeviceMemory(host)) {
    whyNot = "it is not memory of the host";
    return false;
  }
  std::lock_guard lock(mutex);
  for (auto [known, size] : registered)
    if (known < begin + uintptr_t(bytes) && begin < known + uintptr_t(size)) {
      whyNot = "part of it is registered already";
      return false;
    }
  registered[begin] = bytes;
  return true;
}

bool CpuDevice::unregisterHost(void *host) {
  std::lock_guard lock(mutex);
  return registered.erase(reinterpret_cast<uintptr_t>(host)) != 0;
}

bool CpuDevice::isRegistered(const void *host, int64_t bytes) const {
  std::lock_guard lock(mutex);
  auto at = registered.upper_bound(reinterpret_cast<uintptr_t>(host));
  if (at == registered.begin())
    return false;
  --at;
  uintptr_t offset = reinterpret_cast<uintptr_t>(host) - at->first;
  return offset + uintptr_t(bytes) <= uintptr_t(at->second);
}

Outcome CpuDevice::load(const DeviceCode &code,
                        std::unique_ptr<LoadedCode> &loaded) {
  if (Outcome result = enter(Load); !result.ok())
    return result;
  auto made = std::make_unique<CpuCode>();
  for (const KernelInfo &kernel : code.kernels) {
    auto found = kernels.find(kernel.name);
    if (found == kernels.end())
      return {Fault::Refused, "there is no kernel " + kernel.name};
    made->functions.push_back(&found->second);
    made->kernels.push_back({const_cast<CpuKernel *>(&found->second),
                             kernel.threads, kernel.sharedBytes});
  }
  loaded = std::move(made);
  return {};
}

//===----------------------------------------------------------------------===//
// Queue
//===----------------------------------------------------------------------===//

/// Single-thread. Work is done when it is waited for, oldest first: who forgets
/// to wait sees old data.
class CpuQueue final : public Queue {
public:
  CpuQueue(CpuDevice &device, bool profile)
      : device(device), profile(profile) {}
  ~CpuQueue() override {
    while (!pending.empty()) // a lost device does nothing, but frees
      doOldest();
  }

  Outcome allocate(int64_t bytes, bool, DeviceAddress &address) override {
    return device.allocate(bytes, address);
  }
  void release(DeviceAddress address) noexcept override;
  Outcome copyIn(DeviceAddress to, const void *from, int64_t bytes,
                 bool &direct) override;
  Outcome settleInputs() override {
    doAll();
    return {};
  }
  Outcome copyOnDevice(DeviceAddress to, DeviceAddress from,
                       int64_t bytes) override;
  Outcome mark(Moment &moment) override {
    moment = done + pending.size();
    return {};
  }
  Outcome copyOut(void *to, DeviceAddress from, int64_t bytes,
                  Moment after) override;
  Outcome launch(const LaunchRequest &request) override;
  Outcome routine(std::string_view name,
                  std::span<const VendorLibraries::Buffer>,
                  std::span<const int64_t>, int64_t) override {
    return {Fault::Refused, "the CPU has no routine " + std::string(name)};
  }
  Outcome wait() override;
  QueueTimes times() override { return measured; }

private:
  void doOldest() noexcept;
  void doAll() noexcept {
    while (!pending.empty() && !device.lost())
      doOldest();
  }

  CpuDevice &device;
  const bool profile;
  QueueTimes measured;
  Moment done = 0; ///< pieces of work
  std::deque<std::function<void()>> pending;
};

void CpuQueue::doOldest() noexcept {
  auto work = std::move(pending.front());
  pending.pop_front();
  work();
  ++done;
}

void CpuQueue::release(DeviceAddress address) noexcept {
  void *memory = address ? device.take(address) : nullptr;
  if (!memory)
    return;
  auto free = [memory] { ::operator delete(memory, kAlignment); };
  try {
    pending.push_back(free);
  } catch (const std::exception &) {
    doAll();
    free();
  }
}

Outcome CpuQueue::copyIn(DeviceAddress to, const void *from, int64_t bytes,
                         bool &direct) {
  if (Outcome result = device.enter(CpuDevice::CopyIn); !result.ok())
    return result;
  if (device.isDeviceMemory(from))
    return {Fault::Mistake, "an argument's memory is on a device: programs "
                            "take host memory"};
  if (!device.holds(to, bytes))
    return {Fault::Refused, "a transfer beyond the device's memory"};
  auto source = static_cast<const char *>(from);
  direct = device.isRegistered(from, bytes);
  std::shared_ptr<std::string> staged;
  if (!direct) {
    staged = std::make_shared<std::string>(source, size_t(bytes));
    source = staged->data();
  }
  pending.push_back([this, to, source, staged, bytes] {
    double begin = now();
    if (!device.lost())
      std::memcpy(reinterpret_cast<void *>(to), source, size_t(bytes));
    measured.in += profile ? now() - begin : 0;
  });
  return {};
}

Outcome CpuQueue::copyOnDevice(DeviceAddress to, DeviceAddress from,
                               int64_t bytes) {
  if (Outcome result = device.enter(CpuDevice::CopyOnDevice); !result.ok())
    return result;
  if (!device.holds(to, bytes) || !device.holds(from, bytes))
    return {Fault::Refused, "a copy beyond the device's memory"};
  pending.push_back([this, to, from, bytes] {
    if (!device.lost())
      std::memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from),
                  size_t(bytes));
  });
  return {};
}

Outcome CpuQueue::copyOut(void *to, DeviceAddress from, int64_t bytes,
                          Moment after) {
  if (Outcome result = device.enter(CpuDevice::CopyOut); !result.ok())
    return result;
  if (!device.holds(from, bytes))
    return {Fault::Refused, "a transfer beyond the device's memory"};
  // No more than what was asked for: a wrong moment gives wrong results.
  while (done < after && !pending.empty() && !device.lost())
    doOldest();
  if (device.lost())
    return {Fault::Lost, "the device is lost"};
  double begin = now();
  std::memcpy(to, reinterpret_cast<void *>(from), size_t(bytes));
  measured.out += profile ? now() - begin : 0;
  return {};
}

Outcome CpuQueue::launch(const LaunchRequest &request) {
  if (Outcome result = device.enter(CpuDevice::Launch); !result.ok())
    return result;
  auto *kernel = static_cast<const CpuKernel *>(request.kernel->function);
  CpuLaunch made;
  for (int k : {0, 1, 2}) {
    made.grid[k] = request.grid[k];
    if (made.grid[k] < 1 || made.grid[k] > kGridLimits[k])
      return {Fault::Refused,
              "a grid of " + std::to_string(made.grid[k]) + " blocks"};
  }
  auto word = [next = request.parameters]() mutable {
    return *static_cast<const int64_t *>(*next++);
  };
  // As a kernel that touches what is not its own kills a device.
  auto illegal = [&](const char *what) -> Outcome {
    device.markLost();
    return {Fault::Lost, std::string("illegal address: ") + what};
  };
  for (int64_t element : kernel->elementBytes) {
    int64_t allocated = word(), aligned = word(), offset = word();
    int64_t count = word(), stride = word();
    if (allocated != aligned || offset != 0 || stride != 1 || count < 0)
      return illegal("not a descriptor as kernels expect it");
    if (count && aligned % 256)
      return illegal("a buffer that is not aligned to 256 bytes");
    if (count && !device.holds(DeviceAddress(aligned), count * element))
      return illegal("a buffer that is not the device's");
    made.buffers.push_back({reinterpret_cast<void *>(aligned), count});
  }
  for (size_t k = 0; k < kernel->scalars; ++k)
    made.scalars.push_back(word());
  pending.push_back([this, kernel, made, site = request.site] {
    double begin = now();
    if (!device.lost())
      kernel->run(made);
    if (double seconds = now() - begin; profile) {
      measured.kernels += seconds;
      measured.bySite[site] += seconds;
    }
  });
  return {};
}

Outcome CpuQueue::wait() {
  if (Outcome result = device.enter(CpuDevice::Wait); !result.ok())
    return result;
  doAll();
  return device.lost() ? Outcome{Fault::Lost, "the device is lost"} : Outcome{};
}

Outcome CpuDevice::createQueue(bool profile, std::unique_ptr<Queue> &queue) {
  if (dead)
    return {Fault::Lost, "the device is lost"};
  queue = std::make_unique<CpuQueue>(*this, profile);
  return {};
}

} // namespace noodle::rt
