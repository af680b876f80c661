//===- cuda_queue.h - one call's work on a CUDA device --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Three streams: transfers in, kernels, transfers out. Kernels wait for the
// transfers enqueued before them, transfers out for the kernels before them,
// and nothing else waits: the inputs of a later kernel arrive while an earlier
// one runs.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_DEVICE_CUDA_QUEUE_H
#define NOODLE_RUNTIME_DEVICE_CUDA_QUEUE_H

#include "cuda_device.h"

namespace noodle::rt {

/// Single-thread.
class CudaQueue final : public Queue {
public:
  CudaQueue(CudaDevice &device, std::unique_ptr<Lane> lane, bool profile);
  ~CudaQueue() override;

  Outcome allocate(int64_t bytes, bool forInput,
                   DeviceAddress &address) override;
  void release(DeviceAddress address) noexcept override;
  Outcome copyIn(DeviceAddress to, const void *from, int64_t bytes) override;
  Outcome copyOut(void *to, DeviceAddress from, int64_t bytes) override;
  Outcome launch(const LaunchRequest &request) override;
  Outcome routine(std::string_view name,
                  std::span<const VendorLibraries::Buffer> buffers,
                  std::span<const int64_t> scalars, int64_t site) override;
  Outcome wait() override;
  QueueTimes times() override;

private:
  enum Way { In = 0, Out = 1, Kernels = 2 };
  /// A span of one stream's time, for the profile.
  struct Timed {
    Way way;
    int64_t site;
    CUevent begin, end;
  };

  Outcome check(const char *what, CUresult result) {
    return device.outcome(what, result);
  }
  /// Whether `host` is page-locked; fails for a device address.
  Outcome isPinned(const void *host, bool &pinned);
  Outcome stage(Way way, int number, int64_t bytes, Lane::Stage *&stage);
  Outcome settle(Lane::Stage &stage);
  Outcome joinIn(); ///< kernels wait for the transfers in so far
  Outcome begin(Way way, int64_t site);
  void end(Way way);
  CUstream stream(Way way) const;

  CudaDevice &device;
  const Driver &driver;
  std::unique_ptr<Lane> lane;
  const bool profile;
  bool inPending = false; ///< inDone is newer than what kernels waited for
  std::vector<Timed> timed;
  CUevent base = nullptr;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_CUDA_QUEUE_H
