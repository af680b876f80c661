//===- cuda_device.cpp - a device of the CUDA driver ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "cuda_device.h"
#include "cuda_queue.h"

#include <algorithm>
#include <cstdio>

namespace noodle::rt {

Device::~Device() = default;

CudaDevice::CudaDevice(const Driver &driver, CUdevice handle)
    : driver(driver), pinned(driver), handle(handle) {}

CudaDevice::~CudaDevice() {
  if (!context)
    return;
  if (!dead) {
    CurrentContext current(*this);
    libraries.reset();
    for (auto &lane : lanes)
      destroy(*lane);
    for (auto [host, bytes] : registered)
      driver.memHostUnregister(reinterpret_cast<void *>(host));
    trimBlocks();
    pinned.trim();
    if (memoryPool)
      driver.memPoolTrimTo(memoryPool, 0);
  }
  driver.devicePrimaryCtxRelease(handle);
}

Outcome CudaDevice::outcome(const char *what, CUresult result) {
  if (result == CUDA_SUCCESS)
    return {};
  Fault fault =
      result == CUDA_ERROR_OUT_OF_MEMORY ? Fault::Memory : Fault::Refused;
  if (isSticky(result)) {
    fault = Fault::Lost;
    markLost();
  }
  return {fault, driver.describe(what, result)};
}

/// Returns from the function with what went wrong.
#define TRY_CUDA(call, ...)                                                    \
  if (CUresult result = driver.call(__VA_ARGS__); result != CUDA_SUCCESS)      \
  return outcome(#call, result)

Outcome CudaDevice::open(int index) {
  about.kind = "cuda";
  about.index = index;
  TRY_CUDA(driverGetVersion, &about.driverVersion);
  char name[256] = {};
  TRY_CUDA(deviceGetName, name, int(sizeof name - 1), handle);
  about.name = name;
  auto attribute = [&](CUdevice_attribute which, int &value) {
    return driver.deviceGetAttribute(&value, which, handle);
  };
  int pools = 0, shared = 0, threads = 0;
  const std::pair<CUdevice_attribute, int *> wanted[] = {
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, &about.major},
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, &about.minor},
      {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, &about.multiprocessors},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, &shared},
      {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, &threads},
      {CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, &pools}};
  for (auto [which, value] : wanted)
    if (CUresult result = attribute(which, *value))
      return outcome("cuDeviceGetAttribute", result);
  about.sharedPerBlock = shared;
  about.threadsPerBlock = threads;
  size_t memory = 0;
  TRY_CUDA(deviceTotalMem, &memory, handle);
  about.memory = int64_t(memory);
  CUuuid uuid = {};
  TRY_CUDA(deviceGetUuid, &uuid, handle);
  char digit[3];
  for (char byte : uuid.bytes) {
    std::snprintf(digit, sizeof digit, "%02x", unsigned(byte) & 0xffu);
    about.uuid += digit;
  }
  TRY_CUDA(devicePrimaryCtxRetain, &context, handle);
  if (!pools)
    return {};
  TRY_CUDA(deviceGetDefaultMemPool, &memoryPool, handle);
  // Freed memory stays in the pool until trim: getting it back from the system
  // costs what cuMemAlloc does, 66 us against 2.
  constexpr int kReleaseThreshold = 4; // CU_MEMPOOL_ATTR_RELEASE_THRESHOLD
  uint64_t keepAll = ~uint64_t{0};
  TRY_CUDA(memPoolSetAttribute, memoryPool, kReleaseThreshold, &keepAll);
  return {};
}

int64_t CudaDevice::freeBytes() const {
  if (lost())
    return 0;
  CurrentContext current(*this);
  size_t free = 0, total = 0;
  if (current.result != CUDA_SUCCESS ||
      driver.memGetInfo(&free, &total) != CUDA_SUCCESS)
    return 0;
  return int64_t(free);
}

