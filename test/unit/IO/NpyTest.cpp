//===- NpyTest.cpp - reading and writing .npy -----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support.h"

using namespace noodle::rt::io;

namespace {
/// A file of the given header and data.
std::string file(std::string header, std::string_view data, int version = 1) {
  header += '\n';
  std::string text = "\x93NUMPY";
  text += {char(version), 0, char(header.size()), char(header.size() >> 8)};
  if (version > 1)
    text += {0, 0};
  return text + header + std::string(data);
}

template <typename T> std::string bytesOf(std::initializer_list<T> values) {
  return {reinterpret_cast<const char *>(values.begin()),
          values.size() * sizeof(T)};
}

template <typename T> T at(const Array &array, size_t k) {
  T value;
  memcpy(&value, array.bytes.data() + k * sizeof(T), sizeof(T));
  return value;
}

const std::string header23 =
    "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }";
const std::string data23 = bytesOf<int32_t>({1, 2, 3, 4, 5, 6});
} // namespace

TEST(Npy, ReadsEveryVersion) {
  for (int version : {1, 2, 3}) {
    Array array;
    Error error = readNpyText(file(header23, data23, version), array);
    ASSERT_TRUE(error.ok()) << error.str();
    EXPECT_EQ(array.type, NOODLE_RT_I32);
    EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(array.strides, (std::vector<int64_t>{3, 1}));
    EXPECT_EQ(at<int32_t>(array, 5), 6);
    EXPECT_EQ(uintptr_t(array.bytes.data()) % NOODLE_RT_ALIGNMENT, 0u);
  }
}

TEST(Npy, ReadsAPipe) {
  for (int64_t chunk : {1, 7, 1 << 20}) {
    std::string text = file(header23, data23);
    PipeInput input(text, chunk);
    Array array;
    Error error = readNpy(input, array);
    ASSERT_TRUE(error.ok()) << error.str();
    EXPECT_EQ(at<int32_t>(array, 5), 6);
  }
}

TEST(Npy, PipeGrowsWithWhatArrives) {
  // 12 MB in small pieces: several growth steps.
  std::string data(12'000'000, '\0');
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = char(i * 31 >> 8 & 1);
  std::string text = file("{'descr': '|b1', 'fortran_order': False, "
                          "'shape': (12000000,)}",
                          data);
  PipeInput input(text, 65536);
  Array array;
  Error error = readNpy(input, array);
  ASSERT_TRUE(error.ok()) << error.str();
  ASSERT_EQ(array.bytes.size(), data.size());
  EXPECT_EQ(memcmp(array.bytes.data(), data.data(), data.size()), 0);

  // A claim of a terabyte from a pipe of 8 bytes.
  std::string claim = file("{'descr': '<f8', 'fortran_order': False, "
                           "'shape': (1000, 1000000)}",
                           "12345678");
  PipeInput short_(claim, 64);
  error = readNpy(short_, array);
  EXPECT_NE(error.message.find("8 are there"), std::string::npos)
      << error.str();
  EXPECT_EQ(array.bytes.size(), data.size()) << "a failure changes nothing";
}

TEST(Npy, ColumnMajorBecomesStrides) {
  Array array;
  Error error = readNpyText(
      file("{'shape':(2,3),'fortran_order':True,\"descr\":\"<i4\"}", data23),
      array);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(array.strides, (std::vector<int64_t>{1, 2}));
}

TEST(Npy, SwapsBigEndian) {
  Array array;
  Error error = readNpyText(
      file("{'descr': '>i4', 'fortran_order': False, 'shape': (1,)}",
           std::string("\1\2\3\4", 4)),
      array);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(at<int32_t>(array, 0), 0x01020304);
  error = readNpyText(
      file("{'descr': '>f8', 'fortran_order': False, 'shape': (1,)}",
           std::string("\x3f\xf8\0\0\0\0\0\0", 8)),
      array);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(at<double>(array, 0), 1.5);
}

TEST(Npy, ScalarsAndEmptyArrays) {
  Array array;
  Error error =
      readNpyText(file("{'descr': '<f8', 'fortran_order': False, 'shape': ()}",
                       bytesOf<double>({2.5})),
                  array);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_TRUE(array.shape.empty());
  EXPECT_EQ(array.count(), 1);
  EXPECT_EQ(at<double>(array, 0), 2.5);

  error = readNpyText(
      file("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 0, 5)}", ""),
      array);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(array.count(), 0);
  EXPECT_EQ(array.strides, (std::vector<int64_t>{5, 5, 1}));
  EXPECT_NE(array.view().values, nullptr);
}

