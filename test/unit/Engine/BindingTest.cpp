//===- BindingTest.cpp - words and files as arguments, results as files -===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TestPrograms.h"

#include "noodle/Engine/Binding.h"

#include <cmath>
#include <fstream>

using namespace noodle;
using namespace noodle::engine;
using namespace noodle::engine::test;

static const TensorType kF64{NOODLE_RT_SCALAR, NOODLE_RT_F64, 0, 0, {}};
static const TensorType kI32{NOODLE_RT_SCALAR, NOODLE_RT_I32, 0, 0, {}};
static const TensorType kMatrix{NOODLE_RT_DENSE, NOODLE_RT_F64, 0, 0, {-1, -1}};
static const TensorType kCsr{NOODLE_RT_CSR, NOODLE_RT_F64, 4, 4, {-1, -1}};

static HostTensor bound(const std::string &word, const TensorType &type,
                        BindOptions options = {}) {
  HostTensor tensor;
  Status status = bindWord(word, type, "argument 0", options, tensor);
  EXPECT_TRUE(status.ok()) << status.str();
  return tensor;
}
static std::string refused(const std::string &word, const TensorType &type,
                           BindOptions options = {}) {
  HostTensor tensor;
  Status status = bindWord(word, type, "argument 0", options, tensor);
  EXPECT_FALSE(status.ok()) << word;
  return status.str();
}

TEST(Words, Scalars) {
  EXPECT_EQ(doubles(bound("-1.5e3", kF64).view)[0], -1500);
  EXPECT_EQ(doubles(bound("+2", kF64).view)[0], 2);
  EXPECT_TRUE(std::isinf(doubles(bound("inf", kF64).view)[0]));
  EXPECT_TRUE(std::isnan(doubles(bound("nan", kF64).view)[0]));
  EXPECT_EQ(*static_cast<int32_t *>(bound("-7", kI32).view.values), -7);
  TensorType boolean{NOODLE_RT_SCALAR, NOODLE_RT_I1, 0, 0, {}};
  EXPECT_EQ(*static_cast<uint8_t *>(bound("true", boolean).view.values), 1);
  EXPECT_EQ(refused("2", boolean), "error: argument 0: '2' is no i1");
  for (const char *word : {"", "+", "1.5x", "1e", "0x", "--1", "1 "})
    EXPECT_NE(refused(word, kF64), "") << word;
  for (const char *word : {"1.5", "2147483648", "nan", "1e3"})
    EXPECT_NE(refused(word, kI32), "") << word;
}

TEST(Words, GeneratedArguments) {
  TensorType fixed = kMatrix;
  fixed.extents = {2, 3};
  HostTensor ones = bound("ones", fixed);
  EXPECT_EQ(ones.view.extents[1], 3);
  EXPECT_EQ(ones.view.strides[0], 3);
  EXPECT_EQ(doubles(ones.view)[5], 1);
  HostTensor a = bound("rand:7:4x5", kMatrix), b = bound("rand:7:4x5", kMatrix),
             c = bound("rand:8:4x5", kMatrix);
  EXPECT_EQ(a.view.extents[0], 4);
  EXPECT_EQ(doubles(a.view)[19], doubles(b.view)[19]);
  EXPECT_NE(doubles(a.view)[19], doubles(c.view)[19]);
  EXPECT_NE(refused("zeros", kMatrix).find("zeros:4x5"), std::string::npos);
  EXPECT_NE(refused("rand", fixed).find("seed"), std::string::npos);
  EXPECT_NE(refused("zeros:4", kMatrix), "");
  EXPECT_NE(refused("zeros:4xx", kMatrix), "");
  EXPECT_NE(refused("ones:9223372036854775807x9", kMatrix), "");
  EXPECT_NE(refused("ones:99999999999999999999x9", kMatrix), "");
  EXPECT_NE(refused("what", kMatrix).find("neither"), std::string::npos);
}