void CudaDevice::trim() {
  if (lost())
    return;
  CurrentContext current(*this);
  pinned.trim();
  trimBlocks();
  if (memoryPool)
    driver.memPoolTrimTo(memoryPool, 0);
}

//===----------------------------------------------------------------------===//
// Host memory
//===----------------------------------------------------------------------===//

bool CudaDevice::isDeviceMemory(const void *address) const {
  if (lost())
    return false;
  CurrentContext current(*this);
  if (current.result != CUDA_SUCCESS)
    return false;
  auto at = reinterpret_cast<CUdeviceptr>(address);
  unsigned type = 0, managed = 0;
  // An error for what the driver never saw: pageable memory.
  if (driver.pointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, at) !=
          CUDA_SUCCESS ||
      type != CU_MEMORYTYPE_DEVICE)
    return false;
  return driver.pointerGetAttribute(&managed, CU_POINTER_ATTRIBUTE_IS_MANAGED,
                                    at) != CUDA_SUCCESS ||
         !managed;
}

bool CudaDevice::registerHost(void *host, int64_t bytes, std::string &whyNot) {
  try {
    if (!host || bytes <= 0 || isDeviceMemory(host)) {
      whyNot = "it is not memory of the host";
      return false;
    }
    if (lost()) {
      whyNot = "the device is lost";
      return false;
    }
    CurrentContext current(*this);
    std::lock_guard lock(hostMutex);
    auto known = registered.emplace(reinterpret_cast<uintptr_t>(host), bytes);
    CUresult result = current.result;
    if (!known.second)
      result = CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    if (result == CUDA_SUCCESS)
      result = driver.memHostRegister(host, size_t(bytes),
                                      CU_MEMHOSTREGISTER_PORTABLE);
    if (result == CUDA_SUCCESS)
      return true;
    if (known.second)
      registered.erase(known.first);
    whyNot = result == CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED
                 ? "part of it is registered already"
                 : outcome("cuMemHostRegister", result).reason;
  } catch (const std::exception &) {
    whyNot = "out of memory";
  }
  return false;
}

bool CudaDevice::unregisterHost(void *host) {
  std::lock_guard lock(hostMutex);
  if (!registered.erase(reinterpret_cast<uintptr_t>(host)))
    return false;
  if (lost())
    return true;
  CurrentContext current(*this);
  driver.memHostUnregister(host);
  return true;
}

//===----------------------------------------------------------------------===//
// Device memory
//===----------------------------------------------------------------------===//

/// Classes of a quarter of a power of two, from 64 KiB on: at most a quarter is
/// wasted.
static int64_t classOf(int64_t bytes) {
  if (bytes > int64_t{1} << 56) // no device has it, and sums stay in range
    return bytes;
  int64_t size = int64_t{64} << 10;
  while (size < bytes)
    size *= 2;
  int64_t step = std::max(size / 8, int64_t{8} << 10);
  return size <= (int64_t{64} << 10) ? size : (bytes + step - 1) / step * step;
}

Outcome CudaDevice::takeBlock(int64_t bytes, DeviceAddress &address) {
  int64_t size = classOf(bytes);
  std::lock_guard lock(blockMutex);
  if (auto idle = idleBlocks.find(size); idle != idleBlocks.end()) {
    address = idle->second;
    idleBlocks.erase(idle);
    return {};
  }
  TRY_CUDA(memAlloc, &address, size_t(size));
  blockBytes[address] = size;
  return {};
}

void CudaDevice::giveBlock(DeviceAddress address) noexcept {
  std::lock_guard lock(blockMutex);
  auto known = blockBytes.find(address);
  if (known == blockBytes.end())
    return;
  try {
    idleBlocks.emplace(known->second, address);
  } catch (const std::exception &) {
    blockBytes.erase(known);
    driver.memFree(address);
  }
}

void CudaDevice::trimBlocks() noexcept {
  std::lock_guard lock(blockMutex);
  for (auto [size, address] : idleBlocks) {
    blockBytes.erase(address);
    driver.memFree(address);
  }
  idleBlocks.clear();
}

