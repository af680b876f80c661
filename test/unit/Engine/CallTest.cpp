//===- CallTest.cpp - calls of kernels --------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TestPrograms.h"

#include <array>
#include <atomic>
#include <complex>
#include <thread>

using namespace noodle;
using namespace noodle::engine;
using namespace noodle::engine::test;

namespace {

/// An engine whose pool must be empty when a test ends.
class Call : public ::testing::Test {
protected:
  void TearDown() override {
    if (engine)
      EXPECT_EQ(engine->pool().stats().liveBlocks, 0);
  }
  std::shared_ptr<Engine> engine = makeEngine();
};

TEST_F(Call, ScalarsComeBack) {
  auto program = makeProgram(engine, kAdd);
  double a = 1.5, b = 2;
  noodle_rt_tensor arguments[] = {scalar(NOODLE_RT_F64, &a),
                                  scalar(NOODLE_RT_F64, &b)};
  noodle_rt_tensor results[1];
  rt::Region region(engine->pool());
  Status status = program->call(arguments, region, results);
  ASSERT_TRUE(status.ok()) << status.str();
  EXPECT_EQ(results[0].layout, NOODLE_RT_SCALAR);
  EXPECT_EQ(results[0].type, NOODLE_RT_F64);
  EXPECT_EQ(doubles(results[0])[0], 3.5);
  EXPECT_TRUE(region.owns(results[0].values));
}

TEST_F(Call, ResultsAreOwnedAndArgumentsUntouched) {
  auto program = makeProgram(engine, kSetFirst);
  double values[8] = {0, 1, 2, 3, 4, 5, 6, 7}, v = 9;
  noodle_rt_tensor arguments[] = {dense(NOODLE_RT_F64, values, {2, 4}),
                                  scalar(NOODLE_RT_F64, &v)};
  noodle_rt_tensor results[3];
  rt::Region region(engine->pool());
  Status status = program->call(arguments, region, results);
  ASSERT_TRUE(status.ok()) << status.str();
  for (int k = 0; k < 3; ++k) {
    EXPECT_TRUE(region.owns(results[k].values)) << k;
    EXPECT_EQ(results[k].extents[0], 2);
    EXPECT_EQ(results[k].extents[1], 4);
    for (int j = 1; j < 8; ++j)
      EXPECT_EQ(doubles(results[k])[j], j);
  }
  EXPECT_EQ(doubles(results[0])[0], 9);
  EXPECT_EQ(doubles(results[1])[0], 0);
  EXPECT_EQ(doubles(results[2])[0], 9);
  EXPECT_NE(results[0].values, results[2].values);
  EXPECT_EQ(values[0], 0);
}

TEST_F(Call, StridedViewsAreCopied) {
  auto program = makeProgram(engine, kSetFirst);
  double values[24], v = -1;
  for (int k = 0; k < 24; ++k)
    values[k] = k;
  // Every second row backwards, columns transposed: strides -8 and 2.
  noodle_rt_tensor view = dense(NOODLE_RT_F64, values + 16, {3, 4});
  view.strides[0] = -8;
  view.strides[1] = 2;
  noodle_rt_tensor arguments[] = {view, scalar(NOODLE_RT_F64, &v)};
  noodle_rt_tensor results[3];
  rt::Region region(engine->pool());
  Status status = program->call(arguments, region, results);
  ASSERT_TRUE(status.ok()) << status.str();
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j) {
      EXPECT_EQ(doubles(results[1])[i * 4 + j], 16 - 8 * i + 2 * j);
    }
}

TEST_F(Call, StridedViewsOfEveryElementSize) {
  auto reversed = [&](const char *element, noodle_rt_type type, auto values) {
    std::string text = R"(
func.func @main(%a: tensor<?xELEMENT>) -> tensor<?xELEMENT> {
  return %a : tensor<?xELEMENT>
})";
    for (size_t at; (at = text.find("ELEMENT")) != std::string::npos;)
      text.replace(at, 7, element);
    auto program = makeProgram(engine, text.c_str());
    int64_t n = int64_t(values.size());
    noodle_rt_tensor view = dense(type, values.data() + (n - 1), {n});
    view.strides[0] = -1;
    noodle_rt_tensor results[1];
    rt::Region region(engine->pool());
    Status status = program->call({&view, 1}, region, results);
    ASSERT_TRUE(status.ok()) << status.str();
    auto *ours = static_cast<decltype(values.data())>(results[0].values);
    for (int64_t k = 0; k < n; ++k)
      EXPECT_EQ(ours[k], values[n - 1 - k]) << element;
  };
  reversed("i8", NOODLE_RT_I8, std::array<int8_t, 3>{1, -2, 3});
  reversed("f16", NOODLE_RT_F16, std::array<uint16_t, 3>{1, 2, 0x8000});
  reversed("bf16", NOODLE_RT_BF16, std::array<uint16_t, 3>{1, 2, 0x8000});
  reversed("complex<f32>", NOODLE_RT_C64,
           std::array<std::complex<float>, 2>{{{1, 2}, {3, 4}}});
  reversed("complex<f64>", NOODLE_RT_C128,
           std::array<std::complex<double>, 3>{{{1, 2}, {3, 4}, {5, 6}}});
}

