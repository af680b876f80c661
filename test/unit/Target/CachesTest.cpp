//===- CachesTest.cpp - cache sizes as the system tells them --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Caches.h"
#include "noodle/Cost/MachineModel.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"
#include <fstream>

using namespace mlir::noodle;

namespace {

class Caches : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("caches", folder));
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  /// Null: there is no such file.
  void add(int index, const char *level, const char *type, const char *size) {
    std::string path =
        folder.str().str() + "/index" + std::to_string(index) + "/";
    ASSERT_FALSE(llvm::sys::fs::create_directory(path));
    auto write = [&](const char *name, const char *text) {
      if (text)
        std::ofstream(path + name) << text << "\n";
    };
    write("level", level);
    write("type", type);
    write("size", size);
  }

  llvm::SmallString<128> folder;
};

TEST_F(Caches, AreThoseOfData) {
  add(0, "1", "Data", "48K");
  add(1, "1", "Instruction", "64K");
  add(2, "2", "Unified", "2048K");
  add(3, "3", "Unified", "32M");
  EXPECT_EQ(readCaches(folder), "l1=49152,l2=2097152,l3=33554432");

  MachineModel model = MachineModel::of(64, "avx512vnni," + readCaches(folder));
  EXPECT_EQ(model.l1Bytes, 48 << 10);
  EXPECT_EQ(model.l2Bytes, 2 << 20);
  EXPECT_EQ(model.l3Bytes, 32 << 20);
  EXPECT_TRUE(model.dotI8);
  EXPECT_FALSE(model.dotBf16);
}

TEST_F(Caches, WithoutAUnitAreBytes) {
  add(0, "1", "Data", "32768");
  add(1, "3", "Unified", "1G");
  EXPECT_EQ(readCaches(folder), "l1=32768,l3=1073741824");
}

TEST_F(Caches, ThatAreMissingAreLeftOut) {
  EXPECT_EQ(readCaches(folder), "");
  EXPECT_EQ(readCaches(folder.str().str() + "/none"), "");
  add(1, "1", nullptr, "32K"); // no type: not known to be of instructions
  add(2, nullptr, "Unified", "1M");
  add(3, "3", "Unified", nullptr);
  add(5, "4", "Unified", "64M");
  EXPECT_EQ(readCaches(folder), "l1=32768,l4=67108864");
}

TEST_F(Caches, ThatMakeNoSenseAreLeftOut) {
  add(0, "one", "Data", "32K");
  add(1, "0", "Data", "32K");
  add(2, "1", "Data", "K");
  add(3, "1", "Data", "-4K");
  add(4, "1", "Data", "0K");
  add(5, "2", "Unified", "99999999999999999999K");
  add(6, "2", "Unified", "9999999999999999K"); // no room for the unit
  add(7, "3", "Unified", "3.5M");
  EXPECT_EQ(readCaches(folder), "");
}

TEST(MachineModelFeatures, KeepTheDefaultOfWhatIsNotBelieved) {
  MachineModel plain, model = MachineModel::of(64, "l1=16,l2=,xl3=8388608");
  EXPECT_EQ(model.l1Bytes, plain.l1Bytes);
  EXPECT_EQ(model.l2Bytes, plain.l2Bytes);
  EXPECT_EQ(model.l3Bytes, plain.l3Bytes);
  model = MachineModel::of(64, "l1=99999999999999999999999,l2=524288");
  EXPECT_EQ(model.l1Bytes, plain.l1Bytes);
  EXPECT_EQ(model.l2Bytes, 512 << 10);
}

} // namespace
