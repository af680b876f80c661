//===- DeviceModel.cpp - what a device can do per second ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Cost/DeviceModel.h"

#include <algorithm>

using namespace mlir::noodle;

namespace {
struct Rates {
  llvm::StringLiteral chip;
  double f32, f64, i32, bytes;
};
} // namespace

// Data sheets of the products named; a fused multiply-add counts as two. i32 is
// half of f32 where half the units add integers, as the white papers say.
static constexpr Rates table[] = {
    {"sm_80", 19.5e12, 9.7e12, 9.7e12, 1.56e12},     // A100 40 GB SXM
    {"sm_86", 37.4e12, 0.58e12, 18.7e12, 0.70e12},   // A40
    {"sm_89", 90.5e12, 1.41e12, 45.2e12, 0.86e12},   // L40
    {"sm_90", 66.9e12, 33.5e12, 33.5e12, 3.35e12},   // H100 SXM
    {"sm_100", 75.0e12, 37.0e12, 37.0e12, 8.0e12},   // B200
    {"sm_120", 126.0e12, 1.97e12, 63.0e12, 1.79e12}, // RTX PRO 6000
};

static unsigned capability(llvm::StringRef chip) {
  unsigned number = 0;
  chip.consume_front("sm_");
  chip.take_while([](char c) { return c >= '0' && c <= '9'; })
      .getAsInteger(10, number);
  return number;
}

DeviceModel DeviceModel::of(llvm::StringRef chip) {
  const Rates *best = table;
  for (const Rates &rates : table)
    if (capability(rates.chip) <= capability(chip))
      best = &rates;
  DeviceModel model;
  model.chip = best->chip;
  model.f32FlopsPerSecond = best->f32;
  model.f64FlopsPerSecond = best->f64;
  model.i32OpsPerSecond = best->i32;
  model.bytesPerSecond = best->bytes;
  return model;
}

double DeviceModel::kernelSeconds(bool isFloat, unsigned bits, bool fused,
                                  double flops, double bytes) const {
  double rate;
  if (isFloat) {
    rate = bits <= 32 ? f32FlopsPerSecond : f64FlopsPerSecond;
    if (!fused)
      rate /= 2;
  } else {
    rate = bits <= 32 ? i32OpsPerSecond : i32OpsPerSecond / 4;
  }
  return launchSeconds + std::max(flops / (rate * arithmeticShare),
                                  bytes / (bytesPerSecond * memoryShare));
}
