//===- FakeVendor.h - what both libraries share -----------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_FAKE_VENDOR_H
#define NOODLE_TEST_FAKE_VENDOR_H

#include "HostWork.h"
#include "vendor_api.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#define FAKE_EXPORT extern "C" __attribute__((visibility("default")))

namespace fake_vendor {

/// Statuses of both libraries.
enum { Success = 0, NotInitialized = 1, InvalidValue = 7, Failed = 13 };

struct State {
  CUstream stream = nullptr;
};

/// A line for each call, into the file that NOODLE_FAKE_VENDOR_LOG names.
__attribute__((format(printf, 1, 2))) inline void log(const char *format, ...) {
  const char *path = std::getenv("NOODLE_FAKE_VENDOR_LOG");
  std::FILE *file = path ? std::fopen(path, "a") : nullptr;
  if (!file)
    return;
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(file, format, arguments);
  va_end(arguments);
  std::fclose(file);
}

inline int property(int which, int *value) {
  static const int version[] = {12, 0, 1};
  if (which < 0 || which > 2)
    return InvalidValue;
  *value = version[which];
  return Success;
}

inline int create(noodle::rt::vendor::Handle *handle) {
  *handle = new State;
  return Success;
}

inline int destroy(noodle::rt::vendor::Handle handle) {
  delete static_cast<State *>(handle);
  return Success;
}

inline int setStream(noodle::rt::vendor::Handle handle, CUstream stream) {
  static_cast<State *>(handle)->stream = stream;
  return Success;
}

inline int enqueue(const fake_cuda::HostWork &work) {
  return fake_cuda_host_work(&work) ? Failed : Success;
}

template <typename T> uint64_t addressOf(T *pointer) {
  return reinterpret_cast<uint64_t>(pointer);
}

} // namespace fake_vendor

#endif // NOODLE_TEST_FAKE_VENDOR_H