TEST_F(Call, ComplexScalars) {
  // Two results side by side, and an op that the interpreter runs.
  const char *text = R"(
func.func @main(%a: complex<f64>, %b: complex<f64>) -> (complex<f64>, complex<f64>, tensor<2xcomplex<f64>>) {
  %s = complex.add %a, %b : complex<f64>
  %p = complex.mul %a, %b : complex<f64>
  %t = noodle.map (%a, %b) {strategy = #noodle.strategy<reference>} : (complex<f64>, complex<f64>) -> tensor<2xcomplex<f64>> {
  ^bb0(%x: complex<f64>, %y: complex<f64>):
    %r = complex.sub %x, %y : complex<f64>
    noodle.yield %r : complex<f64>
  }
  return %s, %p, %t : complex<f64>, complex<f64>, tensor<2xcomplex<f64>>
})";
  std::shared_ptr<Program> program;
  Status status = Program::compile(engine, text, {}, program);
  ASSERT_TRUE(status.ok()) << status.str();
  using C = std::complex<double>;
  C a(1, 2), b(3, -1);
  noodle_rt_tensor arguments[] = {scalar(NOODLE_RT_C128, &a),
                                  scalar(NOODLE_RT_C128, &b)};
  noodle_rt_tensor results[3];
  rt::Region region(engine->pool());
  status = program->call(arguments, region, results);
  ASSERT_TRUE(status.ok()) << status.str();
  auto at = [&](int result, int k = 0) {
    return static_cast<C *>(results[result].values)[k];
  };
  EXPECT_EQ(at(0), C(4, 1));
  EXPECT_EQ(at(1), C(5, 5));
  EXPECT_EQ(at(2, 0), C(-2, 3));
  EXPECT_EQ(at(2, 1), C(-2, 3));
}

TEST_F(Call, EmptyExtentsAreFine) {
  auto program = makeProgram(engine, R"(
func.func @main(%a: tensor<?x4xf64>) -> tensor<?x4xf64> {
  return %a : tensor<?x4xf64>
})");
  noodle_rt_tensor arguments[] = {dense(NOODLE_RT_F64, nullptr, {0, 4})};
  noodle_rt_tensor results[1];
  rt::Region region(engine->pool());
  Status status = program->call(arguments, region, results);
  ASSERT_TRUE(status.ok()) << status.str();
  EXPECT_EQ(results[0].extents[0], 0);
}

TEST_F(Call, WrongArgumentsAreNamed) {
  auto program = makeProgram(engine, kSetFirst);
  double values[8] = {}, v = 0;
  float f = 0;
  rt::Region region(engine->pool());
  noodle_rt_tensor results[3];
  auto good = dense(NOODLE_RT_F64, values, {2, 4});
  auto error = [&](std::vector<noodle_rt_tensor> arguments) {
    Status status = program->call(arguments, region, results);
    EXPECT_EQ(status.code, Code::InvalidArgument);
    return status.message;
  };
  auto one = scalar(NOODLE_RT_F64, &v);
  EXPECT_EQ(error({good}), "@main takes 2 arguments, got 1");
  EXPECT_EQ(error({dense(NOODLE_RT_F32, values, {2, 4}), one}),
            "argument 0 of @main: expected f64, got f32");
  EXPECT_EQ(error({good, scalar(NOODLE_RT_F32, &f)}),
            "argument 1 of @main: expected f64, got f32");
  EXPECT_EQ(error({dense(NOODLE_RT_F64, values, {8}), one}),
            "argument 0 of @main: expected dense of rank 2, got dense of rank "
            "1");
  EXPECT_EQ(error({dense(NOODLE_RT_F64, values, {4, 2}), one}),
            "argument 0 of @main: extent 1 is 2, expected 4");
  EXPECT_EQ(error({dense(NOODLE_RT_F64, values, {-1, 4}), one}),
            "argument 0 of @main: extent 0 is negative");
  EXPECT_EQ(error({dense(NOODLE_RT_F64, values, {INT64_MAX / 2, 4}), one}),
            "argument 0 of @main: its size overflows");
  EXPECT_EQ(error({dense(NOODLE_RT_F64, nullptr, {2, 4}), one}),
            "argument 0 of @main: values are null");
  EXPECT_EQ(region.usedBytes(), 0);
  std::vector<noodle_rt_tensor> two(2);
  EXPECT_FALSE(program->call(std::vector{good, one}, region, two).ok());
}