Outcome CudaDevice::allocate(int64_t bytes, DeviceAddress &address) {
  CurrentContext current(*this);
  if (current.result != CUDA_SUCCESS)
    return outcome("cuCtxPushCurrent", current.result);
  TRY_CUDA(memAlloc, &address, size_t(bytes));
  return {};
}

void CudaDevice::release(DeviceAddress address) noexcept {
  if (!address || lost())
    return;
  CurrentContext current(*this);
  driver.memFree(address);
}

VendorLibraries &CudaDevice::vendor() {
  std::lock_guard lock(vendorMutex);
  if (!libraries)
    libraries = std::make_unique<VendorLibraries>();
  return *libraries;
}

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

void CudaDevice::destroy(Lane &lane) noexcept {
  for (auto &way : lane.stages)
    for (Lane::Stage &stage : way) {
      pinned.give(stage.block);
      if (stage.done)
        driver.eventDestroy(stage.done);
    }
  if (lane.inDone)
    driver.eventDestroy(lane.inDone);
  for (CUevent event : lane.marks)
    if (event)
      driver.eventDestroy(event);
  for (CUstream stream : {lane.in, lane.compute, lane.out})
    if (stream)
      driver.streamDestroy(stream);
}

Outcome CudaDevice::takeLane(std::unique_ptr<Lane> &lane) {
  {
    std::lock_guard lock(laneMutex);
    if (!lanes.empty()) {
      lane = std::move(lanes.back());
      lanes.pop_back();
      return {};
    }
  }
  auto made = std::make_unique<Lane>();
  Outcome result;
  for (CUstream *stream : {&made->in, &made->compute, &made->out})
    if (result.ok())
      result = outcome("cuStreamCreate",
                       driver.streamCreate(stream, CU_STREAM_NON_BLOCKING));
  for (CUevent *event :
       {&made->inDone, &made->stages[0][0].done, &made->stages[0][1].done,
        &made->stages[1][0].done, &made->stages[1][1].done})
    if (result.ok())
      result = outcome("cuEventCreate",
                       driver.eventCreate(event, CU_EVENT_DISABLE_TIMING));
  if (!result.ok()) {
    if (!lost())
      destroy(*made);
    return result;
  }
  lane = std::move(made);
  return {};
}

void CudaDevice::giveLane(std::unique_ptr<Lane> lane) noexcept {
  if (lost())
    return; // its streams went with the context
  try {
    std::lock_guard lock(laneMutex);
    lanes.push_back(std::move(lane));
    return;
  } catch (const std::exception &) {
  }
  destroy(*lane);
}

