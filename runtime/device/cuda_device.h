//===- cuda_device.h - a device of the CUDA driver ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_DEVICE_CUDA_DEVICE_H
#define NOODLE_RUNTIME_DEVICE_CUDA_DEVICE_H

#include "backend.h"
#include "driver.h"
#include "pinned.h"

#include <atomic>

namespace noodle::rt {

/// Streams and events of one queue, kept for the next: making them costs tens
/// of microseconds.
struct Lane {
  CUstream in = nullptr, compute = nullptr, out = nullptr;
  CUevent inDone = nullptr;
  /// Of the last moments of the kernels' stream: moment k is at k % kMarks, or
  /// a later one is, which is as good to wait for.
  static constexpr size_t kMarks = 64;
  CUevent marks[kMarks] = {};
  /// Staging buffers of pageable transfers, two each way.
  struct Stage {
    PinnedBlock block;
    CUevent done = nullptr;
    bool busy = false; ///< `done` was recorded and not waited for
  };
  Stage stages[2][2];    ///< [in, out][which]
  int nextStage[2] = {}; ///< in turn, from transfer to transfer
};

/// Thread-safe.
class CudaDevice final : public Device, public Device::Impl {
public:
  CudaDevice(const Driver &driver, CUdevice handle);
  ~CudaDevice() override;
  Outcome open(int index);

  const DeviceInfo &info() const override { return about; }
  bool lost() const override { return dead.load(std::memory_order_acquire); }
  int64_t freeBytes() const override;
  void trim() override;
  bool registerHost(void *host, int64_t bytes, std::string &whyNot) override;
  bool unregisterHost(void *host) override;
  bool isDeviceMemory(const void *address) const override;
  Device::Impl &impl() override { return *this; }

  Outcome load(const DeviceCode &code,
               std::unique_ptr<LoadedCode> &loaded) override;
  Outcome createQueue(bool profile, std::unique_ptr<Queue> &queue) override;
  Outcome allocate(int64_t bytes, DeviceAddress &address) override;
  void release(DeviceAddress address) noexcept override;
  void markLost() noexcept override { dead = true; }

  Outcome outcome(const char *what, CUresult result);
  Outcome takeLane(std::unique_ptr<Lane> &lane);
  void giveLane(std::unique_ptr<Lane> lane) noexcept;
  void destroy(Lane &lane) noexcept;

  /// For devices without stream-ordered memory: blocks of size classes, kept
  /// until trim. Nothing may use a block that is given back.
  Outcome takeBlock(int64_t bytes, DeviceAddress &address);
  void giveBlock(DeviceAddress address) noexcept;

  /// The vendor's libraries; the context is current.
  VendorLibraries &vendor();

  const Driver &driver;
  CUcontext context = nullptr;
  CUmemoryPool memoryPool = nullptr; ///< null: no stream-ordered memory
  PinnedPool pinned;

private:
  void trimBlocks() noexcept;
  const CUdevice handle;
  DeviceInfo about;
  std::atomic<bool> dead{false};
  std::mutex vendorMutex;
  std::unique_ptr<VendorLibraries> libraries;
  std::mutex laneMutex;
  std::vector<std::unique_ptr<Lane>> lanes; ///< idle
  std::mutex blockMutex;
  std::map<DeviceAddress, int64_t> blockBytes; ///< live and idle ones
  std::multimap<int64_t, DeviceAddress> idleBlocks;
  std::mutex hostMutex;
  std::map<uintptr_t, int64_t> registered; ///< bytes of host memory
};

/// Makes a device's context current on this thread for a scope.
class CurrentContext {
public:
  explicit CurrentContext(const CudaDevice &device) : driver(device.driver) {
    result = twice(driver.ctxPushCurrent, device.context);
  }
  ~CurrentContext() {
    CUcontext popped;
    if (result == CUDA_SUCCESS)
      driver.ctxPopCurrent(&popped);
  }
  CUresult result;

private:
  const Driver &driver;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_CUDA_DEVICE_H
