//===- driver.cpp - libcuda.so.1, opened when first asked for -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "driver.h"

#include <dlfcn.h>
#include <memory>
#include <mutex>

namespace noodle::rt {
namespace {

struct Opened {
  Driver driver;
  std::string whyNot;
};

/// Oldest driver with stream-ordered memory: CUDA 11.2.
constexpr int kOldestDriver = 11020;

std::string versionText(int version) {
  return std::to_string(version / 1000) + "." +
         std::to_string(version % 1000 / 10);
}

void open(Opened &opened) {
  // Never closed: the driver keeps threads and handlers of its own.
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *said = dlerror();
    opened.whyNot = std::string("there is no CUDA driver (") +
                    (said ? said : "libcuda.so.1 cannot be opened") +
                    "); install NVIDIA's driver, or use --target cpu";
    return;
  }
  Driver &driver = opened.driver;
#define CUDA_FUNCTION(name, symbol, parameters)                                \
  driver.name =                                                                \
      reinterpret_cast<CUresult(*) parameters>(dlsym(library, #symbol));       \
  if (!driver.name && opened.whyNot.empty())                                   \
    opened.whyNot = "the CUDA driver has no " #symbol                          \
                    ": it is older than CUDA 11.2; update NVIDIA's driver";
#include "cuda_driver.def"
  if (!opened.whyNot.empty())
    return;
  if (CUresult error = driver.init(0)) {
    opened.whyNot = driver.describe("cuInit", error);
    return;
  }
  if (CUresult error = driver.driverGetVersion(&driver.version))
    opened.whyNot = driver.describe("cuDriverGetVersion", error);
  else if (driver.version < kOldestDriver)
    opened.whyNot = "the CUDA driver is for CUDA " +
                    versionText(driver.version) + ", at least " +
                    versionText(kOldestDriver) +
                    " is needed; update NVIDIA's driver";
}

} // namespace

const Driver *Driver::get(std::string &whyNot) {
  static std::once_flag once;
  static Opened opened;
  std::call_once(once, [] {
    try {
      open(opened);
    } catch (const std::exception &) {
      opened.whyNot = "out of memory";
    }
  });
  if (opened.whyNot.empty())
    return &opened.driver;
  whyNot = opened.whyNot;
  return nullptr;
}

std::string Driver::describe(const char *what, CUresult error) const {
  const char *name = nullptr, *text = nullptr;
  if (getErrorName(error, &name) != CUDA_SUCCESS || !name)
    name = "unknown error";
  if (getErrorString(error, &text) != CUDA_SUCCESS || !text)
    text = "no description";
  return std::string(what) + ": " + name + " (" + text + ")";
}

bool isSticky(CUresult error) {
  switch (error) {
  case CUDA_ERROR_DEINITIALIZED:
  case CUDA_ERROR_DEVICE_UNAVAILABLE:
  case CUDA_ERROR_INVALID_CONTEXT:
  case CUDA_ERROR_ECC_UNCORRECTABLE:
  case CUDA_ERROR_NVLINK_UNCORRECTABLE:
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
  case CUDA_ERROR_SYSTEM_NOT_READY:
    return true;
  default:
    return false;
  }
}

} // namespace noodle::rt
