//===- device.h - devices, their memory, and calls that use them ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A device runs the kernels of a program. Host memory stays the one address
// space that programs know: each call has a session that keeps copies of host
// blocks on the device, knows which side is newest, and moves what the other
// side needs (coherence as in StarPU: Augonnet et al., 2011). Whatever a device
// cannot do, the host does: a launch that is refused falls back to the host's
// code for the op, and a device that dies ends the call with
// NOODLE_RT_DEVICE_FAILED, upon which the engine runs the call again without.
//
// No CUDA header is needed: libcuda is opened when a device is first asked for.
// Nothing here throws, prints or exits.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RT_DEVICE_H
#define NOODLE_RT_DEVICE_H

#include "noodle-rt/runtime.h"

#include <string_view>
#include <vector>

namespace noodle::rt {

/// What a device is. Sizes in bytes.
struct DeviceInfo {
  std::string kind;         ///< "cuda" or "cpu"
  std::string name;         ///< such as "NVIDIA H200"
  int index = 0;            ///< among the devices of its kind
  int major = 0, minor = 0; ///< compute capability; 9 and 0 are sm_90
  int driverVersion = 0;    ///< as the driver says: 12040 is CUDA 12.4
  int multiprocessors = 0;
  int64_t memory = 0;
  int64_t sharedPerBlock = 0;
  int64_t threadsPerBlock = 0;
  std::string uuid; ///< tells devices apart across processes
};

/// A kernel as the launch needs it.
struct KernelInfo {
  std::string name;
  int64_t threads = 0;     ///< per block, in one dimension
  int64_t sharedBytes = 0; ///< static, for checks against the device
  /// Of a vendor's library (runtime/device/library.h), which is called instead;
  /// empty: a kernel of the image.
  std::string routine;
};

/// Compiled kernels. `image` is what the driver loads: PTX text ending in a
/// NUL, or a cubin or fatbin.
struct DeviceCode {
  std::string chip; ///< "sm_80"; the least device that runs it
  std::string image;
  std::vector<KernelInfo> kernels; ///< noodle_rt_launch.kernel is an index
};

/// A step down the fallback ladder, for the receipt.
struct DeviceStep {
  std::string step;   ///< "driver", "device", "chip", "memory", "trim",
                      ///< "evict", "split", "load", "launch", "lost"
  std::string reason; ///< one line; names what the driver said
  int64_t site = -1;  ///< op site, where there is one
  /// How often; the reason is that of the first time.
  int64_t count = 1;
};

/// What one call did on the device. Times are the device's own.
struct DeviceReceipt {
  std::string device;
  int64_t launches = 0, fallbacks = 0;
  int64_t bytesIn = 0, bytesOut = 0; ///< moved to and from the device
  int64_t bytesReused = 0;           ///< found there, not moved
  double secondsIn = 0, secondsOut = 0;
  double kernelSeconds = 0;
  double overlapSeconds = 0; ///< transfers while a kernel ran (profile only)
  int64_t peakBytes = 0;     ///< on the device
  std::vector<DeviceStep> steps;
  /// Per site: launches, and seconds where the session profiles.
  struct SiteUse {
    int64_t site = -1, launches = 0, fallbacks = 0;
    double seconds = 0;
  };
  std::vector<SiteUse> sites;
};

/// One device. Thread-safe. Lives as long as a session, module or resident
/// buffer uses it.
class Device {
public:
  virtual ~Device();
  virtual const DeviceInfo &info() const = 0;
  /// True once the device reported an error that does not go away; it then
  /// refuses everything.
  virtual bool lost() const = 0;
  virtual int64_t freeBytes() const = 0;
  /// Gives cached device and pinned memory back.
  virtual void trim() = 0;
  /// Page-locks host memory, which transfers then read and write without a
  /// stop in between. Costs about a second for 1 to 2 GB: for memory that many
  /// calls use. False, with a reason, where the system refuses, where part of
  /// it is registered already, or for memory of a device. It must be
  /// unregistered before it is freed, and while no call uses it.
  virtual bool registerHost(void *host, int64_t bytes, std::string &whyNot) = 0;
  /// False where `host` is not the begin of registered memory.
  virtual bool unregisterHost(void *host) = 0;
  /// Whether `address` is memory of a device that the host cannot touch:
  /// programs take host memory.
  virtual bool isDeviceMemory(const void *address) const = 0;
  struct Impl; // runtime/device
  virtual Impl &impl() = 0;
};

/// Opens device `index` of the CUDA driver. Null, with the step that failed
/// and why, where there is no driver, no such device, or one too old.
std::shared_ptr<Device> openCudaDevice(int index, DeviceStep &whyNot);

/// How many devices the CUDA driver offers; 0 with a reason otherwise.
int countCudaDevices(DeviceStep &whyNot);

/// Kernels loaded on a device, on first use. Thread-safe.
class DeviceModule {
public:
  DeviceModule(std::shared_ptr<Device> device,
               std::shared_ptr<const DeviceCode> code);
  ~DeviceModule();
  DeviceModule(const DeviceModule &) = delete;
  DeviceModule &operator=(const DeviceModule &) = delete;
  Device &device() const;
  struct Impl;
  Impl &impl() const { return *self; }

private:
  std::unique_ptr<Impl> self;
};

/// Host memory with a copy that stays on the device from call to call, until it
/// is destroyed. The host does not write to it in between but through
/// `update`. Thread-compatible.
class ResidentBuffer {
public:
  /// Null with a reason where the device refuses.
  static std::unique_ptr<ResidentBuffer> create(std::shared_ptr<Device> device,
                                                void *host, int64_t bytes,
                                                std::string &whyNot);
  ~ResidentBuffer();
  /// The host has written: the device's copy is stale.
  void update();
  struct Impl;

private:
  ResidentBuffer();
  std::unique_ptr<Impl> self;
};

struct SessionOptions {
  bool strict = false;  ///< what falls back ends the call instead
  bool profile = false; ///< time every launch and transfer
};

/// One call's use of a device. Thread-safe as DeviceCalls demands; the rest
/// single-thread, before and after the call.
class DeviceSession final : public DeviceCalls {
public:
  DeviceSession(DeviceModule &module, const SessionOptions &options);
  ~DeviceSession() override; ///< waits for what is enqueued; frees its memory

  noodle_rt_status launch(noodle_rt_context *context,
                          const noodle_rt_launch &launch) override;
  noodle_rt_status hostAccess(noodle_rt_context *context, void *address,
                              bool write) override;
  void forget(void *block) noexcept override;

  /// Brings everything newest on the device back to the host, and waits. Call
  /// before results are read. NOODLE_RT_DEVICE_FAILED where that is impossible.
  noodle_rt_status finish();
  /// The device died in this session: run the call again without one.
  bool deviceLost() const;
  /// After finish.
  const DeviceReceipt &receipt() const;

private:
  struct Impl;
  std::unique_ptr<Impl> self;
};

} // namespace noodle::rt

#endif // NOODLE_RT_DEVICE_H
