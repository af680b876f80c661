//===- Kernels.cpp - every kernel kind against the interpreter ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Check.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <thread>

namespace noodle::gpucheck {

using namespace engine;

/// Every op ran on the device, none elsewhere.
static std::string whereElse(const Receipt &receipt) {
  for (const rt::DeviceStep &step : receipt.device.used.steps)
    return step.step + ": " + step.reason;
  if (receipt.device.used.launches == 0)
    return "nothing was launched";
  for (const SiteReceipt &site : receipt.sites)
    if (site.site.strategy != "gpu" && site.site.strategy != "library")
      return site.site.text + " stayed on the host: " + site.site.why;
  return {};
}

/// Empty where the device's results are those of `oracle`'s options.
static std::string differs(Bench &bench, const Case &one,
                           const CompileOptions &oracle,
                           const CompileOptions &options, uint64_t seed,
                           std::atomic<int64_t> &launches) {
  Random random(seed);
  Job ours, theirs;
  std::vector<noodle_rt_tensor> results, expected;
  Status status = Job::create(bench.engine, one.text, options, ours);
  if (status.ok())
    status = ours.fill(one.arguments, random);
  if (status.ok())
    status = ours.run(results);
  if (!status.ok())
    return status.str();
  launches += ours.receipt().device.used.launches;
  if (std::string where = whereElse(ours.receipt()); !where.empty())
    return where;
  status = Job::create(bench.engine, one.text, oracle, theirs);
  if (!status.ok())
    return "the oracle: " + status.str();
  theirs.share(ours);
  status = theirs.run(expected);
  if (!status.ok())
    return "the oracle: " + status.str();
  return compareResults(results[0], expected[0], one.tolerance);
}

namespace {
/// Cases of one kind, added up.
struct Tally {
  int passed = 0, failed = 0;
  std::string first; ///< failure
};
} // namespace

static void put(Bench &bench, const std::string &what, const Tally &tally,
                const std::string &oracle) {
  Row row{"kernels",  what, tally.failed ? State::Failed : State::Ok,
          "",         "",   "",
          tally.first};
  row.figure = std::to_string(tally.passed) + " of " +
               std::to_string(tally.passed + tally.failed) + " cases";
  row.beside = oracle;
  row.numbers = {{"passed", tally.passed},
                 {"cases", tally.passed + tally.failed}};
  bench.report.add(row);
}

/// Sizes beyond the interpreter, against the CPU's tiled code.
static void checkLarge(Bench &bench) {
  struct Large {
    int64_t size;
    const char *element, *semiring;
    double tolerance;
  };
  Tally tally;
  std::atomic<int64_t> launches{0};
  for (Large large :
       {Large{1000, "f32", "plus_times", 2e-3},
        Large{1023, "f64", "plus_times", 1e-9},
        Large{777, "f32", "min_plus", 1e-6}, Large{513, "i64", "plus_times", 0},
        Large{640, "i32", "max_min", 0}}) {
    Case one{"contraction",
             std::to_string(large.size) + " " + large.element + " " +
                 large.semiring,
             gemmProgram(large.size, large.element, large.semiring),
             {{{large.size, large.size}}, {{large.size, large.size}}},
             large.tolerance,
             0};
    std::string why = differs(bench, one, bench.onHost(), bench.onDevice(),
                              bench.random(), launches);
    ++(why.empty() ? tally.passed : tally.failed);
    if (!why.empty() && tally.first.empty())
      tally.first = one.name + ": " + why;
  }
  put(bench, "contraction, large", tally, "the CPU's tiles");
}

/// Products once more by cuBLAS's and cuSPARSE's routines, as the strategy
/// `library` calls them.
static void checkLibraries(Bench &bench, const std::vector<Case> &cases) {
  std::atomic<int64_t> launches{0};
  for (const char *kind : {"contraction", "sparse"}) {
    Tally tally;
    std::string absent;
    for (const Case &one : cases) {
      bool known = one.name.find("plus_times f") != std::string::npos &&
                   one.kind == kind;
      if (!known || !absent.empty())
        continue;
      std::string why =
          differs(bench, one, bench.onHost("reference"),
                  bench.onDevice("library"), bench.random(), launches);
      if (why.find("library: ") != std::string::npos && !tally.passed)
        absent = why.substr(why.find("library: ") + 9);
      ++(why.empty() ? tally.passed : tally.failed);
      if (!why.empty() && tally.first.empty())
        tally.first = one.name + ": " + why;
    }
    std::string what =
        std::string(kind) + ", by " + (kind[0] == 'c' ? "cuBLAS" : "cuSPARSE");
    if (!absent.empty() || tally.passed + tally.failed == 0)
      bench.report.notRun("kernels", what,
                          absent.empty() ? "no case was drawn" : absent);
    else
      put(bench, what, tally, "the interpreter");
  }
}

void checkKernels(Bench &bench) {
  bool small = bench.options.quick || bench.simulated();
  std::vector<Case> cases =
      kernelCases(bench.random, small, bench.options.sanitized);
  // Several at once: compiling takes most of the time.
  unsigned count = std::thread::hardware_concurrency();
  count = bench.simulated() || bench.options.sanitized
              ? 1
              : std::clamp(count, 1u, 8u);
  std::vector<uint64_t> seeds(cases.size());
  for (uint64_t &seed : seeds)
    seed = bench.random();
  std::vector<std::string> whys(cases.size());
  std::atomic<size_t> next{0};
  std::atomic<int64_t> launches{0};
  std::vector<std::thread> threads;
  for (unsigned k = 0; k < count; ++k)
    threads.emplace_back([&] {
      for (size_t at; (at = next++) < cases.size();)
        whys[at] = differs(bench, cases[at], bench.onHost("reference"),
                           bench.onDevice(), seeds[at], launches);
    });
  for (std::thread &thread : threads)
    thread.join();
  std::map<std::string, Tally> tallies;
  for (size_t at = 0; at < cases.size(); ++at) {
    Tally &tally = tallies[cases[at].kind];
    const std::string &why = whys[at];
    ++(why.empty() ? tally.passed : tally.failed);
    if (why.empty())
      continue;
    std::fprintf(stderr, "noodle-gpu-check: %s: %s: %s\n",
                 cases[at].kind.c_str(), cases[at].name.c_str(), why.c_str());
    if (tally.first.empty())
      tally.first = cases[at].name + ": " + why;
  }
  for (const auto &[kind, tally] : tallies)
    put(bench, kind, tally, "the interpreter");
  if (!launches)
    bench.report.add({"kernels", "launches", State::Failed, "0", "", "",
                      "nothing was launched"});
  if (bench.options.sanitized)
    return;
  checkLibraries(bench, cases);
  if (bench.simulated())
    bench.report.notRun("kernels", "contraction, large",
                        "too large for the emulator");
  else
    checkLarge(bench);
}

} // namespace noodle::gpucheck
