//===- driver.cpp - libcuda.so.1, opened when first asked for -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "driver.h"

#include <cctype>
#include <dlfcn.h>
#include <exception>
#include <memory>
#include <mutex>

namespace noodle::rt {
namespace {

/// Oldest driver with stream-ordered memory: CUDA 11.2.
constexpr int kOldestDriver = 11020;

std::string versionText(int version) {
  return std::to_string(version / 1000) + "." +
         std::to_string(version % 1000 / 10);
}

/// Null with a reason.
std::unique_ptr<Driver> open(std::string &whyNot) {
  // Never closed: the driver keeps threads and handlers of its own.
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *said = dlerror();
    whyNot = std::string("there is no CUDA driver (") +
             (said ? said : "libcuda.so.1 cannot be opened") +
             "); install NVIDIA's driver, or use --target cpu";
    return nullptr;
  }
  auto driver = std::make_unique<Driver>();
  const char *missing = nullptr;
#define CUDA_FUNCTION(name, symbol, parameters)                                \
  driver->name =                                                               \
      reinterpret_cast<CUresult(*) parameters>(dlsym(library, #symbol));       \
  if (!driver->name && !missing)                                               \
    missing = #symbol;
#include "cuda_driver.def"
  if (!missing)
    return driver;
  whyNot = std::string("the CUDA driver has no ") + missing +
           ": it is older than CUDA 11.2; update NVIDIA's driver";
  return nullptr;
}

} // namespace

const Driver *Driver::get(std::string &whyNot) {
  static std::mutex mutex;
  static std::unique_ptr<Driver> opened;
  std::lock_guard lock(mutex);
  if (!opened)
    opened = open(whyNot);
  if (!opened)
    return nullptr;
  int version = 0;
  if (CUresult error = opened->init(0))
    whyNot = opened->describe("cuInit", error);
  else if (CUresult error = opened->driverGetVersion(&version))
    whyNot = opened->describe("cuDriverGetVersion", error);
  else if (version < kOldestDriver)
    whyNot = "the CUDA driver is for CUDA " + versionText(version) +
             ", at least " + versionText(kOldestDriver) +
             " is needed; update NVIDIA's driver";
  else
    return opened.get();
  return nullptr;
}

std::string Driver::describe(const char *what, CUresult error) const {
  const char *name = nullptr, *text = nullptr;
  if (getErrorName(error, &name) != CUDA_SUCCESS || !name)
    name = "unknown error";
  if (getErrorString(error, &text) != CUDA_SUCCESS || !text)
    text = "no description";
  std::string call = what;
  if (call.compare(0, 2, "cu") != 0)
    call = "cu" + std::string(1, char(std::toupper(call[0]))) + call.substr(1);
  return call + ": " + name + " (" + text + ")";
}

bool isSticky(CUresult error) {
  switch (error) {
  case CUDA_ERROR_DEINITIALIZED:
  case CUDA_ERROR_DEVICE_UNAVAILABLE:
  case CUDA_ERROR_INVALID_CONTEXT:
  case CUDA_ERROR_ECC_UNCORRECTABLE:
  case CUDA_ERROR_NVLINK_UNCORRECTABLE:
  case CUDA_ERROR_CONTAINED:
  case CUDA_ERROR_ILLEGAL_ADDRESS:
  case CUDA_ERROR_LAUNCH_TIMEOUT:
  case CUDA_ERROR_CONTEXT_IS_DESTROYED:
  case CUDA_ERROR_ASSERT:
  case CUDA_ERROR_HARDWARE_STACK_ERROR:
  case CUDA_ERROR_ILLEGAL_INSTRUCTION:
  case CUDA_ERROR_MISALIGNED_ADDRESS:
  case CUDA_ERROR_INVALID_ADDRESS_SPACE:
  case CUDA_ERROR_INVALID_PC:
  case CUDA_ERROR_LAUNCH_FAILED:
  case CUDA_ERROR_TENSOR_MEMORY_LEAK:
  case CUDA_ERROR_SYSTEM_NOT_READY:
  case CUDA_ERROR_MPS_CLIENT_TERMINATED:
  case CUDA_ERROR_EXTERNAL_DEVICE:
    return true;
  default:
    return false;
  }
}

} // namespace noodle::rt
