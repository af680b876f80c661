//===- cuda_queue.h - one call's work on a CUDA device --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Three streams: transfers in, kernels, transfers out. Kernels wait for the
// transfers enqueued before them, a transfer out for the kernel that wrote what
// it moves, and nothing else waits: the inputs of a later kernel arrive, and
// the results of an earlier one leave, while a kernel runs.
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
  Outcome copyIn(DeviceAddress to, const void *from, int64_t bytes,
                 bool &direct) override;
  Outcome settleInputs() override;
  Outcome copyOnDevice(DeviceAddress to, DeviceAddress from,
                       int64_t bytes) override;
  Outcome mark(Moment &moment) override;
  Outcome copyOut(void *to, DeviceAddress from, int64_t bytes,
                  Moment after) override;
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
  /// Whether all of it is page-locked; fails for memory of a device.
  Outcome inspect(const void *host, int64_t bytes, bool &pinned);
  /// A staging buffer that no transfer uses; null where there is no memory.
  Outcome stage(Way way, int number, int64_t bytes, Lane::Stage *&stage);
  Outcome settle(Lane::Stage &stage);
  /// After a transfer from or to a staging buffer.
  Outcome follow(Way way, Lane::Stage &stage);
  Outcome moveOut(char *to, DeviceAddress from, int64_t bytes);
  Outcome joinIn(); ///< kernels wait for the transfers in so far
  void begin(Way way, int64_t site);
  void end(Way way);
  void fold(); ///< adds up and forgets the spans so far
  CUstream stream(Way way) const;

  CudaDevice &device;
  const Driver &driver;
  std::unique_ptr<Lane> lane;
  const bool profile;
  bool inPending = false; ///< inDone is newer than what kernels waited for
  Moment moments = 0;
  std::vector<Timed> timed;
  QueueTimes measured;
  CUevent base = nullptr;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_CUDA_QUEUE_H
