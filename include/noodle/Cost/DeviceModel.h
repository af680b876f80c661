//===- DeviceModel.h - what a device can do per second ----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_COST_DEVICEMODEL_H
#define NOODLE_COST_DEVICEMODEL_H

#include "llvm/ADT/StringRef.h"

namespace mlir::noodle {

/// Rates of one device, without tensor cores. Thread-safe: a value. Peaks are
/// those of the product's data sheet, named in the table; what a kernel reaches
/// of them is a guess until it is measured on a device.
struct DeviceModel {
  llvm::StringRef chip = "sm_80";
  double f32FlopsPerSecond = 0, f64FlopsPerSecond = 0;
  /// 32-bit integers; 64-bit ones take several instructions.
  double i32OpsPerSecond = 0;
  double bytesPerSecond = 0;
  /// Between host and device. Programs' arguments lie in pageable memory, so
  /// one core's copy into pinned memory is the limit, not the bus: about 1.2e10
  /// there, of 5e10 that PCIe 5 moves. A guess.
  double transferBytesPerSecond = 1.2e10;
  /// Before a transfer's first byte arrives: 5 to 10 us published for pinned
  /// memory on PCIe 5.
  double transferSeconds = 1.0e-5;
  /// From one launch to the next where nothing else limits. A guess.
  double launchSeconds = 5.0e-6;
  /// What kernels reach of the peaks above. Guesses.
  double arithmeticShare = 0.5, memoryShare = 0.8;

  /// The entry of a chip; that of the newest one before it where it has none.
  static DeviceModel of(llvm::StringRef chip);

  /// One kernel. `bits` is the element's width, `fused` whether a product and a
  /// sum are one instruction, as they are over plus_times.
  double kernelSeconds(bool isFloat, unsigned bits, bool fused, double flops,
                       double bytes) const;
  double moveSeconds(double bytes) const {
    return transferSeconds + bytes / transferBytesPerSecond;
  }
};

} // namespace mlir::noodle

#endif // NOODLE_COST_DEVICEMODEL_H
