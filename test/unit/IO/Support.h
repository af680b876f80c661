//===- Support.h - shared by the tests of files ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_UNIT_IO_SUPPORT_H
#define NOODLE_TEST_UNIT_IO_SUPPORT_H

#include "noodle-rt/io.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <unistd.h>

namespace noodle::rt::io {

/// A pipe: its size is unknown and reads are short.
class PipeInput final : public Input {
public:
  PipeInput(std::string_view text, int64_t chunk)
      : Input("pipe"), text(text), chunk(chunk) {}
  int64_t read(void *to, int64_t bytes, Error &) override {
    size_t count = std::min(text.size(), size_t(std::min(bytes, chunk)));
    memcpy(to, text.data(), count);
    text.remove_prefix(count);
    return int64_t(count);
  }

private:
  std::string_view text;
  int64_t chunk;
};

/// Keeps what is written; refuses to hold more than `room` bytes.
class MemoryOutput final : public Output {
public:
  explicit MemoryOutput(size_t room = SIZE_MAX)
      : Output("memory"), room(room) {}
  Error write(const void *from, int64_t bytes) override {
    if (text.size() + size_t(bytes) > room)
      return {"memory", "full"};
    text.append(static_cast<const char *>(from), size_t(bytes));
    return {};
  }
  Error commit() override { return {}; }
  std::string text;

private:
  size_t room;
};

inline Error readNpyText(std::string_view text, Array &array,
                         const IoLimits &limits = {}) {
  auto input = memoryInput("t.npy", text.data(), int64_t(text.size()));
  return readNpy(*input, array, limits);
}

inline Error readMtxText(std::string_view text, Coo &coo,
                         const MtxOptions &options = {}) {
  auto input = memoryInput("t.mtx", text.data(), int64_t(text.size()));
  return readMtx(*input, coo, options);
}

inline std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A folder that each test gets empty and that is removed after it.
class FolderTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "noodle-io-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder = pattern;
  }
  void TearDown() override {
    if (!folder.empty())
      std::filesystem::remove_all(folder);
  }
  std::string path(const std::string &name) const {
    return folder + "/" + name;
  }
  int64_t filesInFolder() const {
    std::filesystem::directory_iterator files(folder);
    return std::distance(begin(files), end(files));
  }
  std::string folder;
};

/// Two numbers are the same bits, or both NaN.
inline bool sameValue(double a, double b) {
  return memcmp(&a, &b, sizeof(a)) == 0 || (a != a && b != b);
}

inline void expectSame(const Coo &a, const Coo &b) {
  EXPECT_EQ(a.format, b.format);
  EXPECT_EQ(a.field, b.field);
  EXPECT_EQ(a.symmetry, b.symmetry);
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.cols, b.cols);
  EXPECT_EQ(a.row, b.row);
  EXPECT_EQ(a.col, b.col);
  EXPECT_EQ(a.integers, b.integers);
  EXPECT_TRUE(std::equal(
      a.complexes.begin(), a.complexes.end(), b.complexes.begin(),
      b.complexes.end(), [](std::complex<double> x, std::complex<double> y) {
        return sameValue(x.real(), y.real()) && sameValue(x.imag(), y.imag());
      }));
  EXPECT_TRUE(std::equal(a.reals.begin(), a.reals.end(), b.reals.begin(),
                         b.reals.end(), sameValue));
}

} // namespace noodle::rt::io

#endif // NOODLE_TEST_UNIT_IO_SUPPORT_H
