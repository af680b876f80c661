//===- Program.cpp - a program and its kernels ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Engine.h"

#include "KernelImpl.h"

#include <algorithm>
#include <bit>

namespace noodle::engine {

static int64_t bucket(int64_t size) {
  return size <= 1 ? size : int64_t(std::bit_ceil(uint64_t(size)));
}

static bool sparse(const noodle_rt_tensor &view) {
  return view.layout != NOODLE_RT_SCALAR && view.layout != NOODLE_RT_DENSE;
}

std::vector<ArgumentStats>
bucketStats(std::span<const noodle_rt_tensor> views) {
  std::vector<ArgumentStats> all;
  for (const noodle_rt_tensor &view : views) {
    ArgumentStats &stats = all.emplace_back();
    for (int k = 0; k < view.rank; ++k)
      stats.extents.push_back(bucket(view.extents[k]));
    if (!sparse(view))
      continue;
    stats.stored = bucket(view.stored);
    // Where the longest row is not known, rows are taken to be alike.
    if (view.layout == NOODLE_RT_COO) {
      stats.longest =
          bucket(view.extents[0] ? view.stored / view.extents[0] + 1 : 0);
      continue;
    }
    int64_t lines =
        view.layout == NOODLE_RT_DCSR ? view.stored_rows
        : view.rank == 1              ? 1
        : view.layout == NOODLE_RT_BSR
            ? view.extents[0] / std::max<int64_t>(view.block_rows, 1)
            : view.extents[view.layout == NOODLE_RT_CSR ? 0 : 1];
    int64_t longest = 0;
    auto scan = [&](const auto *positions) {
      for (int64_t i = 0; i < lines; ++i)
        longest = std::max<int64_t>(longest, positions[i + 1] - positions[i]);
    };
    if (view.position_width == 4)
      scan(static_cast<const int32_t *>(view.positions));
    else
      scan(static_cast<const int64_t *>(view.positions));
    stats.longest = bucket(longest);
  }
  return all;
}

/// "1024x64, 64x64 with 2048 stored".
static std::string textOf(const std::vector<ArgumentStats> &all) {
  std::string text;
  for (const ArgumentStats &stats : all) {
    if (stats.extents.empty())
      continue;
    text += text.empty() ? "" : ", ";
    for (size_t k = 0; k < stats.extents.size(); ++k)
      text += (k ? "x" : "") + std::to_string(stats.extents[k]);
    if (stats.stored >= 0)
      text += " with " + std::to_string(stats.stored) + " stored";
  }
  return text;
}

Status Program::compile(std::shared_ptr<Engine> engine,
                        std::string_view program, CompileOptions options,
                        std::shared_ptr<Program> &result, bool isolate,
                        bool variants) {
  auto made = std::make_shared<Program>();
  CompileOptions first = options;
  first.skipGuessed = options.stats.empty();
  if (Status status =
          engine->compile(program, first, made->base, &made->made, isolate);
      !status.ok())
    return status;
  made->function = made->base->find(options.entry);
  if (!made->function)
    return Status::error(Code::InvalidProgram,
                         "the program has no function @" + options.entry);
  made->owner = std::move(engine);
  made->options = std::move(options);
  made->isolate = isolate;
  // With a choice of devices, where ops run is decided for the sizes at hand;
  // and so is an order of products that was found for guessed ones.
  made->variants = variants || made->base->artifact().guessed ||
                   (made->options.target == "auto" && made->made.device.device);
  result = std::move(made);
  return {};
}

/// Of calls that are not worth optimised code before they begin: a product of
/// matrices of this size takes about a millisecond by tier-0. A guess.
static constexpr int64_t kLargeBytes = int64_t(1) << 20;

static bool large(std::span<const noodle_rt_tensor> arguments) {
  double bytes = 0;
  for (const noodle_rt_tensor &view : arguments) {
    double count = 1;
    for (int k = 0; k < view.rank; ++k)
      count *= double(view.extents[k]);
    bytes += double(noodle_rt_element_bytes(view.type)) *
             (sparse(view) ? double(view.stored) : count);
  }
  return bytes > double(kLargeBytes);
}

/// The optimised kernel where there is one or the call is worth waiting for it.
static std::shared_ptr<const Kernel>
newest(std::shared_ptr<const Kernel> kernel,
       std::span<const noodle_rt_tensor> arguments) {
  if (Promotion *promotion = kernel->impl().promotion.get())
    if (auto next =
            large(arguments) ? promotion->promote() : promotion->successor())
      return next;
  return kernel;
}

Status Program::variantFor(const std::vector<ArgumentStats> &stats,
                           std::shared_ptr<const Kernel> &kernel,
                           CompileReport &report) {
  auto find = [&] {
    auto found = std::find_if(kept.begin(), kept.end(), [&](const Variant &v) {
      return v.stats == stats;
    });
    if (found == kept.end())
      return false;
    std::rotate(kept.begin(), found, found + 1);
    kernel = kept.front().kernel;
    return true;
  };
  {
    std::lock_guard lock(mutex);
    if (find())
      return {};
  }
  CompileOptions variant = options;
  variant.stats = stats;
  if (Status status = owner->compile(base->artifact().id.program, variant,
                                     kernel, &report, isolate);
      !status.ok())
    return status;
  std::lock_guard lock(mutex);
  if (find())
    return {}; // another thread made it too
  kept.insert(kept.begin(), {stats, kernel});
  if (kept.size() > kVariants)
    kept.pop_back();
  return {};
}

Status Program::bind(std::span<const noodle_rt_tensor> arguments,
                     CallOptions options, BoundCall &call) {
  if (!options.executor)
    options.executor = owner->executor();
  if (!options.blas) {
    options.blas = owner->blas();
    options.strictBlas = this->options.strict;
  }
  if (options.receipt) {
    options.receipt->source = made.source;
    options.receipt->compileSeconds = made.compileSeconds;
    options.receipt->loadSeconds = made.loadSeconds;
  }
  if (made.device.target != "cpu" && !options.device.device)
    options.device = made.device;
  // Statistics are read from views that have been checked.
  if (Status status = BoundCall::bind(owner->pool(), newest(base, arguments),
                                      function->name, arguments, options, call);
      !status.ok() || !variants)
    return status;
  std::vector<ArgumentStats> stats = bucketStats(arguments);
  std::shared_ptr<const Kernel> kernel;
  CompileReport report;
  if (Status status = variantFor(stats, kernel, report); !status.ok())
    return status;
  if (options.receipt) {
    options.receipt->plannedFor = textOf(stats);
    options.receipt->compileSeconds += report.compileSeconds;
    options.receipt->loadSeconds += report.loadSeconds;
  }
  options.trusted = true;
  return BoundCall::bind(owner->pool(), newest(kernel, arguments),
                         function->name, arguments, options, call);
}

Status Program::call(std::span<const noodle_rt_tensor> arguments,
                     rt::Region &region, std::span<noodle_rt_tensor> results,
                     CallOptions options) {
  BoundCall bound;
  if (Status status = bind(arguments, options, bound); !status.ok())
    return status;
  return bound.run(region, results);
}

} // namespace noodle::engine