TEST(Words, GeneratedSparseArgumentsAreValid) {
  for (const char *word : {"zeros:30x20", "ones:3x4", "rand:1:30x20"})
    for (auto layout : {NOODLE_RT_CSR, NOODLE_RT_CSC}) {
      TensorType type = kCsr;
      type.layout = noodle_rt_layout(layout);
      type.coordinateWidth = 8;
      HostTensor tensor = bound(word, type);
      Signature function{"f", {type}, {}};
      Status status = checkArgument(function, 0, tensor.view, false);
      EXPECT_TRUE(status.ok()) << status.str();
    }
  EXPECT_EQ(bound("ones:3x4", kCsr).view.stored, 12);
  EXPECT_EQ(bound("zeros:3x4", kCsr).view.stored, 0);
}

class Files : public ::testing::Test {
protected:
  std::string write(const std::string &name, const std::string &text) {
    std::ofstream(folder.path + "/" + name) << text;
    return folder.path + "/" + name;
  }
  Folder folder;
};

TEST_F(Files, MatricesBindToTheParametersFormat) {
  std::string path =
      write("a.mtx", "%%MatrixMarket matrix coordinate integer general\n"
                     "2 3 3\n2 1 5\n1 3 7\n1 1 0\n");
  HostTensor csr = bound(path, kCsr);
  EXPECT_EQ(csr.view.stored, 3); // the explicit zero survives
  EXPECT_EQ(static_cast<int32_t *>(csr.view.positions)[1], 2);
  EXPECT_EQ(static_cast<int32_t *>(csr.view.coordinates)[1], 2);
  EXPECT_EQ(doubles(csr.view)[1], 7);
  TensorType csc{NOODLE_RT_CSC, NOODLE_RT_I64, 8, 4, {-1, -1}};
  HostTensor columns = bound(path, csc);
  EXPECT_EQ(static_cast<int64_t *>(columns.view.positions)[1], 2);
  EXPECT_EQ(static_cast<int64_t *>(columns.view.values)[1], 5);
  HostTensor dense = bound(path, kMatrix);
  EXPECT_EQ(doubles(dense.view)[3], 5);
  EXPECT_EQ(doubles(dense.view)[1], 0);
  BindOptions small;
  small.densifyBytes = 40;
  EXPECT_NE(refused(path, kMatrix, small).find("sparse type"),
            std::string::npos);
  EXPECT_NE(refused(path, kF64), "");
}

TEST_F(Files, ArraysBindToVectorsAndMatrices) {
  std::string path = write(
      "v.mtx", "%%MatrixMarket matrix array real general\n3 1\n1\n2\n3\n");
  TensorType vector{NOODLE_RT_DENSE, NOODLE_RT_F32, 0, 0, {-1}};
  HostTensor tensor = bound(path, vector);
  EXPECT_EQ(tensor.view.extents[0], 3);
  EXPECT_EQ(static_cast<float *>(tensor.view.values)[2], 3);
  path = write("m.mtx",
               "%%MatrixMarket matrix array real symmetric\n2 2\n1\n2\n3\n");
  HostTensor matrix = bound(path, kMatrix);
  EXPECT_EQ(doubles(matrix.view)[1], 2);
  EXPECT_EQ(doubles(matrix.view)[2], 2);
}

TEST_F(Files, ValuesThatWouldChangeAreRefused) {
  TensorType integers{NOODLE_RT_CSR, NOODLE_RT_I32, 4, 4, {-1, -1}};
  auto matrix = [&](const std::string &field, const std::string &value) {
    return write("b.mtx", "%%MatrixMarket matrix coordinate " + field +
                              " general\n2 2 1\n1 1 " + value + "\n");
  };
  EXPECT_EQ(bound(matrix("real", "4.0"), integers).view.stored, 1);
  EXPECT_NE(refused(matrix("real", "4.5"), integers)
                .find("b.mtx:3:1: error: argument 0: 4.5"),
            std::string::npos);
  EXPECT_NE(refused(matrix("real", "nan"), integers).find(":3:1"),
            std::string::npos);
  EXPECT_NE(refused(matrix("real", "1e300"), integers), "");
  EXPECT_NE(refused(matrix("integer", "4294967296"), integers), "");
}

