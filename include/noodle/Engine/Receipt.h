//===- Receipt.h - what was compiled, what ran, and why ---------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The struct is the truth; the text and JSON are views of it.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ENGINE_RECEIPT_H
#define NOODLE_ENGINE_RECEIPT_H

#include "noodle-rt/blas.h"
#include "noodle/Engine/Artifact.h"

namespace noodle::engine {

/// One op of the program. Numbers are of one call; -1 is unknown.
struct SiteReceipt {
  Site site;
  double predictedSeconds = -1;
  /// How a dense contraction was cut in the last execution: the class of its
  /// shape and the blocks; only of programs compiled to profile.
  std::string shapeClass, blocking;
  double measuredSeconds = -1; ///< only of programs compiled to profile
  double flops = -1;
  double bytes = -1;
  int64_t calls = 0; ///< only of programs compiled to profile
  /// "cpu", "device", "device and cpu" where some of its launches fell back;
  /// "blas", "blas and cpu" where a BLAS formed its products, or some of them.
  std::string ran = "cpu";
  int64_t launches = 0, fallbacks = 0;
  /// Of its kernels, on the device's clock; only of programs compiled to
  /// profile. `measuredSeconds` is the host's time, which does not wait.
  double deviceSeconds = -1;
};

/// A parallel loop of the program that several threads could join. Sums over
/// its executions in the call.
struct RegionReceipt {
  int64_t site = -1; ///< its op; -1 where the program is not profiled
  int64_t calls = 0, chunks = 0;
  double seconds = 0; ///< from begin to end
  /// The share of its threads' time that they spent in chunks, 0 to 1.
  double busy = 0;
  double imbalance = 0; ///< the busiest thread's time over the mean, less 1
};

/// Temporaries that were refused: the op was computed in a form that needs
/// fewer.
struct ShortageReceipt {
  int64_t site = -1;
  int64_t bytes = 0; ///< asked for the first time
  int64_t count = 0;
};

/// An argument or a result that the kernel has in another format than the host.
struct ConversionReceipt {
  bool result = false;
  int64_t index = 0; ///< of the argument or result
  std::string from, to;
  int64_t entries = 0;
  double seconds = 0;
};

/// What ran on a device, and why the rest did not.
struct DeviceSection {
  std::string target = "cpu"; ///< as asked for
  std::string name;           ///< empty: no device
  int index = -1;
  std::string chip; ///< its compute capability
  std::string code; ///< the chip that the kernels are made for; empty: none
  rt::DeviceReceipt used; ///< of the call; `steps` hold those before it too
  /// Of the program's operations, 0 to 1; only of programs compiled to profile.
  double share = -1;
  /// The device died, and the call was made again without one.
  bool redone = false;
};

struct Receipt {
  static constexpr uint32_t kVersion = 1;
  uint32_t version = kVersion;
  std::string entry;
  std::string compiler;
  std::string cpu;
  /// "compiled", "memory cache", "disk cache".
  std::string source;
  /// The sizes of arguments, rounded up to powers of two, that the kernel was
  /// planned for; empty: for any.
  std::string plannedFor;
  /// Why the program was interpreted as a whole; empty when it was compiled.
  std::string fallback;
  /// "0" or "optimised"; empty: interpreted.
  std::string tier;
  /// Calls of tier-0 before and, where `tier` is "0", with this one; -1: the
  /// program was optimised from the start.
  int64_t tierZeroCalls = -1;
  std::string tierNote;          ///< why tier-0 stays; else empty
  std::vector<PhaseTime> phases; ///< of the compilation, when it was made
  double compileSeconds = 0;     ///< spent now; 0 when the kernel was cached
  double loadSeconds = 0;
  double callSeconds = 0;
  int64_t memoryPeak = 0; ///< bytes alive in the call at once
  int threads = 1;
  int64_t referenceCalls = 0; ///< ops the interpreter executed
  /// That left no op to tell of them, by function.
  std::vector<std::string> laws;
  std::vector<SiteReceipt> sites;
  std::vector<RegionReceipt> regions;
  std::vector<ShortageReceipt> shortages;
  std::vector<ConversionReceipt> conversions; ///< at the call's border
  DeviceSection device;
  rt::BlasReceipt blas; ///< of the call
};

/// A table in the manner of EXPLAIN ANALYZE. `colour` adds terminal escapes.
std::string receiptText(const Receipt &receipt, bool colour = false);
/// A page that needs no other file, with the trees of products as pictures.
std::string receiptHtml(const Receipt &receipt);
/// One JSON object; keys are the fields' names in snake_case.
std::string receiptJson(const Receipt &receipt);

} // namespace noodle::engine

#endif // NOODLE_ENGINE_RECEIPT_H