class SparseArgument : public ::testing::Test {
protected:
  std::string check() {
    Signature function{
        "f", {{NOODLE_RT_CSR, NOODLE_RT_F64, 4, 4, {-1, -1}}}, {}};
    noodle_rt_tensor view{};
    view.layout = NOODLE_RT_CSR;
    view.type = NOODLE_RT_F64;
    view.rank = 2;
    view.position_width = width;
    view.coordinate_width = 4;
    view.stored = stored;
    view.extents[0] = 3;
    view.extents[1] = 4;
    view.positions = positions.data();
    view.coordinates = coordinates.data();
    view.values = values.data();
    return checkArgument(function, 0, view, trusted).message;
  }
  std::vector<int32_t> positions{0, 2, 2, 4}, coordinates{0, 3, 1, 2};
  std::vector<double> values{1, 2, 3, 4};
  int64_t stored = 4;
  uint8_t width = 4;
  bool trusted = false;
};

TEST_F(SparseArgument, GoodOnePasses) { EXPECT_EQ(check(), ""); }
TEST_F(SparseArgument, BadPositions) {
  positions[0] = 1;
  EXPECT_EQ(check(), "argument 0 of @f: positions begin with 1 instead of 0");
  positions = {0, 3, 2, 4};
  EXPECT_NE(check(), "");
  positions = {0, 2, 2, 3};
  EXPECT_EQ(check(),
            "argument 0 of @f: positions end with 3 but 4 entries are stored");
  positions = {0, 2, 2, 400000};
  EXPECT_NE(check(), "");
  positions = {0, -1, 2, 4};
  EXPECT_NE(check(), "");
}
TEST_F(SparseArgument, BadCoordinates) {
  coordinates[1] = 4;
  EXPECT_EQ(check(), "argument 0 of @f: coordinate 4 of entry 1 in row 0 is "
                     "outside [0, 4)");
  coordinates = {0, -3, 1, 2};
  EXPECT_NE(check(), "");
  coordinates = {3, 3, 1, 2};
  EXPECT_EQ(check(), "argument 0 of @f: coordinate 3 of entry 1 in row 0 is "
                     "not greater than the one before it");
  trusted = true;
  EXPECT_EQ(check(), "");
}
TEST_F(SparseArgument, BadHead) {
  stored = -1;
  EXPECT_EQ(check(), "argument 0 of @f: its size overflows");
  stored = 4;
  width = 8;
  EXPECT_NE(check().find("expected positions of 32 bits"), std::string::npos);
}

TEST_F(Call, EveryAllocationFailsOnceAndTheEngineStaysUsable) {
  auto program = makeProgram(engine, kSetFirst);
  double values[8] = {}, v = 9;
  // A strided view, so that the engine's own copy is among them.
  noodle_rt_tensor view = dense(NOODLE_RT_F64, values, {1, 4});
  view.strides[1] = 2;
  noodle_rt_tensor arguments[] = {view, scalar(NOODLE_RT_F64, &v)};
  int failures = 0;
  for (int64_t n = 1; n < 100; ++n) {
    rt::Region region(engine->pool());
    noodle_rt_tensor results[3];
    engine->pool().failAllocation(n);
    Status status = program->call(arguments, region, results);
    engine->pool().failAllocation(0);
    if (status.ok())
      break;
    ++failures;
    EXPECT_EQ(status.code, Code::OutOfMemory) << status.str();
    EXPECT_EQ(region.usedBytes(), 0);
    EXPECT_EQ(engine->pool().stats().liveBlocks, 0);
    Status again = program->call(arguments, region, results);
    ASSERT_TRUE(again.ok()) << again.str();
    EXPECT_EQ(doubles(results[0])[0], 9);
  }
  // The copy of the view, and a buffer for each result at least.
  EXPECT_GE(failures, 4);
  EXPECT_LT(failures, 99);
}