TEST_F(Files, NarrowAndComplexValues) {
  auto type = [](noodle_rt_layout layout, noodle_rt_type element,
                 std::vector<int64_t> extents) {
    uint8_t width = layout == NOODLE_RT_CSR ? 4 : 0;
    return TensorType{layout, element, width, width, std::move(extents)};
  };
  std::string real =
      write("r.mtx", "%%MatrixMarket matrix coordinate real general\n"
                     "2 2 2\n1 1 1.5\n2 1 65520\n");
  HostTensor half = bound(real, type(NOODLE_RT_CSR, NOODLE_RT_F16, {-1, -1}));
  EXPECT_EQ(static_cast<uint16_t *>(half.view.values)[0], 0x3e00);
  EXPECT_EQ(static_cast<uint16_t *>(half.view.values)[1], 0x7c00);
  HostTensor brain =
      bound(real, type(NOODLE_RT_DENSE, NOODLE_RT_BF16, {-1, -1}));
  EXPECT_EQ(static_cast<uint16_t *>(brain.view.values)[0], 0x3fc0);
  EXPECT_EQ(static_cast<uint16_t *>(brain.view.values)[1], 0);

  TensorType bytes = type(NOODLE_RT_CSR, NOODLE_RT_I8, {-1, -1});
  std::string small =
      write("i.mtx", "%%MatrixMarket matrix coordinate integer general\n"
                     "1 2 2\n1 1 127\n1 2 -128\n");
  EXPECT_EQ(static_cast<int8_t *>(bound(small, bytes).view.values)[1], -128);
  for (const char *value : {"128", "-129"})
    EXPECT_NE(refused(write("j.mtx", std::string("%%MatrixMarket matrix "
                                                 "coordinate integer general\n"
                                                 "1 1 1\n1 1 ") +
                                         value + "\n"),
                      bytes)
                  .find("is no i8"),
              std::string::npos);

  std::string hermitian =
      write("h.mtx", "%%MatrixMarket matrix coordinate complex hermitian\n"
                     "2 2 2\n1 1 3 0\n2 1 1 2\n");
  using C = std::complex<double>;
  HostTensor dense =
      bound(hermitian, type(NOODLE_RT_DENSE, NOODLE_RT_C128, {-1, -1}));
  const C *values = static_cast<C *>(dense.view.values);
  EXPECT_EQ(values[1], C(1, -2));
  EXPECT_EQ(values[2], C(1, 2));
  HostTensor narrow =
      bound(hermitian, type(NOODLE_RT_CSR, NOODLE_RT_C64, {-1, -1}));
  EXPECT_EQ(static_cast<std::complex<float> *>(narrow.view.values)[1],
            std::complex<float>(1, -2));
  EXPECT_NE(refused(hermitian, kMatrix).find("complex values do not fit f64"),
            std::string::npos);
  HostTensor fromReal =
      bound(real, type(NOODLE_RT_DENSE, NOODLE_RT_C128, {-1, -1}));
  EXPECT_EQ(static_cast<C *>(fromReal.view.values)[0], C(1.5, 0));

  TensorType number = type(NOODLE_RT_SCALAR, NOODLE_RT_C128, {});
  for (auto [word, value] : {std::pair<const char *, C>{"1.5", {1.5, 0}},
                             {"2i", {0, 2}},
                             {"-1e2-0.5i", {-100, -0.5}},
                             {"+1+2i", {1, 2}},
                             {"inf-infi", {INFINITY, -INFINITY}}})
    EXPECT_EQ(*static_cast<C *>(bound(word, number).view.values), value)
        << word;
  for (const char *word : {"", "i", "1+2", "1+2i3", "1 + 2i", "1+-2i", "1+i"})
    EXPECT_NE(refused(word, number), "") << word;
  TensorType scalar = type(NOODLE_RT_SCALAR, NOODLE_RT_F16, {});
  EXPECT_EQ(*static_cast<uint16_t *>(bound("0.1", scalar).view.values), 0x2e66);
  EXPECT_NE(refused("1+2i", scalar).find("is no f16"), std::string::npos);
  EXPECT_NE(refused("200", type(NOODLE_RT_SCALAR, NOODLE_RT_I8, {})), "");
}

TEST_F(Files, DuplicatesFollowTheOption) {
  std::string path =
      write("d.mtx", "%%MatrixMarket matrix coordinate real general\n"
                     "2 2 2\n1 1 5\n1 1 7\n");
  EXPECT_NE(refused(path, kCsr), "");
  BindOptions sum;
  sum.duplicates = rt::io::Duplicates::Sum;
  EXPECT_EQ(doubles(bound(path, kCsr, sum).view)[0], 12);
}

