//===- WorkerTest.cpp - compilation in a child process ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TestPrograms.h"

using namespace noodle;
using namespace noodle::engine;
using namespace noodle::engine::test;

static const char kSelf[] = "/proc/self/exe"; // Main.cpp is the worker

TEST(Worker, GivesTheSameArtifact) {
  Artifact here, there;
  ASSERT_TRUE(compileArtifact(kSetFirst, {}, here).ok());
  Status status = compileInWorker(kSelf, kSetFirst, {}, {}, there);
  ASSERT_TRUE(status.ok()) << status.str();
  EXPECT_EQ(here.object, there.object);
  EXPECT_EQ(here.functions, there.functions);
  EXPECT_EQ(here.id, there.id);
}

TEST(Worker, ProgramErrorsComeBack) {
  Artifact artifact;
  Status status =
      compileInWorker(kSelf, "func.func @main() {", {}, {}, artifact);
  EXPECT_EQ(status.code, Code::InvalidProgram);
  EXPECT_EQ(status.place.substr(0, 8), "program:");
}

TEST(Worker, ItsDeathIsOneError) {
  Artifact artifact;
  WorkerLimits limits;
  limits.memoryBytes = 1 << 20; // not even the stack of the compile thread
  Status status = compileInWorker(kSelf, kAdd, {}, limits, artifact);
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.message, "");
}

TEST(Worker, WrongProgramsAreErrors) {
  Artifact artifact;
  EXPECT_EQ(compileInWorker("", kAdd, {}, {}, artifact).code,
            Code::InvalidArgument);
  EXPECT_EQ(compileInWorker("/no/such/worker", kAdd, {}, {}, artifact).code,
            Code::IoError);
  EXPECT_EQ(compileInWorker("/bin/true", kAdd, {}, {}, artifact).code,
            Code::Internal);
  // A worker that does not read: the request is larger than a socket holds.
  std::string large = std::string(kAdd) + std::string(8 << 20, '\n');
  EXPECT_EQ(compileInWorker("/bin/true", large, {}, {}, artifact).code,
            Code::Internal);
}

TEST(Worker, EngineUsesIt) {
  EngineOptions options;
  options.workerPath = kSelf;
  auto engine = makeEngine(options);
  std::shared_ptr<Program> program;
  Status status = Program::compile(engine, kAdd, {}, program, true);
  ASSERT_TRUE(status.ok()) << status.str();
  double a = 20, b = 22;
  noodle_rt_tensor arguments[] = {scalar(NOODLE_RT_F64, &a),
                                  scalar(NOODLE_RT_F64, &b)};
  noodle_rt_tensor results[1];
  rt::Region region(engine->pool());
  ASSERT_TRUE(program->call(arguments, region, results).ok());
  EXPECT_EQ(doubles(results[0])[0], 42);
}
