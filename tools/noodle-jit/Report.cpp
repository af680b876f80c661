//===- Report.cpp - what a run says ---------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Report.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace noodle::jit {

using namespace engine;

namespace {
struct Times {
  double least, median;
};
Times summary(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  size_t half = seconds.size() / 2;
  double median = seconds.size() % 2 ? seconds[half]
                                     : (seconds[half - 1] + seconds[half]) / 2;
  return {seconds.front(), median};
}
} // namespace

Status writeText(const std::string &path, const std::string &text) {
  std::unique_ptr<rt::io::Output> output;
  rt::io::Error error = rt::io::openOutput(path, output);
  if (error.ok())
    error = output->write(text.data(), int64_t(text.size()));
  if (error.ok())
    error = output->commit();
  return error.ok() ? Status()
                    : Status::error(Code::IoError, error.message, error.place);
}

void report(const Options &options, const Receipt &receipt,
            const std::vector<double> &seconds,
            std::span<const noodle_rt_tensor> results) {
  Times times = summary(seconds);
  bool json =
      options.explain == Report::Json || options.metrics == Report::Json;
  for (size_t k = options.outputs.size(); !json && k < results.size(); ++k)
    std::fputs(summarize(results[k]).c_str(), stdout);
  if (options.repeat > 1 && !json)
    std::printf("%lld calls: min %.6g s, median %.6g s\n",
                static_cast<long long>(options.repeat), times.least,
                times.median);
  if (options.metrics == Report::Json)
    std::printf("{\"source\": \"%s\", \"compile_seconds\": %.9g, "
                "\"load_seconds\": %.9g, \"calls\": %zu, "
                "\"call_seconds_min\": %.9g, \"call_seconds_median\": %.9g, "
                "\"memory_peak\": %lld, \"threads\": %d, "
                "\"launches\": %lld, \"fallbacks\": %lld}\n",
                receipt.source.c_str(), receipt.compileSeconds,
                receipt.loadSeconds, seconds.size(), times.least, times.median,
                static_cast<long long>(receipt.memoryPeak), receipt.threads,
                static_cast<long long>(receipt.device.used.launches),
                static_cast<long long>(receipt.device.used.fallbacks));
  bool colour = isatty(1) && !std::getenv("NO_COLOR");
  if (options.explain == Report::Text)
    std::fputs(receiptText(receipt, colour).c_str(), stdout);
  if (options.explain == Report::Json)
    std::fputs(receiptJson(receipt).c_str(), stdout);
}

void noteFallback(const Receipt &receipt) {
  if (receipt.blas.fallbacks > 0)
    std::fprintf(stderr,
                 "noodle-jit: note: %lld products ran by our own code: "
                 "library: %s\n",
                 static_cast<long long>(receipt.blas.fallbacks),
                 receipt.blas.refusals.back().reason.c_str());
  const DeviceSection &device = receipt.device;
  if (device.target != "cuda" || device.used.steps.empty())
    return;
  const rt::DeviceStep &last = device.used.steps.back();
  std::string what;
  if (device.redone)
    what = "the device died and the CPU computed everything";
  else if (device.used.launches == 0)
    what = "everything ran on the CPU";
  else if (device.used.fallbacks > 0)
    what = std::to_string(device.used.fallbacks) +
           " launches were refused and ran on the CPU";
  else
    return;
  std::fprintf(stderr, "noodle-jit: note: %s: %s: %s\n", what.c_str(),
               last.step.c_str(), last.reason.c_str());
}

} // namespace noodle::jit
