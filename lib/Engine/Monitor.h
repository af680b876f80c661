//===- Monitor.h - one call's calls back into the engine --------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_MONITOR_H
#define NOODLE_LIB_ENGINE_MONITOR_H

#include "KernelImpl.h"

#include <atomic>
#include <chrono>
#include <map>

namespace noodle::engine {

/// Seconds between two points of the clock all measurements use.
using Clock = std::chrono::steady_clock;
inline double secondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Runs reference sites and adds up what op sites took. Thread-safe.
class Monitor final : public rt::HostCalls {
public:
  struct Options {
    int64_t memoryLimit = 0;
    int threads = 1;      ///< what predictions are for
    bool receipt = false; ///< parallel loops are timed for one
    bool strict = false;  ///< memory that is refused ends the call
  };
  Monitor(const Kernel::Impl &kernel, const Options &options)
      : kernel(kernel), options(options) {}

  noodle_rt_status reference(noodle_rt_context *context, int64_t site,
                             noodle_rt_tensor *arguments, int64_t argumentCount,
                             noodle_rt_tensor *results,
                             int64_t resultCount) override;
  void mark(int64_t site, int64_t phase, const int64_t *sizes,
            int64_t sizeCount) override;
  bool timesRegions() const override { return options.receipt; }
  void region(const rt::RegionTimes &times) override;
  noodle_rt_status shortage(noodle_rt_context *context, int64_t site,
                            int64_t bytes) override;

  /// Under strict: whose op it was that memory was refused to.
  void placeShortage(Status &status) const;
  /// Fills the sites of a receipt whose other fields are set.
  void fill(Receipt &receipt) const;

private:
  struct Measured {
    Clock::time_point begin;
    double seconds = 0, flops = 0, bytes = 0, predicted = 0;
    int64_t calls = 0;
    std::string how; ///< class and blocking of a dense contraction
  };
  const Kernel::Impl &kernel;
  const Options options;
  std::atomic<int64_t> referenceCalls{0};
  mutable std::mutex mutex; // guards what follows
  std::map<int64_t, Measured> measured;
  int64_t current = -1; ///< the op site that runs, where sites are marked
  /// Sums over the executions of one loop of one op.
  struct Region {
    noodle_rt_body body;
    int64_t site, calls = 0, chunks = 0;
    double seconds = 0, capacity = 0, busy = 0, longest = 0, mean = 0;
  };
  std::vector<Region> regions; ///< in the order they began first
  std::vector<ShortageReceipt> shortages;
};

inline constexpr const char kDeviceLost[] =
    "the device failed in an earlier call";

/// Fills a receipt's part about the device; its sites are filled already.
/// `again`: the call was made a second time, without the device.
void fillDevice(Receipt &receipt, const Artifact &artifact,
                const DeviceUse &use, rt::DeviceReceipt used, bool again);

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_MONITOR_H
