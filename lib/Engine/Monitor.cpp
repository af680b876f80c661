//===- Monitor.cpp - one call's calls back into the engine ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Monitor.h"

#include "noodle-rt/ir.h"
#include "noodle/Cost/DeviceModel.h"
#include "noodle/Cost/MachineModel.h"

namespace noodle::engine {

/// What an op is predicted to take. A site's text names its element type, and
/// its semiring unless that is plus_times.
static double predict(const Artifact &artifact, const Site &site, double flops,
                      double bytes) {
  bool onDevice = site.strategy == "gpu" || site.strategy == "library";
  if (!onDevice || artifact.device.chip.empty())
    return mlir::noodle::MachineModel().seconds(site.strategy.c_str(), flops,
                                                bytes);
  llvm::SmallVector<llvm::StringRef, 8> words;
  llvm::StringRef(site.text).split(words, ' ');
  bool isFloat =
      llvm::is_contained(words, "f32") || llvm::is_contained(words, "f64");
  unsigned bits =
      llvm::is_contained(words, "f64") || llvm::is_contained(words, "i64") ? 64
                                                                           : 32;
  bool fused = site.text.find('_') == std::string::npos &&
               site.text.find('@') == std::string::npos;
  return mlir::noodle::DeviceModel::of(artifact.device.chip)
      .kernelSeconds(isFloat, bits, fused, flops, bytes);
}

noodle_rt_status Monitor::reference(noodle_rt_context *context, int64_t site,
                                    noodle_rt_tensor *arguments,
                                    int64_t argumentCount,
                                    noodle_rt_tensor *results,
                                    int64_t resultCount) {
  if (site < 0 || size_t(site) >= kernel.references.size()) {
    constexpr std::string_view text = "the kernel asks for an unknown op";
    return noodle_ir_fail(context, NOODLE_RT_INTERNAL, text.data(),
                          int64_t(text.size()));
  }
  ++referenceCalls;
  // Parsing on first use changes nothing that callers can see.
  auto &module = const_cast<ReferenceModule &>(kernel.references[site]);
  return module.run("site", context, arguments, argumentCount, results,
                    resultCount, memoryLimit);
}

void Monitor::mark(int64_t site, int64_t phase, const int64_t *sizes,
                   int64_t sizeCount) {
  Clock::time_point now = Clock::now();
  std::lock_guard lock(mutex);
  Measured &sum = measured[site];
  if (phase != 0) {
    sum.seconds += std::chrono::duration<double>(now - sum.begin).count();
    return;
  }
  ++sum.calls;
  for (const Site &known : kernel.artifact.sites)
    if (known.id == site) {
      double flops = evaluateCost(known.flops, sizes, sizeCount);
      double bytes = evaluateCost(known.bytes, sizes, sizeCount);
      sum.flops += flops;
      sum.bytes += bytes;
      sum.predicted += predict(kernel.artifact, known, flops, bytes);
    }
  sum.begin = Clock::now();
}

void Monitor::fill(Receipt &receipt) const {
  std::lock_guard lock(mutex);
  receipt.referenceCalls = referenceCalls;
  for (SiteReceipt &site : receipt.sites) {
    auto found = measured.find(site.site.id);
    if (found == measured.end())
      continue;
    const Measured &sum = found->second;
    site.calls = sum.calls;
    site.measuredSeconds = sum.seconds;
    site.predictedSeconds = sum.predicted;
    site.flops = sum.flops;
    site.bytes = sum.bytes;
  }
}

} // namespace noodle::engine