TEST(Npy, AcceptsGreatestRank) {
  std::string shape = "(";
  for (int k = 0; k < NOODLE_RT_MAX_RANK; ++k)
    shape += "1, ";
  Array array;
  Error error = readNpyText(
      file("{'descr': '|b1', 'fortran_order': False, 'shape': " + shape + ")}",
           std::string(1, '\1')),
      array);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(array.view().rank, NOODLE_RT_MAX_RANK);
}

TEST(Npy, NamesTheOffset) {
  Array array;
  Error error = readNpyText(
      file("{'descr': '<i2', 'fortran_order': False, 'shape': (1,)}", "xx"),
      array);
  EXPECT_EQ(error.place, "t.npy: offset 20");
  EXPECT_EQ(error.message, "dtype '<i2' is not handled; those are |b1, |i1, "
                           "<i4, <i8, <f2, <f4, <f8, <c8, <c16 and <V2 (bf16)");
}

TEST(Npy, NarrowAndComplexTypes) {
  struct Case {
    const char *descr;
    noodle_rt_type type;
    std::string data;   // two elements
    std::string little; // as they lie in memory
    const char *written;
  };
  const std::string half("\x00\x3e\x01\x80", 4), brain("\xc0\x3f\x80\xff", 4),
      complex = bytesOf<float>({1, -2, 3, 4}),
      wide = bytesOf<double>({1, -2, 3, 4});
  std::string swapped = complex, swappedWide = wide;
  for (size_t k = 0; k < swapped.size(); k += 4)
    std::reverse(swapped.begin() + k, swapped.begin() + k + 4);
  for (size_t k = 0; k < swappedWide.size(); k += 8)
    std::reverse(swappedWide.begin() + k, swappedWide.begin() + k + 8);
  const std::string bigHalf("\x3e\x00\x80\x01", 4), bytes("\x7f\x80", 2);
  for (const Case &c :
       {Case{"<f2", NOODLE_RT_F16, half, half, "<f2"},
        Case{">f2", NOODLE_RT_F16, bigHalf, half, "<f2"},
        Case{"<V2", NOODLE_RT_BF16, brain, brain, "<V2"},
        Case{"|V2", NOODLE_RT_BF16, brain, brain, "<V2"},
        Case{"|i1", NOODLE_RT_I8, bytes, bytes, "|i1"},
        Case{"<c8", NOODLE_RT_C64, complex, complex, "<c8"},
        Case{">c8", NOODLE_RT_C64, swapped, complex, "<c8"},
        Case{"<c16", NOODLE_RT_C128, wide, wide, "<c16"},
        Case{">c16", NOODLE_RT_C128, swappedWide, wide, "<c16"}}) {
    SCOPED_TRACE(c.descr);
    Array array;
    Error error =
        readNpyText(file(std::string("{'descr': '") + c.descr +
                             "', 'fortran_order': False, 'shape': (2,)}",
                         c.data),
                    array);
    ASSERT_TRUE(error.ok()) << error.str();
    EXPECT_EQ(array.type, c.type);
    ASSERT_EQ(array.bytes.size(), c.little.size());
    EXPECT_EQ(memcmp(array.bytes.data(), c.little.data(), c.little.size()), 0);

    MemoryOutput output;
    ASSERT_TRUE(writeNpy(output, array.view()).ok());
    EXPECT_NE(output.text.find(std::string("'") + c.written + "'"),
              std::string::npos);
    EXPECT_EQ(output.text.substr(output.text.size() - c.little.size()),
              c.little);
    // Read backwards, which cannot be copied as one block.
    noodle_rt_tensor view = array.view();
    int64_t width = int64_t(c.little.size()) / 2;
    view.values = array.bytes.data() + width;
    view.strides[0] = -1;
    MemoryOutput reversed;
    ASSERT_TRUE(writeNpy(reversed, view).ok());
    EXPECT_EQ(reversed.text.substr(reversed.text.size() - c.little.size()),
              c.little.substr(size_t(width)) +
                  c.little.substr(0, size_t(width)));
    // Too little data, and too much.
    for (const std::string &wrong :
         {c.data.substr(0, c.data.size() - 1), c.data + "x"})
      EXPECT_FALSE(readNpyText(file(std::string("{'descr': '") + c.descr +
                                        "', 'fortran_order': False, "
                                        "'shape': (2,)}",
                                    wrong),
                               array)
                       .ok());
  }
}

TEST(Npy, KeepsTheLimit) {
  Array array;
  std::string text = file(header23, data23);
  EXPECT_TRUE(readNpyText(text, array, {24}).ok());
  Error error = readNpyText(text, array, {23});
  EXPECT_NE(error.message.find("24 bytes; the limit is 23"), std::string::npos)
      << error.str();
}

