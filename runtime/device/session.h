//===- session.h - one call's use of a device -----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_DEVICE_SESSION_H
#define NOODLE_RUNTIME_DEVICE_SESSION_H

#include "backend.h"

#include <atomic>

namespace noodle::rt {

/// What the device has of a range of host memory.
struct DeviceCopy {
  char *host = nullptr;
  int64_t bytes = 0;
  DeviceAddress device = 0;
  /// The kernel wrote it: the host's contents are old.
  bool newest = false;
  uint64_t lastUse = 0; ///< the launch, by number
  /// Somebody else's memory (a resident copy): not released here.
  bool borrowed = false;
  char *end() const { return host + bytes; }
};

struct DeviceModule::Impl {
  std::shared_ptr<Device> device;
  std::shared_ptr<const DeviceCode> code;
  std::mutex mutex;
  bool tried = false;
  Outcome why; ///< of the load
  std::unique_ptr<LoadedCode> loaded;

  /// Loads on first use; null with the outcome otherwise.
  const LoadedCode *get(Outcome &outcome);
};

/// Guarded by `mutex` but for `used`.
struct DeviceSession::Impl {
  Impl(DeviceModule &module, const SessionOptions &options)
      : module(module.impl()), device(*this->module.device), options(options) {}

  /// The kernel's side of a launch's buffers.
  struct Arguments {
    std::vector<VendorLibraries::Buffer> buffers;
    std::vector<int64_t> descriptors; ///< five words a buffer, then scalars
    std::vector<void *> pointers;
  };

  Outcome start();
  Outcome whyNot(const noodle_rt_launch &launch);
  Outcome run(const noodle_rt_launch &launch);
  Outcome acquire(const noodle_rt_launch &launch,
                  std::vector<DeviceAddress> &addresses);
  Outcome input(char *host, int64_t bytes, DeviceAddress &address);
  Outcome output(char *host, int64_t bytes, DeviceAddress &address);
  Outcome enqueue(const noodle_rt_launch &launch,
                  const std::vector<DeviceAddress> &addresses);
  Outcome runInParts(const noodle_rt_launch &launch, Outcome why);
  Outcome runPart(const noodle_rt_launch &launch, int64_t first, int64_t rows,
                  int64_t total);

  /// Memory, by the steps of the ladder: as it is, trimmed, without what is not
  /// in use.
  Outcome allocate(int64_t bytes, bool forInput, DeviceAddress &address);
  bool evict(bool dirty);
  Outcome writeBack(DeviceCopy &copy);
  /// Releases a copy that is not needed any more; the iterator after it.
  using Copies = std::map<char *, DeviceCopy>;
  Copies::iterator drop(Copies::iterator at);
  /// Brings home and drops everything that overlaps, but what is exactly the
  /// range where `keepExact`.
  Outcome clear(char *host, int64_t bytes, bool keepExact);
  Copies::iterator containing(char *host, int64_t bytes);
  void grow(int64_t bytes);

  void step(const char *name, const std::string &reason, int64_t site);
  DeviceReceipt::SiteUse &siteUse(int64_t site);
  noodle_rt_status settle(noodle_rt_context *context, const Outcome &outcome,
                          const char *name, int64_t site);

  DeviceModule::Impl &module;
  Device &device;
  const SessionOptions options;
  std::mutex mutex;
  std::unique_ptr<Queue> queue;
  const LoadedCode *code = nullptr;
  bool started = false;
  Outcome startOutcome;
  Copies copies;                ///< by host address; no two overlap
  std::atomic<int64_t> used{0}; ///< copies
  uint64_t launchNumber = 0;
  int64_t liveBytes = 0;
  int64_t site = -1; ///< of the launch under way
  bool lost = false, finished = false;
  DeviceReceipt receipt;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_SESSION_H
