//===- Check.h - what the parts of noodle-gpu-check share -------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_GPU_CHECK_H
#define NOODLE_TEST_GPU_CHECK_H

#include "noodle/Engine/Binding.h"
#include "noodle/Engine/DeviceImage.h"
#include "noodle/Engine/Engine.h"

#include <chrono>
#include <random>

namespace noodle::gpucheck {

struct Options {
  bool quick = false;
  bool sanitized = false; ///< a few kernels only: compute-sanitizer runs us
  uint64_t seed = 0;
  int device = 0;
  std::string json = "gpu-check.json";
};

//===----------------------------------------------------------------------===//
// Report
//===----------------------------------------------------------------------===//

enum class State { Ok, Failed, NotRun };

/// A line of the table.
struct Row {
  std::string section, what;
  State state = State::Ok;
  std::string figure; ///< such as "12.3 GB/s"
  std::string beside; ///< what it is compared with: "0.71 of cuBLAS"
  std::string aim;    ///< what is wanted; never a reason to fail
  std::string note;   ///< why it failed or was not run
  std::vector<std::pair<std::string, double>> numbers = {}; ///< for JSON
};

class Report {
public:
  std::string device, driver, libraries;
  uint64_t seed = 0;
  bool simulated = false;

  Row &add(Row row);
  void notRun(const std::string &section, const std::string &what,
              const std::string &why);
  void print() const;
  bool writeJson(const std::string &path) const;
  int count(State state) const;
  int count(State state, const std::string &section) const;

private:
  std::vector<Row> rows;
};

/// "1.23 ms" and the like.
std::string timeText(double seconds);
std::string number(double value, int digits = 1);

//===----------------------------------------------------------------------===//
// Running programs
//===----------------------------------------------------------------------===//

using Random = std::mt19937_64;
using Shape = std::vector<int64_t>;

/// Shape and stored share of an argument.
struct ArgumentShape {
  Shape extents;
  double density = 1; ///< sparse: share of entries stored
  bool nonNegative = false;
};

/// Random values of the type: floats in [-1, 1), small integers; a sparse
/// matrix has empty rows, short ones, and one that is long.
engine::Status fillArgument(const engine::TensorType &type,
                            const ArgumentShape &shape, Random &random,
                            engine::HostTensor &tensor);

/// A program with arguments, compiled once.
class Job {
public:
  /// `strict`: an op that does not run where it should is an error.
  static engine::Status create(std::shared_ptr<engine::Engine> engine,
                               const std::string &text,
                               engine::CompileOptions options, Job &job);
  engine::Status fill(const std::vector<ArgumentShape> &shapes, Random &random);
  /// Takes the arguments of another job of the same signature.
  void share(const Job &other) { views = other.views; }

  /// One call; results live until the next.
  engine::Status run(std::vector<noodle_rt_tensor> &results);
  /// Seconds of the kernels of one call, on the device's clock.
  engine::Status timeKernels(double &seconds);
  /// Runs before it counts, then the median of `rounds`.
  engine::Status medianKernels(int rounds, double &seconds);
  engine::Status medianCalls(int rounds, double &seconds);

  const engine::Receipt &receipt() const { return *said; }
  const std::vector<noodle_rt_tensor> &arguments() const { return views; }

private:
  engine::Status call(bool profile, std::vector<noodle_rt_tensor> &results);
  std::shared_ptr<engine::Program> program;
  std::vector<engine::HostTensor> owners;
  std::vector<noodle_rt_tensor> views;
  std::unique_ptr<rt::Region> region;
  std::unique_ptr<engine::Receipt> said = std::make_unique<engine::Receipt>();
};

/// Everything a part needs.
struct Bench {
  Options options;
  std::shared_ptr<engine::Engine> engine;
  std::shared_ptr<rt::Device> device;
  Random random;
  Report report;
  bool simulated() const { return report.simulated; }

  engine::CompileOptions onDevice(const std::string &strategy = "auto") const;
  engine::CompileOptions onHost(const std::string &strategy = "auto") const;
};

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

/// A program whose one op, or chain, has a kernel.
struct Case {
  std::string kind, name, text;
  std::vector<ArgumentShape> arguments;
  double tolerance = 0;
  double work = 0; ///< multiply-adds or entries, for the interpreter's time
};

std::vector<Case> kernelCases(Random &random, bool quick, bool few);

std::string tensorType(const Shape &shape, const std::string &element,
                       bool dynamic = false, const std::string &format = "");
extern const char *const kFormats; ///< #csr32, #csr64, #csc32, #csc64

std::string gemmProgram(int64_t size, const std::string &element,
                        const std::string &semiring);

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

void checkKernels(Bench &bench);
void checkRuntime(Bench &bench);
void checkTransfers(Bench &bench);
void checkPerformance(Bench &bench);
void checkSanitizer(Bench &bench, const char *self);

/// Bytes per second of a copy within the device, both ways counted; 0 where it
/// was not measured.
double copyBandwidth(Bench &bench, int64_t bytes);

/// Seconds that PyTorch takes, by name; why not, where it cannot be asked.
struct TorchTimes {
  std::string whyNot, version;
  std::vector<std::pair<std::string, double>> seconds;
  double of(const std::string &name) const; ///< 0: not measured
};
TorchTimes runTorch(bool quick);

/// The whole program. `extender` is for the fake driver: figures are then
/// simulated, and not measured.
int runCheck(int argc, char **argv,
             std::shared_ptr<const engine::DeviceImageExtender> extender);

} // namespace noodle::gpucheck

#endif // NOODLE_TEST_GPU_CHECK_H
