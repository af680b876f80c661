//===- CAPITest.cpp - the C API as a host uses it -------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "noodle-c/noodle.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

#define EXPECT_OK(call)                                                        \
  do {                                                                         \
    noodle_status *status_ = (call);                                           \
    EXPECT_EQ(status_, nullptr) << noodle_status_message(status_);             \
    noodle_status_release(status_);                                            \
  } while (false)

/// Checks code and a part of the message, and releases the status.
void expectError(noodle_status *status, noodle_code code,
                 const std::string &part) {
  ASSERT_NE(status, nullptr) << "no error; expected: " << part;
  EXPECT_EQ(noodle_status_code(status), code) << noodle_status_message(status);
  EXPECT_NE(std::string(noodle_status_message(status)).find(part),
            std::string::npos)
      << noodle_status_message(status);
  noodle_status_release(status);
}

const char *const kSpMV = R"(
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @main(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.matmul %a, %x {semiring = #noodle.semiring<min_plus>} : tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>
  return %y : tensor<?xf64>
}
)";

class CAPI : public ::testing::Test {
protected:
  void SetUp() override {
    EXPECT_OK(noodle_engine_create(nullptr, &engine));
    EXPECT_OK(noodle_region_create(engine, 0, nullptr, &region));
  }
  void TearDown() override {
    if (region) {
      noodle_region_clear(region);
      EXPECT_EQ(noodle_region_used_bytes(region), 0);
    }
    noodle_program_release(program);
    noodle_region_release(region);
    noodle_engine_release(engine);
  }
  void compile(const char *text) {
    EXPECT_OK(noodle_program_compile(engine, text, std::strlen(text), nullptr,
                                     &program));
  }
  noodle_tensor matrix() {
    return noodle_tensor_csr(NOODLE_F64, 3, 3, 4, 4, positions.data(),
                             columns.data(), weights.data());
  }
  noodle_tensor vector() {
    return noodle_tensor_dense(NOODLE_F64, 1, &three, distance.data());
  }

  int64_t three = 3;
  std::vector<int32_t> positions{0, 2, 3, 4}, columns{1, 2, 2, 0};
  std::vector<double> weights{2, 7, 3, 1}, distance{5, 1, 0};
  noodle_engine *engine = nullptr;
  noodle_region *region = nullptr;
  noodle_program *program = nullptr;
};

TEST_F(CAPI, Version) {
  EXPECT_EQ(noodle_api_version(), uint32_t(NOODLE_API_VERSION));
  EXPECT_NE(std::string(noodle_version_string()).find("LLVM"),
            std::string::npos);
}

TEST_F(CAPI, CallsASparseProgram) {
  compile(kSpMV);
  noodle_tensor arguments[] = {matrix(), vector()};
  noodle_tensor result;
  noodle_receipt *receipt = nullptr;
  noodle_call_options options{};
  options.struct_size = sizeof options;
  options.receipt = &receipt;
  EXPECT_OK(
      noodle_program_call(program, arguments, 2, region, &result, 1, &options));
  ASSERT_EQ(result.rank, 1);
  ASSERT_EQ(result.extents[0], 3);
  const double *y = static_cast<const double *>(result.values);
  EXPECT_EQ(y[0], 3);
  EXPECT_EQ(y[1], 3);
  EXPECT_EQ(y[2], 6);
  EXPECT_GE(noodle_receipt_site_count(receipt), 1u);
  noodle_receipt_site site{};
  site.struct_size = sizeof site;
  EXPECT_OK(noodle_receipt_get_site(receipt, 0, &site));
  EXPECT_STRNE(site.strategy, "");
  EXPECT_STRNE(site.why, "");
  EXPECT_EQ(noodle_receipt_json(receipt)[0], '{');
  expectError(noodle_receipt_get_site(receipt, 99, &site),
              NOODLE_INVALID_ARGUMENT, "99");
  noodle_receipt_release(receipt);
}