TEST(Npy, EveryPrefixIsRefused) {
  std::string text = file(header23, data23);
  for (size_t size = 0; size < text.size(); ++size) {
    Array array;
    EXPECT_FALSE(readNpyText(text.substr(0, size), array).ok()) << size;
    PipeInput input(std::string_view(text).substr(0, size), 5);
    EXPECT_FALSE(readNpy(input, array).ok()) << size;
  }
}

TEST(Npy, WritesTheBytesOfNumPy) {
  Array array;
  ASSERT_TRUE(readNpyText(file(header23, data23), array).ok());
  MemoryOutput output;
  ASSERT_TRUE(writeNpy(output, array.view()).ok());
  std::string header = header23;
  header.resize(117, ' ');
  EXPECT_EQ(output.text,
            std::string("\x93NUMPY\1\0\x76\0", 10) + header + "\n" + data23);
}

TEST(Npy, RoundTripsTypesAndOrders) {
  for (const char *type : {"|b1", "<i4", "<i8", "<f4", "<f8"})
    for (bool columnMajor : {false, true})
      for (const char *shape : {"()", "(4,)", "(2, 2)", "(2, 1, 2)", "(0,)"}) {
        std::string text =
            std::string("{'descr': '") + type +
            "', 'fortran_order': " + (columnMajor ? "True" : "False") +
            ", 'shape': " + shape + "}";
        size_t count = shape == std::string("()")     ? 1
                       : shape == std::string("(0,)") ? 0
                                                      : 4;
        std::string data;
        for (size_t i = 0; i < count * size_t(type[2] - '0'); ++i)
          data += char(type[1] == 'b' ? i % 2 : i + 1);
        Array array, again;
        Error error = readNpyText(file(text, data), array);
        ASSERT_TRUE(error.ok()) << error.str();
        MemoryOutput output;
        ASSERT_TRUE(writeNpy(output, array.view()).ok());
        error = readNpyText(output.text, again);
        ASSERT_TRUE(error.ok()) << error.str();
        EXPECT_EQ(again.type, array.type);
        EXPECT_EQ(again.shape, array.shape);
        EXPECT_EQ(again.strides, array.strides) << text;
        EXPECT_EQ(again.bytes, array.bytes);
      }
}

TEST(Npy, WritesStridedViews) {
  // Every second column of a 2 x 4 matrix, backwards.
  int64_t values[] = {0, 1, 2, 3, 4, 5, 6, 7};
  noodle_rt_tensor tensor = {};
  tensor.layout = NOODLE_RT_DENSE;
  tensor.type = NOODLE_RT_I64;
  tensor.rank = 2;
  tensor.values = values + 3;
  tensor.extents[0] = tensor.extents[1] = 2;
  tensor.strides[0] = 4;
  tensor.strides[1] = -2;
  MemoryOutput output;
  ASSERT_TRUE(writeNpy(output, tensor).ok());
  Array array;
  ASSERT_TRUE(readNpyText(output.text, array).ok());
  int64_t expected[] = {3, 1, 7, 5};
  for (size_t k = 0; k < 4; ++k)
    EXPECT_EQ(at<int64_t>(array, k), expected[k]);
}

TEST(Npy, WritesScalarsOfIndexType) {
  int64_t value = -7;
  noodle_rt_tensor tensor = {};
  tensor.layout = NOODLE_RT_SCALAR;
  tensor.type = NOODLE_RT_INDEX;
  tensor.values = &value;
  MemoryOutput output;
  ASSERT_TRUE(writeNpy(output, tensor).ok());
  Array array;
  ASSERT_TRUE(readNpyText(output.text, array).ok());
  EXPECT_EQ(array.type, NOODLE_RT_I64);
  EXPECT_EQ(at<int64_t>(array, 0), -7);
}

TEST(Npy, RefusesWhatItCannotWrite) {
  noodle_rt_tensor tensor = {};
  tensor.layout = NOODLE_RT_CSR;
  tensor.type = NOODLE_RT_F64;
  MemoryOutput output;
  EXPECT_NE(writeNpy(output, tensor).message.find("sparse"), std::string::npos);
  tensor.layout = NOODLE_RT_DENSE;
  tensor.type = 99;
  EXPECT_NE(writeNpy(output, tensor).message.find("element type 99"),
            std::string::npos);
  tensor.type = NOODLE_RT_F64;
  tensor.rank = 1;
  tensor.extents[0] = -1;
  EXPECT_NE(writeNpy(output, tensor).message.find("negative"),
            std::string::npos);
  EXPECT_TRUE(output.text.empty());
}

TEST(Npy, ReportsAFullOutput) {
  Array array;
  ASSERT_TRUE(readNpyText(file(header23, data23), array).ok());
  for (size_t room : {size_t(0), size_t(128)}) {
    MemoryOutput output(room);
    EXPECT_EQ(writeNpy(output, array.view()).str(), "memory: full");
  }
}
