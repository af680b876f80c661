//===- SanitizerOptions.cpp - what the address sanitizer is told ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Containers cross between checked and unchecked code here, which the
// container annotations do not survive.
extern "C" __attribute__((visibility("default"))) const char *
__asan_default_options() {
  return "detect_container_overflow=0:detect_odr_violation=0";
}
