//===- Caches.h - which caches the system tells of --------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TARGET_CACHES_H
#define NOODLE_TARGET_CACHES_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace mlir::noodle {

/// Bytes of the data caches that a folder of sysfs describes, as
/// MachineModel::of reads them: "l1=32768,l2=1048576,l3=33554432". What is
/// missing or makes no sense is left out. Thread-safe.
std::string
readCaches(llvm::StringRef folder = "/sys/devices/system/cpu/cpu0/cache");

} // namespace mlir::noodle

#endif // NOODLE_TARGET_CACHES_H
