//===- FilesTest.cpp - paths, standard streams, failing writes ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <thread>

using namespace noodle::rt::io;

namespace {
class Files : public FolderTest {
protected:
  void SetUp() override {
    FolderTest::SetUp();
    coo.rows = coo.cols = 2;
    coo.row = {0};
    coo.col = {1};
    coo.reals = {2.5};
  }
  Coo coo;
  const std::string text = "%%MatrixMarket matrix coordinate real general\n"
                           "2 2 1\n1 2 2.5\n";
};

/// Puts `fd` in the place of standard input or output for a while.
class Redirected {
public:
  Redirected(int fd, int place) : place(place), saved(dup(place)) {
    dup2(fd, place);
  }
  ~Redirected() {
    dup2(saved, place);
    close(saved);
  }

private:
  int place, saved;
};

bool mentions(const Error &error, const std::string &text) {
  return error.str().find(text) != std::string::npos;
}
} // namespace

TEST_F(Files, WriteReplacesAndKeepsTheMode) {
  std::ofstream(path("a.mtx")) << "old";
  ASSERT_EQ(chmod(path("a.mtx").c_str(), 0640), 0);
  Error error = writeMtx(path("a.mtx"), coo);
  ASSERT_TRUE(error.ok()) << error.str();
  EXPECT_EQ(readFile(path("a.mtx")), text);
  struct stat info;
  ASSERT_EQ(stat(path("a.mtx").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  EXPECT_EQ(filesInFolder(), 1);
  Coo again;
  ASSERT_TRUE(readMtx(path("a.mtx"), again).ok());
  expectSame(coo, again);
}

TEST_F(Files, WriteGoesThroughALink) {
  std::ofstream(path("real.mtx")) << "old";
  ASSERT_EQ(symlink("real.mtx", path("link.mtx").c_str()), 0);
  ASSERT_TRUE(writeMtx(path("link.mtx"), coo).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.mtx")));
  EXPECT_EQ(readFile(path("real.mtx")), text);
}

TEST_F(Files, FailedWriteLeavesNothing) {
  std::ofstream(path("a.mtx")) << "old";
  coo.row = {5};
  Error error = writeMtx(path("a.mtx"), coo);
  EXPECT_TRUE(mentions(error, "out of range")) << error.str();
  EXPECT_EQ(readFile(path("a.mtx")), "old");
  EXPECT_EQ(filesInFolder(), 1);
}

TEST_F(Files, UncommittedOutputLeavesNothing) {
  {
    std::unique_ptr<Output> output;
    ASSERT_TRUE(openOutput(path("a.mtx"), output).ok());
    ASSERT_TRUE(writeMtx(*output, coo).ok());
    EXPECT_FALSE(std::filesystem::exists(path("a.mtx")));
  }
  EXPECT_EQ(filesInFolder(), 0);
}

TEST_F(Files, UnwritablePathsAreNamed) {
  Error error = writeMtx(path("none/a.mtx"), coo);
  EXPECT_EQ(error.str(),
            path("none/a.mtx") + ": cannot write: No such file or directory");
  EXPECT_TRUE(mentions(writeMtx(folder, coo), "it is a folder"));
  EXPECT_TRUE(mentions(writeMtx(path("x/"), coo), "file name is missing"));
  EXPECT_TRUE(mentions(writeMtx("", coo), "path is empty"));
  EXPECT_TRUE(mentions(writeMtx(std::string("a\0b", 3), coo), "zero byte"));
  EXPECT_TRUE(mentions(writeMtx(path(std::string(300, 'n')), coo),
                       "File name too long"));
  std::ofstream(path("file")) << "x";
  EXPECT_TRUE(mentions(writeMtx(path("file/a.mtx"), coo), "Not a directory"));
  EXPECT_EQ(filesInFolder(), 1);
}

TEST_F(Files, FullDeviceIsReported) {
  if (access("/dev/full", W_OK) != 0)
    GTEST_SKIP() << "SKIPPED: no /dev/full";
  Error error = writeMtx("/dev/full", coo);
  EXPECT_EQ(error.str(), "/dev/full: cannot write: No space left on device");
}

TEST_F(Files, UnreadablePathsAreNamed) {
  Coo result;
  EXPECT_EQ(readMtx(path("none.mtx"), result).str(),
            path("none.mtx") + ": cannot open: No such file or directory");
  EXPECT_TRUE(mentions(readMtx(folder, result), "is a folder"));
  EXPECT_TRUE(mentions(readMtx("", result), "path is empty"));
  EXPECT_TRUE(mentions(readMtx(std::string("a\0b", 3), result), "zero byte"));
  Array array;
  EXPECT_TRUE(mentions(readNpy(path("none.npy"), array), "cannot open"));
}

TEST_F(Files, DashIsStandardInput) {
  // A redirected file is read from where it stands.
  std::ofstream(path("in")) << "skipped" << text;
  int fd = open(path("in").c_str(), O_RDONLY);
  ASSERT_EQ(lseek(fd, 7, SEEK_SET), 7);
  Coo result;
  Error error;
  {
    Redirected in(fd, 0);
    error = readMtx("-", result);
  }
  close(fd);
  ASSERT_TRUE(error.ok()) << error.str();
  expectSame(coo, result);
  EXPECT_EQ(result.source, "<stdin>");
}

TEST_F(Files, StandardOutputIsWrittenWhereItStands) {
  for (const char *name : {"-", "/dev/stdout", "/dev/fd/1"}) {
    int fd = open(path("out").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    ASSERT_EQ(write(fd, "head\n", 5), 5);
    fflush(stdout);
    Error error;
    {
      Redirected out(fd, 1);
      error = writeMtx(name, coo);
    }
    close(fd);
    ASSERT_TRUE(error.ok()) << error.str();
    EXPECT_EQ(readFile(path("out")), "head\n" + text) << name;
    EXPECT_EQ(filesInFolder(), 1);
  }
}

TEST_F(Files, NamedPipesCarryBothWays) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  Error written;
  std::thread writer([&] { written = writeMtx(path("pipe"), coo); });
  Coo result;
  Error error = readMtx(path("pipe"), result);
  writer.join();
  ASSERT_TRUE(written.ok()) << written.str();
  ASSERT_TRUE(error.ok()) << error.str();
  expectSame(coo, result);
  EXPECT_EQ(filesInFolder(), 1);
}

TEST_F(Files, ClosedDescriptorIsReported) {
  EXPECT_TRUE(mentions(writeMtx("/dev/fd/987", coo), "Bad file descriptor"));
}
