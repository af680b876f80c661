//===- Runtime.cpp - what the device's runtime promises -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Check.h"

#include <algorithm>
#include <functional>
#include <thread>

namespace noodle::gpucheck {

using namespace engine;

namespace {
/// Two products and a map between them: results of kernels that kernels read.
std::string chainProgram(int64_t size) {
  std::string type = tensorType({size, size}, "f32");
  return "func.func @main(%a: " + type + ", %b: " + type + ") -> " + type +
         " {\n  %y = noodle.matmul %a, %b : " + type + ", " + type + " -> " +
         type + "\n  %z = noodle.map (%y, %a) : (" + type + ", " + type +
         ") -> " + type +
         " {\n  ^bb0(%p: f32, %q: f32):\n    %r = arith.addf %p, %q : f32\n"
         "    noodle.yield %r : f32\n  }\n  %w = noodle.matmul %z, %b : " +
         type + ", " + type + " -> " + type + "\n  return %w : " + type +
         "\n}\n";
}

/// A job and what it must return.
struct Known {
  Job job, host;
  std::vector<noodle_rt_tensor> expected;

  Status create(Bench &bench, int64_t size, Random &random) {
    std::string text = chainProgram(size);
    std::vector<ArgumentShape> shapes{{{size, size}}, {{size, size}}};
    Status status = Job::create(bench.engine, text, bench.onDevice(), job);
    if (status.ok())
      status = job.fill(shapes, random);
    if (status.ok())
      status = Job::create(bench.engine, text, bench.onHost(), host);
    if (!status.ok())
      return status;
    host.share(job);
    return host.run(expected);
  }
  /// Empty where a run gives what it must.
  std::string run() {
    std::vector<noodle_rt_tensor> results;
    if (Status status = job.run(results); !status.ok())
      return status.str();
    return compareResults(results[0], expected[0], 1e-3);
  }
};

std::string callsAtOnce(Bench &bench, int64_t size, std::string &figure) {
  constexpr int count = 4, calls = 10;
  std::vector<std::string> whys(count);
  std::vector<std::thread> threads;
  std::vector<uint64_t> seeds(count);
  for (uint64_t &seed : seeds)
    seed = bench.random();
  for (int k = 0; k < count; ++k)
    threads.emplace_back([&, k] {
      Random random(seeds[size_t(k)]);
      Known known;
      Status status = known.create(bench, size, random);
      whys[size_t(k)] = status.ok() ? "" : status.str();
      for (int call = 0; call < calls && whys[size_t(k)].empty(); ++call)
        whys[size_t(k)] = known.run();
    });
  for (std::thread &thread : threads)
    thread.join();
  figure = std::to_string(count * calls) + " calls";
  for (const std::string &why : whys)
    if (!why.empty())
      return why;
  return {};
}

std::string memoryComesBack(Bench &bench, int64_t size, std::string &figure) {
  Known known;
  if (Status status = known.create(bench, size, bench.random); !status.ok())
    return status.str();
  if (std::string why = known.run(); !why.empty())
    return why;
  bench.device->trim();
  int64_t before = bench.device->freeBytes();
  constexpr int calls = 100;
  for (int call = 0; call < calls; ++call)
    if (std::string why = known.run(); !why.empty())
      return why;
  bench.device->trim();
  int64_t gone = before - bench.device->freeBytes();
  figure = std::to_string(calls) + " calls, " + std::to_string(gone >> 10) +
           " KiB less";
  // Others may use the device too; a leak of one buffer a call is far more.
  return gone > size * size * 4 * calls / 2 && gone > 1 << 20
             ? "device memory does not come back"
             : "";
}

std::string residents(Bench &bench, int64_t size, std::string &figure) {
  Known known;
  if (Status status = known.create(bench, size, bench.random); !status.ok())
    return status.str();
  std::string why;
  std::vector<std::unique_ptr<rt::ResidentBuffer>> kept;
  for (const noodle_rt_tensor &view : known.job.arguments()) {
    kept.push_back(rt::ResidentBuffer::create(bench.device, view.values,
                                              size * size * 4, why));
    if (!kept.back())
      return why;
  }
  for (int call = 0; call < 3; ++call)
    if (why = known.run(); !why.empty())
      return why;
  int64_t moved = known.job.receipt().device.used.bytesIn;
  figure = std::to_string(moved) + " bytes moved in again";
  if (moved != 0)
    return "arguments that stay on the device were moved";
  auto *values = static_cast<float *>(known.job.arguments()[0].values);
  std::reverse(values, values + size * size);
  kept[0]->update();
  if (Status status = known.host.run(known.expected); !status.ok())
    return status.str();
  return known.run();
}
} // namespace

void checkRuntime(Bench &bench) {
  int64_t size = bench.simulated() ? 24 : 500;
  using Part = std::string (*)(Bench &, int64_t, std::string &);
  const std::pair<const char *, Part> parts[] = {
      {"calls from four threads at once", callsAtOnce},
      {"memory comes back", memoryComesBack},
      {"buffers that stay on the device", residents}};
  for (auto [what, part] : parts) {
    Row row{"runtime", what, State::Ok, "", "", "", ""};
    row.note = part(bench, size, row.figure);
    if (!row.note.empty())
      row.state = State::Failed;
    bench.report.add(row);
  }
}

} // namespace noodle::gpucheck
