//===- Performance.cpp - kernels beside the vendor's and PyTorch's --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Times of kernels are the device's, medians of ten runs after two; those that
// are compared take turns in one process, on the same random data, and their
// results are compared as well. PyTorch's are of a child, on data like it.
//
//===----------------------------------------------------------------------===//
#include "Check.h"

#include <algorithm>
#include <dlfcn.h>

namespace noodle::gpucheck {

using namespace engine;

namespace {
constexpr int kRounds = 10;

/// What is compared, and on what.
struct Contest {
  std::string what, text;
  std::vector<ArgumentShape> arguments = {};
  double tolerance = 0;
  double flops = 0, bytes = 0; ///< of one run; the figure is of that not 0
  std::string library = {};    ///< "cuBLAS", "cuSPARSE": has a routine for it
  std::string torch = {};      ///< name in TorchTimes
  bool oneCore = false;
  std::string aim = {};
};

class Performance {
public:
  explicit Performance(Bench &bench) : bench(bench) {}
  void run();

private:
  void measure(const Contest &contest);
  Status together(std::vector<Job *> jobs, std::vector<double> &seconds);
  void peer(const std::string &name, const std::string &whyNot);
  std::vector<Contest> contests();

  Bench &bench;
  std::shared_ptr<Engine> oneCore;
  double copyRate = 0;
  TorchTimes torch;
  std::vector<std::pair<std::string, std::string>> peers; ///< name, why not
};

double median(std::vector<double> &times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

/// "cuBLAS 13.1.0" of a library that is open in this process; else empty.
std::string versionOf(const std::string &name, const std::string &file,
                      const char *symbol) {
  for (const char *version : {"13", "12", "11"}) {
    void *library =
        dlopen((file + "." + version).c_str(), RTLD_NOW | RTLD_NOLOAD);
    auto *property =
        library ? reinterpret_cast<int (*)(int, int *)>(dlsym(library, symbol))
                : nullptr;
    if (!property)
      continue;
    std::string text = name + " ";
    for (int part = 0; part < 3; ++part) {
      int value = 0;
      property(part, &value);
      text += (part ? "." : "") + std::to_string(value);
    }
    return text;
  }
  return {};
}
} // namespace

std::vector<Contest> Performance::contests() {
  std::vector<Contest> all;
  // On the fake driver the smallest sizes, so that the way is gone once.
  bool quick = bench.options.quick, tiny = bench.simulated();
  for (int64_t n : {48, 1024, 2048, 4096, 8192}) {
    if (tiny ? n != 48 : n == 48 || (quick && n > 2048))
      continue;
    Contest gemm{"f32 GEMM " + std::to_string(n),
                 gemmProgram(n, "f32", "plus_times"),
                 {{{n, n}}, {{n, n}}},
                 2e-3};
    gemm.flops = 2 * double(n) * double(n) * double(n);
    gemm.library = "cuBLAS";
    gemm.torch = "gemm" + std::to_string(n);
    gemm.oneCore = n <= 4096;
    gemm.aim = n == 4096 ? "0.6 of cuBLAS" : "";
    all.push_back(gemm);
  }
  int64_t n = tiny ? 48 : quick ? 1024 : 4096;
  Contest shortest{"f32 min_plus " + std::to_string(n),
                   gemmProgram(n, "f32", "min_plus"),
                   {{{n, n}}, {{n, n}}},
                   1e-6};
  shortest.flops = 2 * double(n) * double(n) * double(n);
  shortest.oneCore = true;
  shortest.aim = "20x one core";
  all.push_back(shortest);

  int64_t rows = tiny ? 16 : quick ? 16384 : 65536;
  int64_t columns = tiny ? 64 : 1024;
  Shape shape{rows, columns};
  std::string type = tensorType(shape, "f32");
  double bytes = double(rows) * double(columns) * 4;
  auto rowwise = [&](const std::string &name, const std::string &op) {
    Contest one{name,
                "func.func @main(%x: " + type + ") -> " + type + " {\n  %y = " +
                    op + type + "\n  return %y : " + type + "\n}\n",
                {{shape}},
                1e-4};
    one.bytes = 2 * bytes;
    one.torch = name;
    one.aim = "0.80 of the copy rate";
    all.push_back(one);
  };
  rowwise("softmax", "noodle.softmax %x {axis = 1 : i64} : ");
  rowwise("layer_norm", "noodle.layer_norm %x : ");
  Contest product{
      "elementwise",
      "func.func @main(%x: " + type + ", %y: " + type + ") -> " + type +
          " {\n  %z = noodle.map (%x, %y) : (" + type + ", " + type + ") -> " +
          type +
          " {\n  ^bb0(%a: f32, %b: f32):\n    %c = arith.mulf %a, "
          "%b : f32\n    noodle.yield %c : f32\n  }\n  return %z : " +
          type + "\n}\n",
      {{shape}, {shape}},
      1e-6};
  product.bytes = 3 * bytes;
  product.torch = "elementwise";
  product.aim = "0.80 of the copy rate";
  all.push_back(product);

  int64_t size = tiny ? 64 : quick ? 16384 : 131072;
  double density = 32. / double(size);
  for (int64_t width : {64, 0}) {
    Shape dense{size}, out{size};
    if (width) {
      dense.push_back(width);
      out.push_back(width);
    }
    std::string s = tensorType({size, size}, "f32", false, "csr32"),
                x = tensorType(dense, "f32"), y = tensorType(out, "f32");
    Contest sparse{width ? "f32 CSR times 64 columns" : "f32 CSR times vector",
                   std::string(kFormats) +
                       "module attributes {noodle.fp = #noodle.fp<reassoc>} {\n"
                       "func.func @main(%s: " +
                       s + ", %x: " + x + ") -> " + y +
                       " {\n  %y = noodle.matmul %s, %x : " + s + ", " + x +
                       " -> " + y + "\n  return %y : " + y + "\n}\n}\n",
                   {{{size, size}, density}, {dense}},
                   1e-3};
    sparse.flops = 2. * 32 * double(size) * double(width ? width : 1);
    sparse.library = "cuSPARSE";
    all.push_back(sparse);
  }
  return all;
}

/// Rounds in which each job runs once.
Status Performance::together(std::vector<Job *> jobs,
                             std::vector<double> &seconds) {
  std::vector<std::vector<double>> times(jobs.size());
  for (int round = -2; round < kRounds; ++round)
    for (size_t k = 0; k < jobs.size(); ++k) {
      double now = 0;
      if (Status status = jobs[k]->timeKernels(now); !status.ok())
        return status;
      if (round >= 0)
        times[k].push_back(now);
    }
  seconds.clear();
  for (std::vector<double> &each : times)
    seconds.push_back(median(each));
  return {};
}

void Performance::peer(const std::string &name, const std::string &whyNot) {
  for (auto &[known, why] : peers)
    if (known == name) {
      if (why.empty())
        why = whyNot;
      return;
    }
  peers.push_back({name, whyNot});
}

void Performance::measure(const Contest &contest) {
  Row row{"performance", contest.what, State::Ok, "", "", contest.aim, ""};
  auto fail = [&](const std::string &why) {
    row.state = State::Failed;
    row.note = why;
    bench.report.add(row);
  };
  Job ours, theirs;
  Status status =
      Job::create(bench.engine, contest.text, bench.onDevice(), ours);
  if (status.ok())
    status = ours.fill(contest.arguments, bench.random);
  std::vector<noodle_rt_tensor> results, others;
  if (status.ok())
    status = ours.run(results);
  if (!status.ok())
    return fail(status.str());
  std::vector<Job *> jobs{&ours};
  if (!contest.library.empty()) {
    Status there = Job::create(bench.engine, contest.text,
                               bench.onDevice("library"), theirs);
    if (there.ok()) {
      theirs.share(ours);
      there = theirs.run(others);
    }
    peer(contest.library, there.ok() ? "" : there.message);
    if (there.ok()) {
      std::string why =
          compareResults(results[0], others[0], contest.tolerance);
      if (!why.empty())
        return fail("not " + contest.library + "'s result: " + why);
      jobs.push_back(&theirs);
    }
  }
  std::vector<double> seconds;
  status = together(jobs, seconds);
  if (!status.ok())
    return fail(status.str());

  double flops = contest.flops;
  if (contest.arguments[0].density < 1) // what is stored is a matter of chance
    flops = flops / 32 / double(contest.arguments[0].extents[0]) *
            double(ours.arguments()[0].stored);
  row.figure = flops > 0
                   ? number(flops / seconds[0] * 1e-12, 2) + " Top/s, "
                   : number(contest.bytes / seconds[0] * 1e-9) + " GB/s, ";
  row.figure += timeText(seconds[0]);
  row.numbers = {{"seconds", seconds[0]}};
  auto beside = [&](const std::string &text) {
    row.beside += (row.beside.empty() ? "" : ", ") + text;
  };
  if (flops > 0)
    row.numbers.push_back({"operations", flops});
  else
    row.numbers.push_back({"bytes", contest.bytes});
  if (contest.bytes > 0 && copyRate > 0) {
    beside(number(contest.bytes / seconds[0] / copyRate, 2) +
           " of the copy rate");
    row.numbers.push_back({"copy_bytes_per_second", copyRate});
  }
  if (jobs.size() > 1) {
    beside(number(seconds[1] / seconds[0], 2) + " of " + contest.library);
    row.numbers.push_back({"library_seconds", seconds[1]});
  }
  if (double there = torch.of(contest.torch); there > 0) {
    beside(number(there / seconds[0], 2) + " of PyTorch");
    row.numbers.push_back({"torch_seconds", there});
  }
  if (contest.oneCore) {
    Job core;
    double single = 0;
    std::vector<noodle_rt_tensor> expected;
    status = Job::create(oneCore, contest.text, bench.onHost(), core);
    if (status.ok()) {
      core.share(ours);
      status = core.run(expected);
    }
    if (status.ok()) {
      // The first run's results went with the runs that were timed.
      Status again = ours.run(results);
      std::string why = again.ok() ? compareResults(results[0], expected[0],
                                                    contest.tolerance)
                                   : again.str();
      if (!why.empty())
        return fail("not the CPU's result: " + why);
      status = core.medianCalls(3, single);
    }
    if (!status.ok())
      return fail(status.str());
    beside(number(single / seconds[0]) + "x one core");
    row.numbers.push_back({"one_core_seconds", single});
  }
  bench.report.add(row);
}

void Performance::run() {
  EngineOptions single;
  single.threads = 1;
  if (Status status = Engine::create(single, oneCore); !status.ok()) {
    bench.report.add(
        {"performance", "one core", State::Failed, "", "", "", status.str()});
    return;
  }
  int64_t megabytes = bench.simulated() ? 1 : bench.options.quick ? 64 : 256;
  copyRate = copyBandwidth(bench, megabytes << 20);
  Row copy{"performance",
           "copy within the device",
           copyRate > 0 ? State::Ok : State::Failed,
           number(copyRate * 1e-9) + " GB/s",
           "",
           "",
           ""};
  copy.numbers = {{"bytes_per_second", copyRate}};
  bench.report.add(copy);
  if (bench.simulated())
    torch.whyNot = "the driver is simulated";
  else
    torch = runTorch(bench.options.quick);
  peer("PyTorch", torch.whyNot);
  for (const Contest &contest : contests())
    measure(contest);
  std::string libraries;
  for (const std::string &version :
       {versionOf("cuBLAS", "libcublas.so", "cublasGetProperty"),
        versionOf("cuSPARSE", "libcusparse.so", "cusparseGetProperty"),
        torch.version.empty() ? "" : "PyTorch " + torch.version})
    if (!version.empty())
      libraries += (libraries.empty() ? "" : ", ") + version;
  bench.report.libraries =
      libraries.empty() ? "no library to compare with" : libraries;
  for (const auto &[name, why] : peers)
    if (!why.empty())
      bench.report.notRun("peers", name, why);
}

void checkPerformance(Bench &bench) { Performance(bench).run(); }

} // namespace noodle::gpucheck