TEST_F(CAPI, DescribesTheSignature) {
  compile(kSpMV);
  ASSERT_EQ(noodle_program_parameter_count(program), 2u);
  ASSERT_EQ(noodle_program_result_count(program), 1u);
  noodle_type type{};
  type.struct_size = sizeof type;
  EXPECT_OK(noodle_program_parameter(program, 0, &type));
  EXPECT_EQ(type.layout, NOODLE_CSR);
  EXPECT_EQ(type.element, NOODLE_F64);
  EXPECT_EQ(type.rank, 2);
  EXPECT_EQ(type.coordinate_width, 4);
  EXPECT_EQ(type.extents[0], -1);
  expectError(noodle_program_parameter(program, 2, &type),
              NOODLE_INVALID_ARGUMENT, "parameter 2");
  type.struct_size = 0;
  expectError(noodle_program_result(program, 0, &type), NOODLE_INVALID_ARGUMENT,
              "struct_size");
}

TEST_F(CAPI, StridedViewsGiveTheSameResult) {
  compile(R"(
func.func @main(%a: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %y = noodle.map (%a) : (tensor<?x?xf64>) -> tensor<?x?xf64> {
  ^bb0(%x: f64):
    %r = arith.addf %x, %x : f64
    noodle.yield %r : f64
  }
  return %y : tensor<?x?xf64>
})");
  // A transposed, reversed view of a 2 x 3 buffer.
  double buffer[] = {1, 2, 3, 4, 5, 6};
  noodle_tensor view{};
  view.layout = NOODLE_DENSE;
  view.element = NOODLE_F64;
  view.rank = 2;
  view.extents[0] = 3;
  view.extents[1] = 2;
  view.strides[0] = -1;
  view.strides[1] = 3;
  view.values = buffer + 2;
  noodle_tensor result;
  EXPECT_OK(
      noodle_program_call(program, &view, 1, region, &result, 1, nullptr));
  const double expected[] = {6, 12, 4, 10, 2, 8};
  for (int k = 0; k < 6; ++k)
    EXPECT_EQ(static_cast<double *>(result.values)[k], expected[k]);
  EXPECT_EQ(buffer[0], 1); // arguments are never written
}

TEST_F(CAPI, BoundCallsSeeNewValues) {
  compile(kSpMV);
  noodle_tensor arguments[] = {matrix(), vector()};
  noodle_call *call = nullptr;
  EXPECT_OK(noodle_call_bind(program, arguments, 2, nullptr, &call));
  noodle_tensor result;
  EXPECT_OK(noodle_call_run(call, region, &result, 1));
  EXPECT_EQ(static_cast<double *>(result.values)[0], 3);
  distance[1] = 100;
  EXPECT_OK(noodle_call_run(call, region, &result, 1));
  EXPECT_EQ(static_cast<double *>(result.values)[0], 7);
  noodle_call_release(call);
}

