//===- MachineModel.cpp - what a machine can do per second ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Cost/MachineModel.h"

#include <algorithm>

using namespace mlir::noodle;

MachineModel MachineModel::ofVectorBytes(int64_t bytes) {
  MachineModel machine;
  machine.vectorBytes = bytes;
  machine.vectorRegisters = bytes >= 64 ? 32 : 16;
  machine.fma = bytes >= 32;
  // Zen 4 does two vectors of up to 256 bits in a cycle, one of 512. Without
  // fma a step is two instructions.
  if (bytes == 32)
    machine.vectorStepsPerSecond *= 2;
  return machine;
}

MachineModel MachineModel::of(int64_t vectorBytes, std::string_view features) {
  MachineModel machine = ofVectorBytes(vectorBytes);
  auto has = [&](std::string_view name) {
    return vectorBytes >= 64 && features.find(name) != features.npos;
  };
  // Where the list tells them: "l2=1048576". What nobody has is not believed.
  auto read = [&](std::string_view name, int64_t &bytes) {
    size_t at = features.find(name);
    if (at == features.npos || (at && features[at - 1] != ','))
      return;
    int64_t value = 0;
    for (char c : features.substr(at + name.size())) {
      if (c < '0' || c > '9' || value > int64_t(1) << 40)
        break;
      value = value * 10 + (c - '0');
    }
    if (value >= 4 << 10 && value <= int64_t(1) << 40)
      bytes = value;
  };
  read("l1=", machine.l1Bytes);
  read("l2=", machine.l2Bytes);
  read("l3=", machine.l3Bytes);
  machine.dotBf16 = has("avx512bf16");
  machine.dotI8 = has("avx512vnni");
  return machine;
}

double MachineModel::flopsPerSecond(const char *strategy) const {
  std::string_view name = strategy;
  if (name == "tiled")
    return tiledFlopsPerSecond;
  if (name == "sparse")
    return sparseFlopsPerSecond;
  if (name == "reference")
    return referenceFlopsPerSecond;
  return loopFlopsPerSecond;
}

double MachineModel::seconds(const char *strategy, double flops,
                             double bytes) const {
  return callSeconds +
         std::max(flops / flopsPerSecond(strategy), bytes / bytesPerSecond);
}
