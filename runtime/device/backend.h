//===- backend.h - what a kind of device implements -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The session's view of a device: memory, transfers and launches that happen in
// the order of a queue. Two kinds implement it: CUDA (cuda_device.cpp) and the
// CPU (cpu_device.cpp), on which the session's logic is tested.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_DEVICE_BACKEND_H
#define NOODLE_RUNTIME_DEVICE_BACKEND_H

#include "library.h"

#include "noodle-rt/device.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace noodle::rt {

/// An address on a device; 0 is none.
using DeviceAddress = uint64_t;

/// How a device call ended.
enum class Fault {
  None,
  Memory,  ///< the device has not enough
  Refused, ///< this call failed; the device lives
  Mistake, ///< the caller's: no device and no host can do what is asked for
  Lost     ///< the device is of no more use
};
struct Outcome {
  Fault fault = Fault::None;
  std::string reason;
  bool ok() const { return fault == Fault::None; }
};

/// How far a queue's kernels have come; 0 is the beginning.
using Moment = uint64_t;

/// Times measured by a queue that profiles, in seconds.
struct QueueTimes {
  double in = 0, out = 0, kernels = 0, overlap = 0;
  /// Of each launch, by the tag it was given.
  std::map<int64_t, double> bySite;
};

/// A kernel that can be launched on the device that loaded it.
struct LoadedKernel {
  void *function = nullptr; ///< null: a vendor's routine
  int64_t threads = 0, sharedBytes = 0;
};

/// Device code on a device.
class LoadedCode {
public:
  virtual ~LoadedCode() = default;
  std::vector<LoadedKernel> kernels; ///< in the order of DeviceCode::kernels
};

/// A launch, resolved.
struct LaunchRequest {
  const LoadedKernel *kernel = nullptr;
  int64_t grid[3] = {1, 1, 1};
  void **parameters = nullptr; ///< as cuLaunchKernel takes them
  int64_t site = -1;
};

/// In-order work of one call on a device: transfers in, kernels, transfers out,
/// each beside the others where nothing is waited for. Single-thread.
class Queue {
public:
  virtual ~Queue() = default; ///< waits for everything enqueued

  /// Memory of at least `bytes` > 0, aligned to 256. `forInput`: it will be
  /// filled by copyIn first, otherwise by a kernel.
  virtual Outcome allocate(int64_t bytes, bool forInput,
                           DeviceAddress &address) = 0;
  /// Gives memory back once everything enqueued so far has finished.
  virtual void release(DeviceAddress address) noexcept = 0;
  /// Copies to the device; launches after it see the data. The host may change
  /// `from` when this returns, or, where `direct` is set, after settleInputs.
  virtual Outcome copyIn(DeviceAddress to, const void *from, int64_t bytes,
                         bool &direct) = 0;
  /// Waits until no transfer reads host memory.
  virtual Outcome settleInputs() = 0;
  /// In the order of the kernels.
  virtual Outcome copyOnDevice(DeviceAddress to, DeviceAddress from,
                               int64_t bytes) = 0;
  /// The kernels enqueued so far.
  virtual Outcome mark(Moment &moment) = 0;
  /// Copies to the host what kernels wrote until `after`, and waits.
  virtual Outcome copyOut(void *to, DeviceAddress from, int64_t bytes,
                          Moment after) = 0;
  virtual Outcome launch(const LaunchRequest &request) = 0;
  /// Runs a vendor's routine instead; see library.h.
  virtual Outcome routine(std::string_view name,
                          std::span<const VendorLibraries::Buffer> buffers,
                          std::span<const int64_t> scalars, int64_t site) = 0;
  /// Waits for everything enqueued.
  virtual Outcome wait() = 0;
  /// Of everything that has finished; after wait.
  virtual QueueTimes times() = 0;
};

/// Host memory with a lasting copy on the device. Lives until the last call
/// that found it has ended.
struct Resident {
  ~Resident();
  std::shared_ptr<Device> owner;
  char *host = nullptr;
  int64_t bytes = 0;
  DeviceAddress device = 0;
  std::mutex mutex;
  bool stale = true; ///< the host has newer contents; guarded by `mutex`
};

struct Device::Impl {
  virtual ~Impl() = default;
  virtual Outcome load(const DeviceCode &code,
                       std::unique_ptr<LoadedCode> &loaded) = 0;
  virtual Outcome createQueue(bool profile, std::unique_ptr<Queue> &queue) = 0;
  /// Memory outside of any queue, for resident copies.
  virtual Outcome allocate(int64_t bytes, DeviceAddress &address) = 0;
  virtual void release(DeviceAddress address) noexcept = 0;
  virtual void markLost() noexcept = 0;

  /// The resident copy that has all of [begin, end); null if none has.
  std::shared_ptr<Resident> findResident(const char *begin, const char *end);
  /// False where it overlaps another.
  bool add(const std::shared_ptr<Resident> &resident);
  void remove(const Resident &resident);

private:
  std::mutex residentMutex;
  /// By address, none overlapping.
  std::map<uintptr_t, std::weak_ptr<Resident>> residents;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_BACKEND_H
