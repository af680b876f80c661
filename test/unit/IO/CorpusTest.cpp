//===- CorpusTest.cpp - malformed files, real files, NumPy's files --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include <cstdio>
#include <sys/wait.h>

using namespace noodle::rt::io;

namespace {
const std::string source = NOODLE_SOURCE_DIR;

/// Runs a command; false unless it exits with 0.
bool runs(const std::string &command) {
  int status = std::system(command.c_str());
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool endsWith(const std::string &text, const std::string &end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// A Python that has NumPy, or the empty string.
std::string numpyPython() {
  for (const char *python : {"python3", "/usr/bin/python3"})
    if (runs(std::string(python) + " -c 'import numpy' 2>/dev/null"))
      return python;
  return "";
}

/// The folder of real matrices, or the empty string.
std::string matrices() {
  const char *given = getenv("NOODLE_DATA_DIR");
  std::string folder =
      (given ? std::string(given) : source + "/../shared/data") + "/matrices";
  return std::filesystem::is_directory(folder) ? folder : "";
}

class Corpus : public FolderTest {};
} // namespace

TEST_F(Corpus, EveryMalformedFileIsOneError) {
  if (!runs("python3 -c '' 2>/dev/null"))
    GTEST_SKIP() << "SKIPPED: python3 is missing, so no malformed file was "
                    "tried";
  ASSERT_TRUE(runs("python3 '" + source +
                   "/test/Integration/malformed/make_io_corpus.py' '" +
                   path("files") + "' > '" + path("manifest") + "'"));
  std::ifstream manifest(path("manifest"));
  int tried = 0;
  for (std::string line; std::getline(manifest, line); ++tried) {
    size_t tab = line.find('\t');
    ASSERT_NE(tab, std::string::npos);
    const std::string name = line.substr(0, tab);
    const std::string expected = line.substr(tab + 1);
    const std::string file = path("files/" + name);
    const std::string bytes = readFile(file);
    const bool npy = endsWith(name, ".npy");
    SCOPED_TRACE(name);

    Array array;
    Coo coo;
    Error error = npy ? readNpy(file, array) : readMtx(file, coo);
    EXPECT_NE(error.str().find(expected), std::string::npos)
        << "expected: " << expected << "\nmessage: " << error.str();
    EXPECT_EQ(error.str().find('\n'), std::string::npos) << "one line";
    EXPECT_EQ(error.place.compare(0, file.size(), file), 0) << error.place;
    EXPECT_TRUE(array.bytes.empty() && coo.row.empty() && coo.reals.empty());

    // A pipe does not tell its size; it must be refused all the same.
    for (int64_t chunk : {13, 1 << 16}) {
      PipeInput input(bytes, chunk);
      error = npy ? readNpy(input, array, {64 << 20})
                  : readMtx(input, coo, {{64 << 20}});
      EXPECT_FALSE(error.ok());
    }
  }
  std::printf("%d malformed files\n", tried);
  EXPECT_GE(tried, 100);
}

TEST_F(Corpus, RealMatricesSurviveAWrite) {
  const std::string folder = matrices();
  if (folder.empty())
    GTEST_SKIP() << "SKIPPED: no real matrices; set NOODLE_DATA_DIR to a "
                    "folder that holds matrices/*.mtx";
  int read = 0;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    const std::string file = entry.path().string();
    if (!endsWith(file, ".mtx"))
      continue;
    SCOPED_TRACE(file);
    Coo coo;
    Error error = readMtx(file, coo);
    std::string banner = readFile(file);
    banner.resize(banner.find('\n'));
    ASSERT_TRUE(error.ok()) << error.str();
    auto says = [&](const char *word) {
      return banner.find(word) != std::string::npos;
    };
    EXPECT_EQ(coo.format == Format::Array, says(" array "));
    EXPECT_EQ(coo.field, says(" real ")      ? Field::Real
                         : says(" integer ") ? Field::Integer
                         : says(" complex ") ? Field::Complex
                                             : Field::Pattern);
    EXPECT_EQ(coo.symmetry, says(" skew-symmetric") ? Symmetry::SkewSymmetric
                            : says(" symmetric")    ? Symmetry::Symmetric
                            : says(" hermitian")    ? Symmetry::Hermitian
                                                    : Symmetry::General);

    ASSERT_TRUE(writeMtx(path("a.mtx"), coo).ok());
    Coo again;
    error = readMtx(path("a.mtx"), again);
    ASSERT_TRUE(error.ok()) << error.str();
    expectSame(coo, again);
    ASSERT_TRUE(writeMtx(path("b.mtx"), again).ok());
    EXPECT_EQ(readFile(path("a.mtx")), readFile(path("b.mtx")));

    // The compressed forms hold the same matrix.
    Compressed<int32_t, int32_t> csr, csc;
    error = compress(coo, Major::Row, Duplicates::Error, csr);
    ASSERT_TRUE(error.ok()) << error.str();
    ASSERT_TRUE(compress(coo, Major::Column, Duplicates::Error, csc).ok());
    ASSERT_TRUE(expandSymmetry(coo).ok());
    EXPECT_EQ(int64_t(csr.coordinates.size()), coo.entries());
    EXPECT_EQ(csc.coordinates.size(), csr.coordinates.size());
    ++read;
  }
  std::printf("%d matrices read and written\n", read);
  EXPECT_GT(read, 0);
}

TEST_F(Corpus, NumPyAgrees) {
  const std::string python = numpyPython();
  if (python.empty())
    GTEST_SKIP() << "SKIPPED: no python3 with NumPy, so nothing was compared";
  const std::string script =
      python + " '" + source + "/test/unit/IO/numpy_interop.py' ";
  ASSERT_TRUE(runs(script + "write '" + folder + "'"));
  int tried = 0;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    const std::string file = entry.path().string();
    if (!endsWith(file, ".npy"))
      continue;
    SCOPED_TRACE(file);
    Array array;
    Error error = readNpy(file, array);
    ASSERT_TRUE(error.ok()) << error.str();
    error = writeNpy(file + ".back", array.view());
    ASSERT_TRUE(error.ok()) << error.str();
    ++tried;
  }
  EXPECT_GE(tried, 100);
  EXPECT_TRUE(runs(script + "check '" + folder + "'"));
}