TEST_F(Call, BudgetsEndACall) {
  auto program = makeProgram(engine, kSetFirst);
  std::vector<double> values(4096);
  double v = 9;
  noodle_rt_tensor arguments[] = {
      dense(NOODLE_RT_F64, values.data(), {1024, 4}),
      scalar(NOODLE_RT_F64, &v)};
  noodle_rt_tensor results[3];
  CallOptions options;
  options.memoryLimit = 1024;
  rt::Region region(engine->pool());
  EXPECT_EQ(program->call(arguments, region, results, options).code,
            Code::OutOfMemory);
  rt::Region small(engine->pool(), 40000); // one result of 32 KiB
  EXPECT_EQ(program->call(arguments, small, results).code, Code::OutOfMemory);
  EXPECT_EQ(small.usedBytes(), 0);
  EXPECT_TRUE(program->call(arguments, region, results).ok());
}

TEST_F(Call, DeadlineEndsALoop) {
  auto program = makeProgram(engine, kForever);
  int64_t zero = 0;
  noodle_rt_tensor arguments[] = {scalar(NOODLE_RT_I64, &zero)};
  noodle_rt_tensor results[1];
  CallOptions options;
  options.deadlineMillis = 20;
  rt::Region region(engine->pool());
  Status status = program->call(arguments, region, results, options);
  EXPECT_EQ(status.code, Code::Deadline) << status.str();
}

TEST_F(Call, CancelEndsALoop) {
  auto program = makeProgram(engine, kForever);
  int64_t zero = 0;
  noodle_rt_tensor arguments[] = {scalar(NOODLE_RT_I64, &zero)};
  noodle_rt_tensor results[1];
  rt::CancelToken token;
  CallOptions options;
  options.cancel = &token;
  std::thread other([&] { token.cancel(); });
  rt::Region region(engine->pool());
  Status status = program->call(arguments, region, results, options);
  other.join();
  EXPECT_EQ(status.code, Code::Cancelled) << status.str();
}

