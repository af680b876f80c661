//===- noodle-bench.cpp - times the engine from inside a process ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   noodle-bench compile PROGRAM [ROUNDS]   text to callable kernel
//   noodle-bench tier0 PROGRAM [ROUNDS]     the same at the lowest level
//   noodle-bench load PROGRAM [ROUNDS]      kernel from a warm disk cache
//   noodle-bench call PROGRAM [ROUNDS]      bound call; arguments are ones
//
// One JSON object on stdout: rounds, and in nanoseconds the median, the 10th
// and the 90th percentile. A round of `call` is the mean of 1000 calls.
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Binding.h"
#include "noodle/Engine/Engine.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

using namespace noodle;
using namespace noodle::engine;

namespace {
using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

int fail(const Status &status) {
  std::fprintf(stderr, "noodle-bench: %s\n", status.str().c_str());
  return 1;
}

void report(const char *what, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  auto at = [&](size_t percent) {
    return times[(times.size() - 1) * percent / 100];
  };
  std::printf("{\"what\": \"%s\", \"rounds\": %zu, \"median_ns\": %.1f, "
              "\"p10_ns\": %.1f, \"p90_ns\": %.1f}\n",
              what, times.size(), at(50), at(10), at(90));
}

/// `level` 0 is tier-0. The medians of the parts follow on standard error.
int timeCompile(const std::string &program, int rounds, int level) {
  std::vector<double> times;
  std::vector<std::string> names;
  std::map<std::string, std::vector<double>> parts;
  CompileTools tools; // as an engine has them
  for (int round = -1; round < rounds; ++round) {
    Artifact artifact;
    std::shared_ptr<const Kernel> kernel;
    CompileOptions options;
    options.strict = true;
    options.optLevel = level;
    Clock::time_point start = Clock::now();
    if (Status status = compileArtifact(program, options, artifact, &tools);
        !status.ok())
      return fail(status);
    std::vector<PhaseTime> phases = artifact.phases;
    Clock::time_point begin = Clock::now();
    if (Status status = Kernel::load(std::move(artifact), kernel); !status.ok())
      return fail(status);
    phases.push_back({"load", since(begin) * 1e-9});
    if (round < 0) // the first one also initialises LLVM
      continue;
    times.push_back(since(start));
    for (const PhaseTime &phase : phases) {
      std::vector<double> &part = parts[phase.phase];
      if (part.empty())
        names.push_back(phase.phase);
      part.push_back(phase.seconds);
    }
  }
  for (const std::string &name : names) {
    std::vector<double> &part = parts[name];
    std::sort(part.begin(), part.end());
    std::fprintf(stderr, "%-10s %8.3f ms\n", name.c_str(),
                 part[part.size() / 2] * 1e3);
  }
  report(level ? "compile" : "tier0", std::move(times));
  return 0;
}

/// Each round is a new engine, so that only the disk remembers.
int timeLoad(const std::string &program, int rounds) {
  std::string folder =
      std::filesystem::temp_directory_path() / "noodle-bench-XXXXXX";
  if (!mkdtemp(folder.data()))
    return fail(Status::error(Code::IoError, "no temporary folder"));
  std::vector<double> times;
  Status status;
  for (int round = -1; round < rounds && status.ok(); ++round) {
    EngineOptions engineOptions;
    engineOptions.cacheDirectory = folder;
    std::shared_ptr<Engine> engine;
    std::shared_ptr<const Kernel> kernel;
    CompileReport made;
    status = Engine::create(engineOptions, engine);
    if (!status.ok())
      break;
    Clock::time_point start = Clock::now();
    status = engine->compile(program, {}, kernel, &made);
    if (round < 0 || !status.ok())
      continue;
    times.push_back(since(start));
    if (made.source != "disk cache")
      status = Status::error(Code::Internal, "not cached: " + made.source);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  if (!status.ok())
    return fail(status);
  report("load", std::move(times));
  return 0;
}

int timeCall(const std::string &text, int rounds) {
  std::shared_ptr<Engine> engine;
  std::shared_ptr<Program> program;
  if (Status status = Engine::create({}, engine); !status.ok())
    return fail(status);
  if (Status status = Program::compile(engine, text, {}, program); !status.ok())
    return fail(status);
  const Signature &signature = program->signature();
  std::vector<HostTensor> owners(signature.parameters.size());
  std::vector<noodle_rt_tensor> arguments;
  for (size_t i = 0; i < owners.size(); ++i) {
    if (Status status =
            bindWord("ones", signature.parameters[i],
                     "argument " + std::to_string(i), {}, owners[i]);
        !status.ok())
      return fail(status);
    arguments.push_back(owners[i].view);
  }
  BoundCall call;
  if (Status status = program->bind(arguments, {}, call); !status.ok())
    return fail(status);
  std::vector<noodle_rt_tensor> results(signature.results.size());
  rt::Region region(engine->pool());
  std::vector<double> times;
  constexpr int calls = 1000;
  for (int round = -1; round < rounds; ++round) {
    Clock::time_point start = Clock::now();
    for (int i = 0; i < calls; ++i) {
      if (Status status = call.run(region, results); !status.ok())
        return fail(status);
      region.clear();
    }
    if (round >= 0)
      times.push_back(since(start) / calls);
  }
  report("call", std::move(times));
  return 0;
}
} // namespace

int main(int argc, char **argv) {
  int rounds = argc > 3 ? std::atoi(argv[3]) : 30;
  if (argc < 3 || argc > 4 || rounds < 1) {
    std::fprintf(
        stderr,
        "usage: noodle-bench compile|tier0|load|call PROGRAM [ROUNDS]\n");
    return 2;
  }
  std::ifstream file(argv[2]);
  std::string program((std::istreambuf_iterator<char>(file)), {});
  if (!file || program.empty()) {
    std::fprintf(stderr, "noodle-bench: %s: cannot be read\n", argv[2]);
    return 1;
  }
  if (!std::strcmp(argv[1], "compile"))
    return timeCompile(program, rounds, CompileOptions().optLevel);
  if (!std::strcmp(argv[1], "tier0"))
    return timeCompile(program, rounds, 0);
  if (!std::strcmp(argv[1], "load"))
    return timeLoad(program, rounds);
  if (!std::strcmp(argv[1], "call"))
    return timeCall(program, rounds);
  std::fprintf(stderr, "noodle-bench: nothing to measure is named '%s'\n",
               argv[1]);
  return 2;
}
