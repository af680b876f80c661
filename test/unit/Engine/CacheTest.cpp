//===- CacheTest.cpp - kernels in memory and on disk ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TestPrograms.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

using namespace noodle;
using namespace noodle::engine;
using namespace noodle::engine::test;

static double addOnce(Engine &engine, const Kernel &kernel,
                      std::shared_ptr<const Kernel> owner) {
  double a = 2, b = 3;
  noodle_rt_tensor arguments[] = {scalar(NOODLE_RT_F64, &a),
                                  scalar(NOODLE_RT_F64, &b)};
  noodle_rt_tensor result[1];
  rt::Region region(engine.pool());
  Status status =
      call(engine.pool(), std::move(owner), "main", arguments, region, result);
  EXPECT_TRUE(status.ok()) << status.str();
  return status.ok() ? doubles(result[0])[0] : -1;
}

static std::shared_ptr<const Kernel> compileAdd(Engine &engine,
                                                CompileReport *report) {
  CompileOptions options;
  options.strict = true;
  std::shared_ptr<const Kernel> kernel;
  Status status = engine.compile(kAdd, options, kernel, report);
  EXPECT_TRUE(status.ok()) << status.str();
  EXPECT_EQ(addOnce(engine, *kernel, kernel), 5);
  return kernel;
}