TEST_F(Files, ArraysNeedTheParametersType) {
  double values[6] = {0, 1, 2, 3, 4, 5};
  std::string path = folder.path + "/x.npy";
  ASSERT_TRUE(
      rt::io::writeNpy(path, dense(NOODLE_RT_F64, values, {2, 3})).ok());
  EXPECT_EQ(doubles(bound(path, kMatrix).view)[5], 5);
  TensorType floats = kMatrix;
  floats.element = NOODLE_RT_F32;
  EXPECT_EQ(refused(path, floats),
            "error: argument 0: expected f32, '" + path + "' holds f64");
  TensorType vector = kMatrix;
  vector.extents = {-1};
  EXPECT_NE(refused(path, vector).find("rank"), std::string::npos);
  EXPECT_NE(refused(path, kCsr).find(".mtx"), std::string::npos);
  EXPECT_NE(refused(folder.path + "/none.npy", kMatrix), "");
}

TEST_F(Files, NothingIsWrittenWhenOneFails) {
  double values[2] = {1, 2};
  std::vector<noodle_rt_tensor> results{dense(NOODLE_RT_F64, values, {2}),
                                        dense(NOODLE_RT_F64, values, {2})};
  std::string good = folder.path + "/good.npy";
  Status status = writeResults({good, folder.path + "/none/bad.npy"}, results);
  EXPECT_EQ(status.code, Code::IoError);
  EXPECT_NE(::access(good.c_str(), F_OK), 0);
  ASSERT_TRUE(writeResults({good}, results).ok());
  EXPECT_EQ(::access(good.c_str(), F_OK), 0);
}

TEST(Outputs, ExtensionsFitTheType) {
  EXPECT_TRUE(checkOutput("x.npy", kMatrix, "r").ok());
  EXPECT_TRUE(checkOutput("x.mtx", kMatrix, "r").ok());
  EXPECT_TRUE(checkOutput("x.mtx", kCsr, "r").ok());
  EXPECT_FALSE(checkOutput("x.npy", kCsr, "r").ok());
  EXPECT_FALSE(checkOutput("x.mtx", kF64, "r").ok());
  EXPECT_FALSE(checkOutput("x.txt", kMatrix, "r").ok());
}

TEST(Comparison, ExactForIntegersBoundedForFloats) {
  double a[2] = {1, 1e6}, b[2] = {1 + 1e-13, 1e6 + 1e-4};
  auto x = dense(NOODLE_RT_F64, a, {2}), y = dense(NOODLE_RT_F64, b, {2});
  EXPECT_EQ(compareResults(x, y, 1e-9), "");
  EXPECT_EQ(compareResults(x, y, 1e-12).substr(0, 9), "entry (1)");
  double n = std::nan("");
  EXPECT_EQ(compareResults(dense(NOODLE_RT_F64, &n, {1}),
                           dense(NOODLE_RT_F64, &n, {1}), 0),
            "");
  int64_t i = 1, j = 2;
  EXPECT_NE(
      compareResults(scalar(NOODLE_RT_I64, &i), scalar(NOODLE_RT_I64, &j), 10),
      "");
  EXPECT_NE(compareResults(x, dense(NOODLE_RT_F64, b, {1, 2}), 1), "");
}

TEST(Comparison, SparseByValue) {
  // The same matrix, once with an explicit zero.
  int32_t p[] = {0, 1}, q[] = {0, 2}, i[] = {2}, j[] = {1, 2};
  double v[] = {5}, w[] = {0, 5};
  noodle_rt_tensor a{};
  a.layout = NOODLE_RT_CSR;
  a.type = NOODLE_RT_F64;
  a.rank = 2;
  a.position_width = a.coordinate_width = 4;
  a.extents[0] = 1;
  a.extents[1] = 3;
  noodle_rt_tensor b = a;
  a.stored = 1, a.positions = p, a.coordinates = i, a.values = v;
  b.stored = 2, b.positions = q, b.coordinates = j, b.values = w;
  EXPECT_EQ(compareResults(a, b, 0), "");
  w[0] = 1;
  EXPECT_EQ(compareResults(a, b, 0), "entry (0, 1) is 0 and 1");
}
