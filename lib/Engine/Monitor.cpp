//===- Monitor.cpp - one call's calls back into the engine ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Monitor.h"

#include "noodle-rt/ir.h"
#include "noodle/Cost/DenseCost.h"
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

/// The same of a dense contraction on the host, at the extents of this
/// execution; and how it is cut.
static double predictProduct(const Site &site, int threads,
                             const int64_t *sizes, int64_t sizeCount,
                             std::string &how) {
  mlir::noodle::ProductTerms terms;
  if (!mlir::noodle::readProductTraits(site.product.traits, terms))
    return -1;
  auto extent = [&](const std::vector<uint32_t> &factors) -> int64_t {
    int64_t product = 1;
    for (uint32_t factor : factors)
      if (factor >= sizeCount ||
          __builtin_mul_overflow(product, sizes[factor], &product))
        return mlir::noodle::ProductShape::kUnknown;
    return product;
  };
  terms.shape.batch = extent(site.product.batch);
  terms.shape.rows = extent(site.product.rows);
  terms.shape.columns = extent(site.product.columns);
  terms.shape.inner = extent(site.product.inner);
  auto machine = mlir::noodle::MachineModel::ofVectorBytes(
      std::clamp<int64_t>(site.product.vectorBytes, 8, 256));
  machine.cores = std::max(1, threads);
  auto predicted =
      mlir::noodle::predictDense(site.strategy, terms.shape, machine);
  how = std::move(predicted.text);
  return predicted.seconds;
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
                    resultCount, options.memoryLimit);
}

void Monitor::mark(int64_t site, int64_t phase, const int64_t *sizes,
                   int64_t sizeCount) {
  Clock::time_point now = Clock::now();
  std::lock_guard lock(mutex);
  Measured &sum = measured[site];
  if (phase != 0) {
    sum.seconds += std::chrono::duration<double>(now - sum.begin).count();
    current = -1;
    return;
  }
  ++sum.calls;
  current = site;
  for (const Site &known : kernel.artifact.sites)
    if (known.id == site) {
      double flops = evaluateCost(known.flops, sizes, sizeCount);
      double bytes = evaluateCost(known.bytes, sizes, sizeCount);
      sum.flops += flops;
      sum.bytes += bytes;
      double seconds = -1;
      if (kernel.artifact.device.chip.empty() || known.strategy != "library")
        seconds =
            predictProduct(known, options.threads, sizes, sizeCount, sum.how);
      sum.predicted += seconds >= 0
                           ? seconds
                           : predict(kernel.artifact, known, flops, bytes);
    }
  sum.begin = Clock::now();
}

void Monitor::region(const rt::RegionTimes &times) {
  std::lock_guard lock(mutex);
  auto known = llvm::find_if(regions, [&](const Region &region) {
    return region.body == times.body && region.site == current;
  });
  if (known == regions.end())
    known = regions.insert(known, Region{times.body, current});
  ++known->calls;
  known->chunks += times.chunks;
  known->seconds += times.seconds;
  known->capacity += times.seconds * times.threads;
  known->busy += times.busy;
  known->longest += times.longest;
  known->mean += times.busy / times.threads;
}

noodle_rt_status Monitor::shortage(noodle_rt_context *context, int64_t site,
                                   int64_t bytes) {
  {
    std::lock_guard lock(mutex);
    auto known = llvm::find_if(shortages, [&](const ShortageReceipt &each) {
      return each.site == site;
    });
    if (known == shortages.end())
      shortages.push_back({site, bytes, 1});
    else
      ++known->count;
  }
  if (!options.strict)
    return NOODLE_RT_OK;
  std::string text = "no room for " + std::to_string(bytes) +
                     " bytes of temporaries, and strict forbids a form that "
                     "needs fewer";
  return noodle_ir_fail(context, NOODLE_RT_OUT_OF_MEMORY, text.data(),
                        int64_t(text.size()));
}

void Monitor::placeShortage(Status &status) const {
  std::lock_guard lock(mutex);
  if (status.code != Code::OutOfMemory || shortages.empty() ||
      !status.place.empty())
    return;
  for (const Site &site : kernel.artifact.sites)
    if (site.id == shortages.back().site)
      status.place = site.place;
}

void Monitor::fill(Receipt &receipt) const {
  std::lock_guard lock(mutex);
  receipt.shortages = shortages;
  receipt.regions.clear();
  for (const Region &region : regions)
    receipt.regions.push_back(
        {region.site, region.calls, region.chunks, region.seconds,
         region.capacity > 0 ? region.busy / region.capacity : 0,
         region.mean > 0 ? region.longest / region.mean - 1 : 0});
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
    auto [first, rest] = llvm::StringRef(sum.how).split(", ");
    site.shapeClass = first.str();
    site.blocking = rest.str();
  }
}

} // namespace noodle::engine