Outcome CudaDevice::createQueue(bool profile, std::unique_ptr<Queue> &queue) {
  CurrentContext current(*this);
  if (current.result != CUDA_SUCCESS)
    return outcome("cuCtxPushCurrent", current.result);
  std::unique_ptr<Lane> lane;
  if (Outcome result = takeLane(lane); !result.ok())
    return result;
  queue = std::make_unique<CudaQueue>(*this, std::move(lane), profile);
  return {};
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

namespace {
class CudaCode final : public LoadedCode {
public:
  explicit CudaCode(CudaDevice &device) : device(device) {}
  ~CudaCode() override {
    if (!module || device.lost())
      return;
    CurrentContext current(device);
    device.driver.moduleUnload(module);
  }
  CudaDevice &device; ///< the DeviceModule keeps it alive
  CUmodule module = nullptr;
};

std::string firstLine(const char *text) {
  std::string line(text);
  return line.substr(0, line.find('\n'));
}
} // namespace

Outcome CudaDevice::load(const DeviceCode &code,
                         std::unique_ptr<LoadedCode> &loaded) {
  if (lost())
    return {Fault::Lost, "the device is lost"};
  CurrentContext current(*this);
  if (current.result != CUDA_SUCCESS)
    return outcome("cuCtxPushCurrent", current.result);
  auto made = std::make_unique<CudaCode>(*this);
  bool any = false;
  for (const KernelInfo &kernel : code.kernels)
    any |= kernel.routine.empty();
  if (!any) {
    made->kernels.resize(code.kernels.size());
    loaded = std::move(made);
    return {};
  }
  std::string log(4096, '\0');
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER,
                            CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size() - 1)};
  CUresult result = driver.moduleLoadDataEx(&made->module, code.image.c_str(),
                                            2, options, values);
  if (result != CUDA_SUCCESS) {
    made->module = nullptr;
    Outcome why = outcome("cuModuleLoadDataEx", result);
    if (result == CUDA_ERROR_UNSUPPORTED_PTX_VERSION)
      why.reason += ": the driver does not know the PTX version of code for " +
                    code.chip + "; update it, or choose an older --chip";
    else if (result == CUDA_ERROR_NO_BINARY_FOR_GPU)
      why.reason += ": " + about.name + " is sm_" +
                    std::to_string(about.major * 10 + about.minor) +
                    ", the code is for " + code.chip;
    else if (log[0])
      why.reason += ": " + firstLine(log.c_str());
    return why;
  }
  for (const KernelInfo &kernel : code.kernels) {
    CUfunction function = nullptr;
    if (!kernel.routine.empty()) {
      made->kernels.emplace_back();
      continue;
    }
    result =
        driver.moduleGetFunction(&function, made->module, kernel.name.c_str());
    if (result != CUDA_SUCCESS) {
      Outcome why = outcome("cuModuleGetFunction", result);
      why.reason += ": kernel " + kernel.name;
      return why;
    }
    made->kernels.push_back({function, kernel.threads, kernel.sharedBytes});
  }
  loaded = std::move(made);
  return {};
}

//===----------------------------------------------------------------------===//
// Finding devices
//===----------------------------------------------------------------------===//

/// Null, with the step that failed, or a driver that offers `count` > 0.
static const Driver *findDevices(int &count, DeviceStep &whyNot) {
  std::string reason;
  const Driver *driver = Driver::get(reason);
  if (!driver) {
    whyNot = {"driver", reason};
    return nullptr;
  }
  count = 0;
  CUresult result = driver->deviceGetCount(&count);
  if (result == CUDA_SUCCESS && count > 0)
    return driver;
  whyNot = {"device", result == CUDA_SUCCESS || result == CUDA_ERROR_NO_DEVICE
                          ? "the CUDA driver offers no device"
                          : driver->describe("cuDeviceGetCount", result)};
  return nullptr;
}

int countCudaDevices(DeviceStep &whyNot) {
  try {
    int count = 0;
    return findDevices(count, whyNot) ? count : 0;
  } catch (const std::exception &) {
    return 0;
  }
}

std::shared_ptr<Device> openCudaDevice(int index, DeviceStep &whyNot) {
  try {
    int count = 0;
    const Driver *driver = findDevices(count, whyNot);
    if (!driver)
      return nullptr;
    if (index < 0 || index >= count) {
      whyNot = {"device",
                "there is no device " + std::to_string(index) +
                    ": the CUDA driver offers " + std::to_string(count) +
                    (count == 1 ? " (number 0)" : ", numbered from 0")};
      return nullptr;
    }
    CUdevice handle = 0;
    if (CUresult result = driver->deviceGet(&handle, index)) {
      whyNot = {"device", driver->describe("cuDeviceGet", result), -1};
      return nullptr;
    }
    auto device = std::make_shared<CudaDevice>(*driver, handle);
    if (Outcome result = device->open(index); !result.ok()) {
      whyNot = {"device", result.reason, -1};
      return nullptr;
    }
    return device;
  } catch (const std::exception &) {
    whyNot = {"device", "out of memory", -1};
    return nullptr;
  }
}

} // namespace noodle::rt
