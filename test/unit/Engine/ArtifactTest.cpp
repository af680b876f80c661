//===- ArtifactTest.cpp - artifacts survive, damage is found ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Artifact.h"

#include <gtest/gtest.h>

using namespace noodle::engine;

static Artifact sample() {
  Artifact artifact;
  artifact.id = {1, "compiler", "cpu +avx2", "O=2", "func.func @main"};
  artifact.name = "a.mlir";
  artifact.object = std::string("\x7f"
                                "ELF\0binary",
                                11);
  TensorType csr{NOODLE_RT_CSR, NOODLE_RT_F32, 4, 8, {-1, 7}};
  TensorType point{NOODLE_RT_SCALAR, NOODLE_RT_INDEX, 0, 0, {}};
  TensorType bsr{NOODLE_RT_BSR, NOODLE_RT_F32, 4, 8, {-1, 7}, 2, 7};
  // The columns of parameter and result are one space.
  artifact.functions = {{"main",
                         {csr, point, bsr},
                         {csr},
                         {{{0, 0, 1}, {1, 0, 1}}},
                         {"a CSR matrix has positions of all"}},
                        {"empty", {}, {}, {}, {}}};
  Site site;
  site.id = 3;
  site.op = "contract";
  site.place = "a.mlir:1:2";
  site.flops = {{2.0, {0, 1}}, {1.0, {}}};
  site.sizes = {"m", "n"};
  artifact.sites = {site};
  artifact.references = {"module {}"};
  artifact.phases = {{"parse", 0.5}};
  return artifact;
}

TEST(Artifact, SurvivesSerialization) {
  Artifact artifact = sample(), read;
  ASSERT_TRUE(deserialize(serialize(artifact), read).ok());
  EXPECT_EQ(read.id, artifact.id);
  EXPECT_EQ(read.name, artifact.name);
  EXPECT_EQ(read.object, artifact.object);
  EXPECT_EQ(read.functions, artifact.functions);
  EXPECT_EQ(read.sites, artifact.sites);
  EXPECT_EQ(read.references, artifact.references);
  EXPECT_EQ(read.phases, artifact.phases);
  EXPECT_EQ(serialize(read), serialize(artifact));
}

TEST(Artifact, EveryCutIsRefused) {
  std::string bytes = serialize(sample());
  for (size_t length = 0; length < bytes.size(); ++length) {
    Artifact read;
    EXPECT_FALSE(deserialize(bytes.substr(0, length), read).ok()) << length;
  }
  Artifact read;
  EXPECT_FALSE(deserialize(bytes + "x", read).ok());
}

TEST(Artifact, EveryFlippedBitIsRefused) {
  const std::string bytes = serialize(sample());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = char(changed[bit / 8] ^ (1 << bit % 8));
    Artifact read;
    EXPECT_FALSE(deserialize(changed, read).ok()) << bit;
  }
}

TEST(Artifact, AnotherFormatVersionSaysSo) {
  std::string bytes = serialize(sample());
  ++bytes[8];
  Artifact read;
  EXPECT_EQ(deserialize(bytes, read).message,
            "a kernel file has another format version");
}

TEST(Artifact, ImpossibleTypesAreRefused) {
  Artifact artifact = sample(), read;
  artifact.functions[0].parameters[0].extents = {1, 2, 3};
  EXPECT_FALSE(deserialize(serialize(artifact), read).ok());
  artifact = sample();
  artifact.functions[0].parameters[1].element = 77;
  EXPECT_FALSE(deserialize(serialize(artifact), read).ok());
  artifact = sample();
  artifact.functions[0].parameters[0].positionWidth = 3;
  EXPECT_FALSE(deserialize(serialize(artifact), read).ok());
  artifact = sample();
  artifact.functions[0].parameters[2].blockRows = 0;
  EXPECT_FALSE(deserialize(serialize(artifact), read).ok());
  artifact = sample();
  artifact.functions[0].spaces[0][1].dimension = 2;
  EXPECT_FALSE(deserialize(serialize(artifact), read).ok());
  artifact = sample();
  artifact.functions[0].spaces[0][1].index = 1;
  EXPECT_FALSE(deserialize(serialize(artifact), read).ok());
  artifact = sample();
  artifact.object.clear();
  EXPECT_FALSE(deserialize(serialize(artifact), read).ok());
}

TEST(Artifact, KeysDifferWithEveryField) {
  Identification id = sample().id;
  std::string key = keyOf(id);
  EXPECT_EQ(key.size(), 64u);
  auto differs = [&](auto change) {
    Identification other = id;
    change(other);
    return keyOf(other) != key;
  };
  EXPECT_TRUE(differs([](auto &other) { ++other.abiVersion; }));
  EXPECT_TRUE(differs([](auto &other) { other.compiler += "x"; }));
  EXPECT_TRUE(differs([](auto &other) { other.cpu += "x"; }));
  EXPECT_TRUE(differs([](auto &other) { other.options += "x"; }));
  EXPECT_TRUE(differs([](auto &other) { other.program += "x"; }));
  // Lengths are part of what is hashed.
  EXPECT_TRUE(differs([](auto &other) {
    other.program = other.options.back() + other.program;
    other.options.pop_back();
  }));
}