TEST_F(CAPI, ResultsGoToTheHostsMemory) {
  compile(R"(func.func @main(%a: tensor<?x4xf32>, %b: tensor<4x4xf32>, %s: f32)
    -> (tensor<?x4xf32>, tensor<4x4xf32>, f32) {
  %c = noodle.matmul %a, %b : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %c, %b, %s : tensor<?x4xf32>, tensor<4x4xf32>, f32
})");
  alignas(64) float a[12], b[16], s = 5, place[48], other[16], scalar = 0;
  for (int k = 0; k < 16; ++k)
    b[k] = k == k / 4 * 5 ? 2 : 0; // twice the identity
  for (int k = 0; k < 12; ++k)
    a[k] = float(k);
  int64_t rows[] = {3, 4}, square[] = {4, 4};
  noodle_tensor arguments[] = {noodle_tensor_dense(NOODLE_F32, 2, rows, a),
                               noodle_tensor_dense(NOODLE_F32, 2, square, b),
                               noodle_tensor_dense(NOODLE_F32, 0, nullptr, &s)};
  auto results = [&](float *at) {
    return std::vector<noodle_tensor>{
        noodle_tensor_dense(NOODLE_F32, 2, rows, at),
        noodle_tensor_dense(NOODLE_F32, 2, square, other),
        noodle_tensor_dense(NOODLE_F32, 0, nullptr, &scalar)};
  };
  // In place, and copied to what is not aligned; nothing beside is written.
  for (int at : {0, 3}) {
    std::fill_n(place, 48, -1.0f);
    noodle_call *call = nullptr;
    std::vector<noodle_tensor> into = results(place + at);
    EXPECT_OK(noodle_call_bind_into(program, arguments, 3, into.data(), 3,
                                    nullptr, &call));
    for (float first : {7.0f, 9.0f}) {
      a[0] = first;
      EXPECT_OK(noodle_call_run(call, nullptr, nullptr, 0));
      for (int k = 0; k < 48; ++k)
        EXPECT_EQ(place[k], k < at || k >= at + 12 ? -1 : 2 * a[k - at]);
      for (int k = 0; k < 16; ++k)
        EXPECT_EQ(other[k], b[k]);
      EXPECT_EQ(scalar, 5);
    }
    noodle_tensor slot;
    expectError(noodle_call_run(call, region, &slot, 1),
                NOODLE_INVALID_ARGUMENT, "no region and no slots");
    noodle_call_release(call);
  }
  noodle_call *call = nullptr;
  auto refused = [&](std::vector<noodle_tensor> into, const char *why) {
    expectError(noodle_call_bind_into(program, arguments, 3, into.data(),
                                      into.size(), nullptr, &call),
                NOODLE_INVALID_ARGUMENT, why);
    EXPECT_EQ(call, nullptr);
  };
  std::vector<noodle_tensor> into = results(a + 8);
  refused(into, "result 0 of @main: its memory overlaps argument 0's");
  into = results(other + 4);
  refused(into, "result 1 of @main: its memory overlaps result 0's");
  into = results(place);
  into[0].strides[0] = 5;
  refused(into, "result 0 of @main: its memory is not row-major");
  into = results(nullptr);
  refused(into, "values are null");
  into = results(place);
  into[0].extents[1] = 5;
  refused(into, "extent 1 is 5, expected 4");
  into.pop_back();
  refused(into, "@main has 3 results, got memory for 2");
  expectError(
      noodle_call_bind_into(program, arguments, 3, nullptr, 3, nullptr, &call),
      NOODLE_INVALID_ARGUMENT, "results");
  // Extents that only the call knows.
  into = results(place);
  into[0].extents[0] = 2;
  EXPECT_OK(noodle_call_bind_into(program, arguments, 3, into.data(), 3,
                                  nullptr, &call));
  for (int k = 0; k < 2; ++k)
    expectError(noodle_call_run(call, nullptr, nullptr, 0),
                NOODLE_INVALID_ARGUMENT,
                "result 0 of @main is 3x4, its memory is for 2x4");
  noodle_call_release(call);
}

TEST_F(CAPI, ResultsOfFailingCallsMayComeLater) {
  compile(R"(func.func @main(%x: tensor<4xf64>, %i: tensor<2xi64>)
    -> tensor<2xf64> {
  %y = noodle.gather %x[%i] {axis = 0 : i64} : tensor<4xf64>, tensor<2xi64> -> tensor<2xf64>
  return %y : tensor<2xf64>
})");
  alignas(64) double x[] = {1, 2, 3, 4}, y[2];
  int64_t at[] = {0, 9}, four[] = {4}, two[] = {2};
  noodle_tensor arguments[] = {noodle_tensor_dense(NOODLE_F64, 1, four, x),
                               noodle_tensor_dense(NOODLE_I64, 1, two, at)};
  noodle_tensor into = noodle_tensor_dense(NOODLE_F64, 1, two, y);
  noodle_call *call = nullptr;
  EXPECT_OK(
      noodle_call_bind_into(program, arguments, 2, &into, 1, nullptr, &call));
  for (int round = 0; round < 2; ++round) {
    at[1] = 9;
    expectError(noodle_call_run(call, nullptr, nullptr, 0), NOODLE_INDEX_RANGE,
                "out of range");
    at[1] = 2;
    EXPECT_OK(noodle_call_run(call, nullptr, nullptr, 0));
    EXPECT_EQ(y[0], 1);
    EXPECT_EQ(y[1], 3);
  }
  noodle_call_release(call);
}

