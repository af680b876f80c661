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
  /// `threads`: what predictions are for.
  Monitor(const Kernel::Impl &kernel, int64_t memoryLimit, int threads)
      : kernel(kernel), memoryLimit(memoryLimit), threads(threads) {}

  noodle_rt_status reference(noodle_rt_context *context, int64_t site,
                             noodle_rt_tensor *arguments, int64_t argumentCount,
                             noodle_rt_tensor *results,
                             int64_t resultCount) override;
  void mark(int64_t site, int64_t phase, const int64_t *sizes,
            int64_t sizeCount) override;

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
  const int64_t memoryLimit;
  const int threads;
  std::atomic<int64_t> referenceCalls{0};
  mutable std::mutex mutex; // guards what follows
  std::map<int64_t, Measured> measured;
};

inline constexpr const char kDeviceLost[] =
    "the device failed in an earlier call";

/// Fills a receipt's part about the device; its sites are filled already.
/// `again`: the call was made a second time, without the device.
void fillDevice(Receipt &receipt, const Artifact &artifact,
                const DeviceUse &use, rt::DeviceReceipt used, bool again);

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_MONITOR_H
