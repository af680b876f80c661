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

/// Returns from the function with what went wrong.
#define NOODLE_TRY(expression)                                                 \
  if (Outcome tried = expression; !tried.ok())                                 \
  return tried

/// What the device has of a range of host memory: all of it, at any time but
/// while a launch that writes the whole range is being prepared.
struct DeviceCopy {
  char *host = nullptr;
  int64_t bytes = 0;
  DeviceAddress device = 0;
  /// A kernel wrote it: the host's contents are old.
  bool newest = false;
  Moment written = 0; ///< when that kernel will be done
  /// The transfer in reads the host's memory itself, perhaps still.
  bool direct = false;
  uint64_t lastUse = 0; ///< the launch, by number
  /// The call's block that the range is of; empty for an argument's.
  char *block = nullptr, *blockEnd = nullptr;
  /// Whose memory it is, where not the call's: not written, not released.
  std::shared_ptr<Resident> resident;

  char *end() const { return host + bytes; }
  bool isOf(const char *address) const {
    return (host <= address && address < end()) ||
           (block <= address && address < blockEnd);
  }
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
  /// Of a vendor's library.
  bool isRoutine(int64_t kernel) const;
};

/// Guarded by `mutex` but for the atomics.
struct DeviceSession::Impl {
  Impl(DeviceModule &module, const SessionOptions &options)
      : module(module.impl()), device(*this->module.device), options(options) {}

  //===--- Launches (session.cpp) ---===//
  Outcome start();
  Outcome whyNot(const noodle_rt_launch &launch);
  Outcome run(const noodle_rt_launch &launch);
  Outcome enqueue(const noodle_rt_launch &launch,
                  const std::vector<DeviceAddress> &addresses);
  Outcome finish();
  void step(const char *name, const std::string &reason, int64_t site);
  DeviceReceipt::SiteUse &siteUse(int64_t site);
  noodle_rt_status settle(const Outcome &outcome, const char *name);

  //===--- Copies (copies.cpp) ---===//
  using Copies = std::map<char *, DeviceCopy>;
  /// Device memory of one launch: what its kernel gets, and what is undone
  /// where it is not launched.
  struct Acquired {
    std::vector<DeviceAddress> addresses; ///< of each buffer
    /// Beside the copies: parts that are not aligned as kernels expect, and
    /// inputs that an output overlaps.
    struct Aside {
      DeviceAddress device, part;
      int64_t bytes;
      bool write;
    };
    std::vector<Aside> asides;
    std::vector<char *> fresh; ///< copies whose contents the kernel is to write
    std::vector<std::pair<char *, bool>> used; ///< copies; written
  };
  Outcome acquire(const noodle_rt_launch &launch, Acquired &acquired);
  /// After the launch: moves asides into their copies. Or instead of it.
  Outcome commit(Acquired &acquired);
  void undo(Acquired &acquired) noexcept;
  /// Buffers of a launch that overlap, as one range.
  struct Group {
    char *begin, *end;
    size_t first, last; ///< of the launch's ranges, by address
    bool fill = false;  ///< the host's contents are needed
    bool write = false;
  };
  Outcome create(const Group &group);
  Outcome findResident(const Group &wanted, const std::vector<Group> &groups);
  Copies::iterator containing(char *begin, char *end);
  /// Brings home and drops everything that overlaps.
  Outcome clear(char *begin, char *end);
  Outcome writeBack(DeviceCopy &copy);
  void settleInput(DeviceCopy &copy) noexcept;
  Copies::iterator drop(Copies::iterator at) noexcept;
  /// Memory, by the steps of the ladder: as it is, trimmed, without what is not
  /// in use.
  Outcome allocate(int64_t bytes, bool forInput, DeviceAddress &address);
  void release(DeviceAddress address, int64_t bytes) noexcept;
  bool evict(bool dirty);

  //===--- Parts (parts.cpp) ---===//
  struct Part;
  Outcome runInParts(const noodle_rt_launch &launch, Outcome why);
  Outcome begin(const noodle_rt_launch &launch, Part &part);
  Outcome end(Part &part);
  void releaseOwn(Part &part) noexcept;

  DeviceModule::Impl &module;
  Device &device;
  const SessionOptions options;
  std::mutex mutex;
  /// Until the queue has ended, which may use them.
  std::vector<std::shared_ptr<Resident>> residents;
  std::unique_ptr<Queue> queue;
  const LoadedCode *code = nullptr;
  Copies copies; ///< by host address; no two overlap
  /// Of `copies`, for those who only want to know whether there are any.
  std::atomic<int64_t> copyCount{0}, newestCount{0};
  uint64_t launchNumber = 0;
  int64_t liveBytes = 0;
  noodle_rt_context *context = nullptr; ///< of the call under way
  int64_t site = -1;                    ///< of the launch under way
  std::atomic<bool> lost{false};
  bool finished = false;
  DeviceReceipt receipt;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_SESSION_H
