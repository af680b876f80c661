//===- Run.cpp - binds, calls, reports -----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Run.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace noodle::jit {

using namespace engine;

int fail(const Status &status) {
  std::string text = status.str();
  std::fprintf(stderr, "%s%s\n", status.place.empty() ? "noodle-jit: " : "",
               text.c_str());
  return kFailed;
}

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

/// Binds the words of the command line to the parameters.
Status bindArguments(const Options &options, const Signature &function,
                     std::vector<HostTensor> &owners,
                     std::vector<noodle_rt_tensor> &views) {
  if (options.arguments.size() != function.parameters.size()) {
    std::string types;
    for (const TensorType &type : function.parameters)
      types += (types.empty() ? "" : ", ") + type.str();
    return Status::error(Code::InvalidArgument,
                         "@" + function.name + "(" + types + ") takes " +
                             std::to_string(function.parameters.size()) +
                             " arguments, got " +
                             std::to_string(options.arguments.size()));
  }
  for (size_t k = 0; k < options.arguments.size(); ++k) {
    std::string what =
        "argument " + std::to_string(k) + " of @" + function.name;
    if (Status status = bindWord(options.arguments[k], function.parameters[k],
                                 what, options.bind, owners.emplace_back());
        !status.ok())
      return status;
    views.push_back(owners.back().view);
  }
  return {};
}

Status checkOutputs(const Options &options, const Signature &function) {
  if (options.outputs.size() > function.results.size())
    return Status::error(
        Code::InvalidArgument,
        "@" + function.name + " has " +
            std::to_string(function.results.size()) + " results, got " +
            std::to_string(options.outputs.size()) + " times --out");
  for (size_t k = 0; k < options.outputs.size(); ++k)
    if (Status status = checkOutput(options.outputs[k], function.results[k],
                                    "result " + std::to_string(k) + " of @" +
                                        function.name);
        !status.ok())
      return status;
  return {};
}

/// Runs the interpreter on the same arguments. Sets `difference` to the first
/// result that disagrees.
Status checkResults(const Options &options, const std::string &text,
                    Engine &engine, std::span<const noodle_rt_tensor> arguments,
                    std::span<const noodle_rt_tensor> results,
                    std::string &difference) {
  Artifact artifact;
  if (Status status = interpretedArtifact(text, options.compile, artifact);
      !status.ok())
    return status;
  std::shared_ptr<const Kernel> kernel;
  if (Status status = Kernel::load(std::move(artifact), kernel); !status.ok())
    return status;
  rt::Region region(engine.pool());
  std::vector<noodle_rt_tensor> expected(results.size());
  CallOptions trusted;
  trusted.trusted = true;
  if (Status status = call(engine.pool(), kernel, options.compile.entry,
                           arguments, region, expected, trusted);
      !status.ok())
    return status;
  for (size_t k = 0; k < results.size() && difference.empty(); ++k) {
    double tolerance = results[k].type == NOODLE_RT_F32 ? 1e-4 : 1e-9;
    difference = compareResults(results[k], expected[k], tolerance);
    if (!difference.empty())
      difference = "result " + std::to_string(k) +
                   " differs from the interpreter's: " + difference;
  }
  return {};
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

/// One line when a device was asked for and the CPU did its work.
void noteFallback(const Receipt &receipt) {
  const DeviceSection &device = receipt.device;
  if (device.target != "cuda" || device.used.steps.empty())
    return;
  const rt::DeviceStep &first = device.used.steps.front();
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
               first.step.c_str(), first.reason.c_str());
}

} // namespace

int run(Options &options, const std::string &text) {
  std::shared_ptr<Engine> engine;
  if (Status status = Engine::create(options.engine, engine); !status.ok())
    return fail(status);
  options.compile.profile = options.explain != Report::None;
  std::shared_ptr<Program> program;
  if (Status status = Program::compile(engine, text, options.compile, program,
                                       options.isolate);
      !status.ok())
    return fail(status);

  const Signature &function = program->signature();
  std::vector<HostTensor> owners;
  std::vector<noodle_rt_tensor> views, results(function.results.size());
  if (Status status = checkOutputs(options, function); !status.ok())
    return fail(status);
  if (Status status = bindArguments(options, function, owners, views);
      !status.ok())
    return fail(status);

  Receipt receipt;
  options.call.receipt = &receipt;
  BoundCall call;
  if (Status status = program->bind(views, options.call, call); !status.ok())
    return fail(status);
  rt::Region region(engine->pool());
  std::vector<double> seconds;
  for (int64_t k = 0; k < options.repeat; ++k) {
    region.clear();
    if (Status status = call.run(region, results); !status.ok())
      return fail(status);
    seconds.push_back(receipt.callSeconds);
  }
  std::string difference;
  if (options.check)
    if (Status status =
            checkResults(options, text, *engine, views, results, difference);
        !status.ok())
      return fail(status);
  if (!difference.empty()) {
    std::fprintf(stderr, "noodle-jit: error: %s\n", difference.c_str());
    return kMismatch;
  }
  if (Status status = writeResults(options.outputs, results); !status.ok())
    return fail(status);
  noteFallback(receipt);
  report(options, receipt, seconds, results);
  return 0;
}

} // namespace noodle::jit