static std::string readFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}
static void writeFile(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

static std::vector<std::string> filesIn(const std::string &folder) {
  std::vector<std::string> files;
  for (auto &entry : std::filesystem::directory_iterator(folder))
    files.push_back(entry.path());
  return files;
}

TEST(MemoryCache, SameProgramIsCompiledOnce) {
  auto engine = makeEngine();
  CompileReport first, second;
  auto one = compileAdd(*engine, &first), two = compileAdd(*engine, &second);
  EXPECT_EQ(one, two);
  EXPECT_EQ(first.source, "compiled");
  EXPECT_EQ(second.source, "memory cache");
  EXPECT_EQ(engine->stats().compiled, 1);
  EXPECT_EQ(engine->stats().memoryHits, 1);
}

TEST(MemoryCache, OptionsMakeOtherKernels) {
  auto engine = makeEngine();
  CompileOptions options;
  std::shared_ptr<const Kernel> one, two;
  ASSERT_TRUE(engine->compile(kAdd, options, one).ok());
  options.optLevel = 0;
  ASSERT_TRUE(engine->compile(kAdd, options, two).ok());
  EXPECT_NE(one, two);
}

TEST(MemoryCache, EvictsWhatWasUsedLongestAgo) {
  auto measure = makeEngine();
  int64_t size = compileAdd(*measure, nullptr)->footprint();
  EngineOptions options;
  options.cacheBytes = size * 5 / 2; // two kernels of this size
  auto engine = makeEngine(options);
  auto compile = [&](int level) {
    CompileOptions how;
    how.optLevel = level;
    CompileReport report;
    std::shared_ptr<const Kernel> kernel;
    EXPECT_TRUE(engine->compile(kAdd, how, kernel, &report).ok());
    EXPECT_EQ(addOnce(*engine, *kernel, kernel), 5);
    return report.source;
  };
  EXPECT_EQ(compile(0), "compiled");
  EXPECT_EQ(compile(1), "compiled");
  EXPECT_EQ(compile(0), "memory cache"); // 1 is now the oldest
  EXPECT_EQ(compile(2), "compiled");
  EXPECT_EQ(compile(0), "memory cache");
  EXPECT_EQ(compile(1), "compiled");
  EXPECT_EQ(engine->stats().kernels, 2);
  EXPECT_LE(engine->stats().kernelBytes, options.cacheBytes);
  EXPECT_EQ(engine->stats().evicted, 2);
}

TEST(DiskCache, SecondEngineCompilesNothing) {
  Folder folder;
  EngineOptions options;
  options.cacheDirectory = folder.path + "/deep/cache";
  compileAdd(*makeEngine(options), nullptr);
  struct stat info;
  ASSERT_EQ(::stat(options.cacheDirectory.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(filesIn(options.cacheDirectory).size(), 1u); // no leftovers

  auto engine = makeEngine(options);
  CompileReport report;
  compileAdd(*engine, &report);
  EXPECT_EQ(report.source, "disk cache");
  EXPECT_EQ(report.compileSeconds, 0);
  EXPECT_EQ(engine->stats().compiled, 0);
  EXPECT_EQ(engine->stats().diskHits, 1);
}

class DamagedCache : public ::testing::Test {
protected:
  void SetUp() override {
    options.cacheDirectory = folder.path + "/cache";
    options.log = [this](bool warning, std::string_view message) {
      if (warning)
        warnings.push_back(std::string(message));
    };
    compileAdd(*makeEngine(options), nullptr);
    auto files = filesIn(options.cacheDirectory);
    ASSERT_EQ(files.size(), 1u);
    file = files[0];
    good = readFile(file);
  }

  /// The changed file is refused, the kernel rebuilt and the file replaced.
  void expectRebuilt() {
    auto engine = makeEngine(options);
    CompileReport report;
    compileAdd(*engine, &report);
    EXPECT_EQ(report.source, "compiled");
    EXPECT_EQ(engine->stats().diskRefused, 1);
    EXPECT_EQ(warnings.size(), 1u);
    auto again = makeEngine(options);
    compileAdd(*again, &report);
    EXPECT_EQ(report.source, "disk cache");
    EXPECT_EQ(again->stats().diskRefused, 0);
  }

  Folder folder;
  EngineOptions options;
  std::vector<std::string> warnings;
  std::string file, good;
};

TEST_F(DamagedCache, CutFileIsRebuilt) {
  writeFile(file, good.substr(0, good.size() / 2));
  expectRebuilt();
}
TEST_F(DamagedCache, EmptyFileIsRebuilt) {
  writeFile(file, "");
  expectRebuilt();
}
TEST_F(DamagedCache, FlippedBitIsRebuilt) {
  std::string bytes = good;
  bytes[bytes.size() / 2] = char(bytes[bytes.size() / 2] ^ 4);
  writeFile(file, bytes);
  expectRebuilt();
}
TEST_F(DamagedCache, OtherFormatVersionIsRebuilt) {
  std::string bytes = good;
  ++bytes[8];
  writeFile(file, bytes);
  expectRebuilt();
}
TEST_F(DamagedCache, OtherCompilerIsRebuilt) {
  // Valid in itself, under the right name, but made by another build.
  Artifact artifact;
  ASSERT_TRUE(deserialize(good, artifact).ok());
  artifact.id.compiler += " of yesterday";
  writeFile(file, serialize(artifact));
  expectRebuilt();
  EXPECT_NE(warnings[0].find("another program or build"), std::string::npos);
}
TEST_F(DamagedCache, OtherProgramIsRebuilt) {
  Artifact artifact;
  ASSERT_TRUE(deserialize(good, artifact).ok());
  artifact.id.program += " ";
  writeFile(file, serialize(artifact));
  expectRebuilt();
}
TEST_F(DamagedCache, FolderInItsPlaceIsSurvived) {
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  auto engine = makeEngine(options);
  compileAdd(*engine, nullptr);
  EXPECT_EQ(engine->stats().diskRefused, 1);
  EXPECT_EQ(warnings.size(), 2u); // refused, and not to be replaced
}

TEST(DiskCache, FolderOpenToOthersIsRefused) {
  Folder folder;
  EngineOptions options;
  options.cacheDirectory = folder.path;
  ASSERT_EQ(::chmod(folder.path.c_str(), 0770), 0);
  std::shared_ptr<Engine> engine;
  Status status = Engine::create(options, engine);
  EXPECT_EQ(status.code, Code::IoError);
  EXPECT_NE(status.message.find("written to by others"), std::string::npos);
  EXPECT_EQ(engine, nullptr);
}

TEST(DiskCache, FileAsFolderIsRefused) {
  Folder folder;
  EngineOptions options;
  options.cacheDirectory = folder.path + "/file";
  writeFile(options.cacheDirectory, "x");
  std::shared_ptr<Engine> engine;
  EXPECT_FALSE(Engine::create(options, engine).ok());
}