TEST_F(CAPI, SparseResultsHaveNoMemoryBefore) {
  compile(
      R"(#CSR = #sparse_tensor.encoding<{map = (i, j) -> (i : dense, j : compressed)}>
func.func @main(%x: tensor<2x2xf64, #CSR>) -> tensor<2x2xf64, #CSR> {
  return %x : tensor<2x2xf64, #CSR>
})");
  int64_t positions[] = {0, 1, 2}, columns[] = {0, 1};
  double values[] = {1, 2};
  noodle_tensor x =
      noodle_tensor_csr(NOODLE_F64, 2, 2, 2, 8, positions, columns, values);
  noodle_call *call = nullptr;
  expectError(noodle_call_bind_into(program, &x, 1, &x, 1, nullptr, &call),
              NOODLE_INVALID_ARGUMENT, "result 0 of @main: it is sparse");
}

TEST_F(CAPI, RefusesBadPrograms) {
  const char *text = "func.func @main() -> i64 { return %x : i64 }";
  noodle_compile_options options{};
  options.struct_size = sizeof options;
  options.name = "bad.mlir";
  expectError(noodle_program_compile(engine, text, std::strlen(text), &options,
                                     &program),
              NOODLE_INVALID_PROGRAM, "bad.mlir:1:");
  EXPECT_EQ(program, nullptr);
  options.fp = "quick";
  expectError(noodle_program_compile(engine, kSpMV, std::strlen(kSpMV),
                                     &options, &program),
              NOODLE_INVALID_ARGUMENT, "quick");
}

TEST_F(CAPI, RefusesBadArguments) {
  compile(kSpMV);
  noodle_tensor arguments[] = {matrix(), vector()};
  noodle_tensor result;
  auto call = [&](size_t count = 2, size_t results = 1) {
    return noodle_program_call(program, arguments, count, region, &result,
                               results, nullptr);
  };
  expectError(call(1), NOODLE_INVALID_ARGUMENT, "argument");
  expectError(call(2, 2), NOODLE_INVALID_ARGUMENT, "results");
  expectError(
      noodle_program_call(program, nullptr, 2, region, &result, 1, nullptr),
      NOODLE_INVALID_ARGUMENT, "NULL");
  expectError(
      noodle_program_call(program, arguments, 2, nullptr, &result, 1, nullptr),
      NOODLE_INVALID_ARGUMENT, "region");
  arguments[1].element = NOODLE_F32;
  expectError(call(), NOODLE_INVALID_ARGUMENT, "argument 1");
  arguments[1] = vector();
  arguments[1].rank = 200;
  expectError(call(), NOODLE_INVALID_ARGUMENT, "argument 1");
  arguments[1] = vector();
  arguments[1].values = nullptr;
  expectError(call(), NOODLE_INVALID_ARGUMENT, "argument 1");
  arguments[1] = vector();
  arguments[1].extents[0] = -4;
  expectError(call(), NOODLE_INVALID_ARGUMENT, "argument 1");
  arguments[1] = vector();
  arguments[1].extents[0] = 2; // the matrix has 3 columns
  expectError(call(), NOODLE_SHAPE_MISMATCH, "");
}

TEST_F(CAPI, ValidatesSparseViews) {
  compile(kSpMV);
  noodle_tensor result;
  auto expect = [&](const char *part) {
    noodle_tensor arguments[] = {matrix(), vector()};
    expectError(
        noodle_program_call(program, arguments, 2, region, &result, 1, nullptr),
        NOODLE_INVALID_ARGUMENT, part);
  };
  columns = {1, 3, 2, 0};
  expect("argument 0");
  columns = {1, -1, 2, 0};
  expect("argument 0");
  columns = {2, 1, 2, 0}; // not in order
  expect("argument 0");
  columns = {1, 2, 2, 0};
  positions = {0, 2, 1, 4};
  expect("argument 0");
  positions = {0, 2, 3, 5};
  expect("argument 0");
  positions = {1, 2, 3, 4};
  expect("argument 0");
}