TEST_F(Call, ThreadsShareAKernel) {
  auto program = makeProgram(engine, kSetFirst);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      double values[8] = {}, v = t;
      noodle_rt_tensor arguments[] = {dense(NOODLE_RT_F64, values, {2, 4}),
                                      scalar(NOODLE_RT_F64, &v)};
      for (int k = 0; k < 2000; ++k) {
        noodle_rt_tensor results[3];
        rt::Region region(engine->pool());
        if (!program->call(arguments, region, results).ok() ||
            doubles(results[0])[0] != t || doubles(results[1])[0] != 0)
          ++wrong;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(Call, ThreadsCompileTheSameProgram) {
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      std::shared_ptr<const Kernel> kernel;
      for (int level = 0; level < 3; ++level) {
        CompileOptions options;
        options.optLevel = level;
        if (!engine->compile(kAdd, options, kernel).ok())
          ++wrong;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(engine->stats().kernels, 3);
}

TEST_F(Call, BoundCallSeesNewContents) {
  auto program = makeProgram(engine, kSetFirst);
  double values[4] = {0, 1, 2, 3}, v = 9;
  noodle_rt_tensor arguments[] = {dense(NOODLE_RT_F64, values, {1, 4}),
                                  scalar(NOODLE_RT_F64, &v)};
  BoundCall call;
  ASSERT_TRUE(program->bind(arguments, {}, call).ok());
  rt::Region region(engine->pool());
  noodle_rt_tensor results[3];
  for (int k = 0; k < 3; ++k) {
    values[3] = k;
    v = k + 10;
    region.clear();
    ASSERT_TRUE(call.run(region, results).ok());
    EXPECT_EQ(doubles(results[0])[0], k + 10);
    EXPECT_EQ(doubles(results[0])[3], k);
  }
}

TEST_F(Call, KernelOutlivesItsEngine) {
  auto kernel = makeProgram(engine, kAdd)->kernel();
  engine.reset();
  rt::Pool pool;
  double a = 1, b = 2;
  noodle_rt_tensor arguments[] = {scalar(NOODLE_RT_F64, &a),
                                  scalar(NOODLE_RT_F64, &b)};
  noodle_rt_tensor results[1];
  rt::Region region(pool);
  ASSERT_TRUE(call(pool, kernel, "main", arguments, region, results).ok());
  EXPECT_EQ(doubles(results[0])[0], 3);
}

TEST_F(Call, VariantsFollowTheSizes) {
  std::shared_ptr<Program> program;
  CompileOptions options;
  options.strict = true;
  ASSERT_TRUE(
      Program::compile(engine, kSetFirst, options, program, false, true).ok());
  std::vector<double> values(400);
  double v = 1;
  auto run = [&](int64_t rows) {
    noodle_rt_tensor arguments[] = {
        dense(NOODLE_RT_F64, values.data(), {rows, 4}),
        scalar(NOODLE_RT_F64, &v)};
    noodle_rt_tensor results[3];
    rt::Region region(engine->pool());
    Status status = program->call(arguments, region, results);
    EXPECT_TRUE(status.ok()) << status.str();
    return engine->stats().compiled;
  };
  EXPECT_EQ(run(33), 2); // the base, and the bucket of 64 rows
  EXPECT_EQ(run(64), 2);
  EXPECT_EQ(run(65), 3);
  EXPECT_EQ(run(40), 3);
}

/// No compiled form: tensor.concat has no check of its own.
const char *const kConcat = R"(
func.func @main(%a: tensor<?x?xf64>, %b: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %r = tensor.concat dim(0) %a, %b : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
  return %r : tensor<?x?xf64>
})";

TEST_F(Call, ProgramsWithoutCompiledFormAreInterpreted) {
  std::shared_ptr<Program> program;
  CompileOptions options;
  options.strict = true;
  Status status = Program::compile(engine, kConcat, options, program);
  EXPECT_EQ(status.code, Code::Unsupported);
  EXPECT_EQ(status.place, "program:3:8");
  options.strict = false;
  status = Program::compile(engine, kConcat, options, program);
  ASSERT_TRUE(status.ok()) << status.str();
  EXPECT_TRUE(program->kernel()->interpreted());

  double values[6] = {0, 1, 2, 3, 4, 5};
  noodle_rt_tensor arguments[] = {dense(NOODLE_RT_F64, values, {2, 2}),
                                  dense(NOODLE_RT_F64, values + 4, {1, 2})};
  noodle_rt_tensor results[1];
  Receipt receipt;
  CallOptions how;
  how.receipt = &receipt;
  rt::Region region(engine->pool());
  status = program->call(arguments, region, results, how);
  ASSERT_TRUE(status.ok()) << status.str();
  EXPECT_EQ(results[0].extents[0], 3);
  EXPECT_EQ(doubles(results[0])[5], 5);
  EXPECT_NE(receipt.fallback.find("tensor.concat"), std::string::npos);
  arguments[1] = dense(NOODLE_RT_F64, values + 4, {2, 1});
  EXPECT_EQ(program->call(arguments, region, results).code,
            Code::ShapeMismatch);
}

TEST_F(Call, InterpretedDeadlinesEnd) {
  Artifact artifact;
  ASSERT_TRUE(interpretedArtifact(kForever, {}, artifact).ok());
  std::shared_ptr<const Kernel> kernel;
  ASSERT_TRUE(Kernel::load(std::move(artifact), kernel).ok());
  int64_t zero = 0;
  noodle_rt_tensor arguments[] = {scalar(NOODLE_RT_I64, &zero)};
  noodle_rt_tensor results[1];
  CallOptions options;
  options.deadlineMillis = 20;
  rt::Region region(engine->pool());
  EXPECT_EQ(
      call(engine->pool(), kernel, "main", arguments, region, results, options)
          .code,
      Code::Deadline);
}

/// Resident bytes of this process.
int64_t residentBytes() {
  std::FILE *file = std::fopen("/proc/self/statm", "r");
  long total = 0, resident = 0;
  int read = file ? std::fscanf(file, "%ld %ld", &total, &resident) : 0;
  if (file)
    std::fclose(file);
  return read == 2 ? int64_t(resident) * ::sysconf(_SC_PAGESIZE) : -1;
}

TEST(Cycles, CompilingAndReleasingKeepsMemory) {
  auto cycle = [](int k) {
    auto engine = makeEngine();
    std::string text = kSetFirst;
    text += "// " + std::to_string(k); // no cache could help
    auto program = makeProgram(engine, text.c_str());
    ASSERT_TRUE(program);
    double values[8] = {}, v = 9;
    noodle_rt_tensor arguments[] = {dense(NOODLE_RT_F64, values, {2, 4}),
                                    scalar(NOODLE_RT_F64, &v)};
    noodle_rt_tensor results[3];
    rt::Region region(engine->pool());
    ASSERT_TRUE(program->call(arguments, region, results).ok());
  };
  for (int k = 0; k < 100; ++k)
    cycle(k);
  int64_t before = residentBytes();
  ASSERT_GT(before, 0);
  for (int k = 0; k < 600; ++k)
    cycle(k);
  int64_t after = residentBytes();
  EXPECT_LE(after, before + before / 50)
      << before << " bytes before, " << after << " after 600 cycles";
}

} // namespace
