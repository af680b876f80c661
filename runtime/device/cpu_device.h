//===- cpu_device.h - a device of host memory and host functions ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a session does can be tested on it without a driver: memory has a limit,
// any operation can be made to fail, work waits until somebody waits for it,
// and what a launch is given is checked as a device would.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_DEVICE_CPU_DEVICE_H
#define NOODLE_RUNTIME_DEVICE_CPU_DEVICE_H

#include "backend.h"

#include <atomic>
#include <functional>

namespace noodle::rt {

/// A launch as a kernel of the CPU sees it.
struct CpuLaunch {
  struct Buffer {
    void *data;
    int64_t count;
  };
  int64_t grid[3];
  std::vector<Buffer> buffers;
  std::vector<int64_t> scalars;
};

/// The function does the work of the whole grid.
struct CpuKernel {
  std::vector<int64_t> elementBytes; ///< of each buffer
  size_t scalars = 0;
  std::function<void(const CpuLaunch &)> run;
};

/// Thread-safe.
class CpuDevice final : public Device, public Device::Impl {
public:
  enum Operation {
    Load,
    Allocate,
    CopyIn,
    CopyOut,
    CopyOnDevice,
    Launch,
    Wait
  };
  static constexpr int kOperations = Wait + 1;

  /// DeviceCode's kernels are found here by name.
  CpuDevice(std::map<std::string, CpuKernel> kernels, int64_t memory);
  ~CpuDevice() override;

  const DeviceInfo &info() const override { return about; }
  bool lost() const override { return dead.load(std::memory_order_acquire); }
  int64_t freeBytes() const override;
  void trim() override { ++trimmed; }
  bool registerHost(void *host, int64_t bytes, std::string &whyNot) override;
  bool unregisterHost(void *host) override;
  bool isDeviceMemory(const void *address) const override {
    return holds(reinterpret_cast<DeviceAddress>(address), 1);
  }
  Device::Impl &impl() override { return *this; }

  Outcome load(const DeviceCode &code,
               std::unique_ptr<LoadedCode> &loaded) override;
  Outcome createQueue(bool profile, std::unique_ptr<Queue> &queue) override;
  Outcome allocate(int64_t bytes, DeviceAddress &address) override;
  void release(DeviceAddress address) noexcept override;
  void markLost() noexcept override { dead = true; }

  /// The n-th `operation` from now (1 is the next) fails, and with `lasting`
  /// all after it.
  void fail(Operation operation, int64_t n, Fault fault, bool lasting = false);
  /// Memory beyond `bytes` is refused from now on.
  void setMemory(int64_t bytes);

  int64_t count(Operation operation) const;
  int64_t liveBytes() const;
  int64_t liveBlocks() const;
  int64_t trims() const { return trimmed; }

private:
  friend class CpuQueue;
  struct Failure {
    int64_t n = 0; ///< left until it fails; 0: it does not
    Fault fault = Fault::None;
    bool lasting = false;
  };
  /// Counts; what an injected failure says.
  Outcome enter(Operation operation);
  /// Whether all `bytes` lie in one live block.
  bool holds(DeviceAddress address, int64_t bytes) const;
  /// The memory counts as free at once; null if no block begins there.
  void *take(DeviceAddress address) noexcept;

  const std::map<std::string, CpuKernel> kernels;
  DeviceInfo about;
  std::atomic<bool> dead{false};
  std::atomic<int64_t> trimmed{0};
  mutable std::mutex mutex; // guards what follows
  Failure failures[kOperations];
  int64_t counts[kOperations] = {};
  bool isRegistered(const void *host, int64_t bytes) const;
  std::map<DeviceAddress, int64_t> blocks;
  std::map<uintptr_t, int64_t> registered; ///< bytes of host memory
  int64_t used = 0;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_CPU_DEVICE_H