TEST_F(CAPI, DeadlineAndCancelEndALoop) {
  compile(R"(
func.func @main(%n: i64) -> i64 {
  %one = arith.constant 1 : i64
  %zero = arith.constant 0 : i64
  %r = scf.while (%i = %n) : (i64) -> i64 {
    %go = arith.cmpi sge, %i, %zero : i64
    scf.condition(%go) %i : i64
  } do {
  ^bb0(%i: i64):
    %k = arith.ori %i, %one : i64
    scf.yield %k : i64
  }
  return %r : i64
})");
  int64_t n = 1;
  noodle_tensor argument = noodle_tensor_scalar(NOODLE_I64, &n), result{};
  noodle_call_options options{};
  options.struct_size = sizeof options;
  options.deadline_ms = 20;
  expectError(
      noodle_program_call(program, &argument, 1, region, &result, 1, &options),
      NOODLE_DEADLINE, "deadline");
  options.deadline_ms = 0;
  EXPECT_OK(noodle_cancel_create(&options.cancel));
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    noodle_cancel_trigger(options.cancel);
  });
  expectError(
      noodle_program_call(program, &argument, 1, region, &result, 1, &options),
      NOODLE_CANCELLED, "cancel");
  other.join();
  noodle_cancel_release(options.cancel);
}

TEST_F(CAPI, BudgetsAreKept) {
  compile(kSpMV);
  noodle_tensor arguments[] = {matrix(), vector()}, result;
  noodle_region *small = nullptr;
  EXPECT_OK(noodle_region_create(engine, 8, nullptr, &small));
  expectError(
      noodle_program_call(program, arguments, 2, small, &result, 1, nullptr),
      NOODLE_OUT_OF_MEMORY, "");
  EXPECT_EQ(noodle_region_used_bytes(small), 0);
  noodle_region_release(small);
  noodle_call_options options{};
  options.struct_size = sizeof options;
  options.memory_limit = 8;
  expectError(
      noodle_program_call(program, arguments, 2, region, &result, 1, &options),
      NOODLE_OUT_OF_MEMORY, "");
}

TEST_F(CAPI, ProgramsOutliveTheirEngine) {
  compile(kSpMV);
  noodle_tensor arguments[] = {matrix(), vector()}, result;
  noodle_engine_release(engine);
  engine = nullptr;
  EXPECT_OK(
      noodle_program_call(program, arguments, 2, region, &result, 1, nullptr));
}

TEST_F(CAPI, ThreadsShareAProgram) {
  compile(kSpMV);
  noodle_tensor arguments[] = {matrix(), vector()};
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      noodle_region *own = nullptr;
      EXPECT_OK(noodle_region_create(engine, 0, nullptr, &own));
      for (int k = 0; k < 100; ++k) {
        noodle_tensor result;
        EXPECT_OK(noodle_program_call(program, arguments, 2, own, &result, 1,
                                      nullptr));
        right += static_cast<double *>(result.values)[2] == 6;
        noodle_region_clear(own);
      }
      noodle_region_release(own);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(right, 400);
}

TEST_F(CAPI, AHostsExecutorRunsTheLoops) {
  struct Serial {
    std::atomic<int64_t> loops = 0;
    static void run(void *data, int64_t chunks, void (*chunk)(void *, int64_t),
                    void *chunkData) {
      ++static_cast<Serial *>(data)->loops;
      for (int64_t k = 0; k < chunks; ++k)
        chunk(chunkData, k);
    }
  } serial;
  noodle_executor executor{sizeof executor, &serial, 4, Serial::run};
  noodle_engine_options options{};
  options.struct_size = sizeof options;
  options.executor = &executor;
  noodle_engine *own = nullptr;
  EXPECT_OK(noodle_engine_create(&options, &own));
  noodle_engine_release(own);
  executor.concurrency = 0;
  expectError(noodle_engine_create(&options, &own), NOODLE_INVALID_ARGUMENT,
              "concurrency");
}

