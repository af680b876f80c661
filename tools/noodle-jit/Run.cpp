//===- Run.cpp - binds and calls -----------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Run.h"
#include "Report.h"

#include <cstdio>

namespace noodle::jit {

using namespace engine;

int fail(const Status &status) {
  std::string text = status.str();
  std::fprintf(stderr, "%s%s\n", status.place.empty() ? "noodle-jit: " : "",
               text.c_str());
  return kFailed;
}

namespace {

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
    difference = compareResults(results[k], expected[k],
                                checkTolerance(results[k].type));
    if (!difference.empty())
      difference = "result " + std::to_string(k) +
                   " differs from the interpreter's: " + difference;
  }
  return {};
}

} // namespace

int run(Options &options, const std::string &text) {
  std::shared_ptr<Engine> engine;
  if (Status status = Engine::create(options.engine, engine); !status.ok())
    return fail(status);
  options.compile.profile =
      options.explain != Report::None || !options.report.empty();
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
  if (!options.report.empty())
    if (Status status = writeText(options.report, receiptHtml(receipt));
        !status.ok())
      return fail(status);
  noteFallback(receipt);
  report(options, receipt, seconds, results);
  return 0;
}

} // namespace noodle::jit