/// A product of two matrices of small integers.
class CAPIDense : public ::testing::Test {
protected:
  static constexpr int64_t kExtent = 64;
  CAPIDense() : a(kExtent * kExtent), b(a.size()) {
    for (size_t k = 0; k < a.size(); ++k) {
      a[k] = double(k % 7) - 3;
      b[k] = double(k % 5) - 2;
    }
    compile.struct_size = sizeof compile;
    engine.struct_size = sizeof engine;
    engine.threads = 1;
  }
  /// The receipt's text; `status`, which the caller releases, where there is
  /// none.
  std::string receiptOf(noodle_status *&status) {
    const char text[] =
        "func.func @main(%a: tensor<64x64xf64>, %b: tensor<64x64xf64>) -> "
        "tensor<64x64xf64> {\n"
        "  %c = noodle.matmul %a, %b : tensor<64x64xf64>, tensor<64x64xf64> "
        "-> tensor<64x64xf64>\n"
        "  return %c : tensor<64x64xf64>\n}\n";
    noodle_engine *host = nullptr;
    noodle_region *region = nullptr;
    noodle_program *program = nullptr;
    noodle_receipt *receipt = nullptr;
    std::string json;
    EXPECT_OK(noodle_engine_create(&engine, &host));
    EXPECT_OK(noodle_region_create(host, 0, nullptr, &region));
    status =
        noodle_program_compile(host, text, sizeof text - 1, &compile, &program);
    if (!status) {
      int64_t extents[] = {kExtent, kExtent};
      noodle_tensor arguments[] = {
          noodle_tensor_dense(NOODLE_F64, 2, extents, a.data()),
          noodle_tensor_dense(NOODLE_F64, 2, extents, b.data())};
      noodle_tensor result{};
      noodle_call_options options{};
      options.struct_size = sizeof options;
      options.receipt = &receipt;
      status = noodle_program_call(program, arguments, 2, region, &result, 1,
                                   &options);
      if (!status) {
        json = noodle_receipt_json(receipt);
        check(static_cast<const double *>(result.values));
      }
    }
    noodle_receipt_release(receipt);
    noodle_program_release(program);
    noodle_region_release(region);
    noodle_engine_release(host);
    return json;
  }
  std::string receiptOf() {
    noodle_status *status = nullptr;
    std::string json = receiptOf(status);
    EXPECT_OK(status);
    return json;
  }
  void check(const double *c) {
    int64_t wrong = 0;
    for (int64_t i = 0; i < kExtent; ++i)
      for (int64_t j = 0; j < kExtent; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < kExtent; ++k)
          sum += a[i * kExtent + k] * b[k * kExtent + j];
        wrong += c[i * kExtent + j] != sum;
      }
    EXPECT_EQ(wrong, 0);
  }
  static void expectPart(const std::string &json, const std::string &part) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in\n" << json;
  }

  std::vector<double> a, b;
  noodle_compile_options compile{};
  noodle_engine_options engine{};
};

TEST_F(CAPIDense, TheEnginesBlasFormsProducts) {
  compile.strategy = "library";
  compile.strict = 1;
  engine.blas = NOODLE_BINARY_DIR "/test/lib/fakecblas/libfakecblas.so";
  std::string json = receiptOf();
  expectPart(json, R"("ran": "blas")");
  expectPart(json, R"("name": "OpenBLAS 0.0.0 fake", "products": 1)");
  // One that is not there: an error under strict, else our own code.
  engine.blas = "/nowhere/libblas.so";
  noodle_status *status = nullptr;
  receiptOf(status);
  expectError(status, NOODLE_HOST_CALL_FAILED, "/nowhere/libblas.so");
  compile.strict = 0;
  json = receiptOf();
  expectPart(json, R"("ran": "cpu")");
  expectPart(json, "/nowhere/libblas.so");
}

TEST_F(CAPIDense, StrassenHalvesFromTheExtentThatIsSet) {
  compile.strategy = "strassen";
  compile.fp = "fast";
  std::string json = receiptOf();
  expectPart(json, R"("strategy": "tiled")");
  expectPart(json, "an extent of 64 is not halved: that pays from 2048");
  compile.strassen_from = 32;
  json = receiptOf();
  expectPart(json, R"("strategy": "strassen")");
  expectPart(json, "2 levels of Strassen-Winograd, error bound");
  compile.strassen_from = 64;
  expectPart(receiptOf(), "1 level of Strassen-Winograd");
  // A struct of before ends in front of it.
  compile.struct_size = offsetof(noodle_compile_options, strassen_from);
  expectPart(receiptOf(), R"("strategy": "tiled")");
  // Without the permission its larger error needs it is refused.
  compile.struct_size = sizeof compile;
  compile.fp = "strict";
  expectPart(receiptOf(), "sums of floats need the policy fast");
}

TEST(CAPIPlanning, MemoryIsKeptBySlices) {
  // A ring of four: whatever is joined first has 64 x 64 entries, 32 KiB.
  const char text[] = R"(
func.func @main(%a: tensor<64x64xf64>) -> tensor<f64> {
  %d = noodle.contract "ij,jk,kl,li->" (%a, %a, %a, %a) : (tensor<64x64xf64>,
    tensor<64x64xf64>, tensor<64x64xf64>, tensor<64x64xf64>) -> tensor<f64>
  return %d : tensor<f64>
})";
  noodle_engine *engine = nullptr;
  EXPECT_OK(noodle_engine_create(nullptr, &engine));
  noodle_compile_options compile{};
  compile.struct_size = sizeof compile;
  compile.profile = 1;
  noodle_program *program = nullptr;
  compile.plan_memory = -1;
  expectError(
      noodle_program_compile(engine, text, sizeof text - 1, &compile, &program),
      NOODLE_INVALID_ARGUMENT, "plan_memory");
  std::vector<double> a(64 * 64);
  for (size_t k = 0; k < a.size(); ++k)
    a[k] = double(k % 7) - 3;
  double whole = 0;
  for (int64_t memory : {int64_t(0), int64_t(20000)}) {
    compile.plan_memory = memory;
    EXPECT_OK(noodle_program_compile(engine, text, sizeof text - 1, &compile,
                                     &program));
    noodle_region *region = nullptr;
    noodle_receipt *receipt = nullptr;
    EXPECT_OK(noodle_region_create(engine, 0, nullptr, &region));
    int64_t extents[] = {64, 64};
    noodle_tensor argument =
        noodle_tensor_dense(NOODLE_F64, 2, extents, a.data());
    noodle_tensor result{};
    noodle_call_options call{};
    call.struct_size = sizeof call;
    call.receipt = &receipt;
    EXPECT_OK(
        noodle_program_call(program, &argument, 1, region, &result, 1, &call));
    std::string json = noodle_receipt_json(receipt);
    double value = *static_cast<const double *>(result.values);
    if (!memory)
      whole = value;
    EXPECT_EQ(value, whole); // small integers: exact in any order
    EXPECT_EQ(json.find("in 64 slices of") != std::string::npos, memory > 0)
        << json;
    noodle_receipt_release(receipt);
    noodle_program_release(program);
    noodle_region_release(region);
  }
  noodle_engine_release(engine);
}

TEST(CAPIHandles, NullIsAllowedOrRefusedClearly) {
  noodle_status_release(nullptr);
  noodle_engine_release(nullptr);
  noodle_program_release(nullptr);
  noodle_region_release(nullptr);
  noodle_cancel_release(nullptr);
  noodle_call_release(nullptr);
  noodle_receipt_release(nullptr);
  EXPECT_EQ(noodle_status_code(nullptr), NOODLE_OK);
  EXPECT_STREQ(noodle_status_message(nullptr), "");
  expectError(noodle_engine_create(nullptr, nullptr), NOODLE_INVALID_ARGUMENT,
              "engine");
  noodle_program *program = nullptr;
  expectError(noodle_program_compile(nullptr, "", 0, nullptr, &program),
              NOODLE_INVALID_ARGUMENT, "engine");
  noodle_engine_options options{};
  options.struct_size = 3;
  noodle_engine *engine = nullptr;
  expectError(noodle_engine_create(&options, &engine), NOODLE_INVALID_ARGUMENT,
              "struct_size");
}

} // namespace
