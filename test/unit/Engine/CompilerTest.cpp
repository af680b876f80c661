//===- CompilerTest.cpp - programs are accepted or refused with a place -===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TestPrograms.h"

using namespace noodle;
using namespace noodle::engine;
using namespace noodle::engine::test;

static Status compileText(const std::string &text,
                          CompileOptions options = {}) {
  Artifact artifact;
  return compileArtifact(text, options, artifact);
}

static std::string errorOf(const std::string &text) {
  Status status = compileText(text);
  EXPECT_EQ(status.code, Code::InvalidProgram) << status.str();
  EXPECT_EQ(status.message.find('\n'), std::string::npos);
  return status.str();
}

TEST(Compiler, ArtifactHasSignaturesAndCode) {
  Artifact artifact;
  Status status = compileArtifact(R"(
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32}>
func.func @main(%a: tensor<?x4xf32>, %s: tensor<3x?xi1, #csr>, %k: index)
    -> (tensor<?x4xf32>, i64) {
  %r = func.call @helper() : () -> i64
  return %a, %r : tensor<?x4xf32>, i64
}
func.func private @helper() -> i64 {
  %c = arith.constant 7 : i64
  return %c : i64
}
func.func @other() { return })",
                                  {}, artifact);
  ASSERT_TRUE(status.ok()) << status.str();
  ASSERT_EQ(artifact.functions.size(), 2u);
  const Signature &main = artifact.functions[0];
  EXPECT_EQ(main.name, "main");
  ASSERT_EQ(main.parameters.size(), 3u);
  EXPECT_EQ(main.parameters[0].str(), "tensor<?x4xf32>");
  EXPECT_EQ(main.parameters[1].str(), "csr tensor<3x?xi1>");
  EXPECT_EQ(main.parameters[1].positionWidth, 4);
  EXPECT_EQ(main.parameters[1].coordinateWidth, 8);
  EXPECT_EQ(main.parameters[2].str(), "index");
  EXPECT_EQ(main.results[1].str(), "i64");
  EXPECT_EQ(artifact.functions[1].name, "other");
  EXPECT_EQ(artifact.fallback, "");
  EXPECT_FALSE(artifact.object.empty());
}

TEST(Compiler, EqualInputsGiveEqualCode) {
  Artifact one, two;
  ASSERT_TRUE(compileArtifact(kSetFirst, {}, one).ok());
  ASSERT_TRUE(compileArtifact(kSetFirst, {}, two).ok());
  EXPECT_EQ(one.object, two.object);
  EXPECT_EQ(one.id, two.id);
}

TEST(Compiler, ErrorsHaveAPlace) {
  EXPECT_EQ(errorOf("func.func @main() { return %x : f64 }"),
            "program:1:28: error: use of undeclared SSA value name");
  EXPECT_EQ(errorOf("func.func @main() {\n  return\n"),
            "program:2:9: error: expected operation name in quotes");
  EXPECT_EQ(errorOf("func.func @f() { return }\nfunc.func private @g() { "
                    "return }"),
            "program:1:1: error: the program has no function @main; its "
            "public functions are @f");
  EXPECT_EQ(errorOf("func.func private @main(f64)"),
            "program:1:1: error: function @main has no body");
  EXPECT_EQ(errorOf("func.func @main(%a: vector<4xf64>) { return }"),
            "program:1:1: error: function @main has a parameter 0 of type "
            "vector<4xf64>, which no host can pass; private functions may "
            "have such types");
}

TEST(Compiler, RecursionIsRefused) {
  EXPECT_NE(errorOf("func.func @main() {\n  func.call @f() : () -> ()\n"
                    "  return\n}\n"
                    "func.func private @f() {\n  func.call @main() : () -> ()\n"
                    "  return\n}")
                .find("error: "),
            std::string::npos);
}

TEST(Compiler, OpsAndAttributesThatReachMemoryAreRefused) {
  EXPECT_NE(errorOf("func.func @main() {\n"
                    "  %m = memref.alloc() : memref<4xf64>\n  return\n}")
                .find("program:2:8: error: 'memref.alloc' is not accepted"),
            std::string::npos);
  EXPECT_EQ(errorOf("func.func @main(%a: tensor<4xf64> "
                    "{bufferization.writable = true}) { return }"),
            "program:1:1: error: attribute 'bufferization.writable' is not for "
            "programs");
}

TEST(Limits, NestingIsCountedBeforeParsing) {
  std::string deep(size_t(kMaxNesting) + 1, '(');
  EXPECT_EQ(errorOf("func.func @main() " + deep),
            "program:1:1019: error: brackets nest deeper than 1000");
  for (const char *bracket : {"[", "{", "<", "(<[{"}) {
    std::string text;
    while (text.size() < 100000)
      text += bracket;
    EXPECT_NE(errorOf(text).find("brackets nest deeper"), std::string::npos);
  }
}

TEST(Limits, StringsAndCommentsDoNotNest) {
  std::string many(5000, '(');
  EXPECT_TRUE(
      checkLimits("// " + many + "\n\"" + many + "\\\"" + many + "\"", "p")
          .ok());
  // An open string ends with its line, so it hides nothing.
  EXPECT_FALSE(checkLimits("\"\n" + many, "p").ok());
  EXPECT_FALSE(checkLimits("\"\\\\\"" + many, "p").ok());
}

TEST(Limits, ArrowsAndComparisonsDoNotNest) {
  std::string text;
  for (int k = 0; k < 5000; ++k)
    text += "a -> b <= c >= d ";
  EXPECT_TRUE(checkLimits(text, "p").ok());
}

TEST(Limits, LongExpressionsAreRefused) {
  std::string chain = "affine_map<(d0) -> (d0";
  for (int k = 0; k < 2000; ++k)
    chain += " + d0";
  EXPECT_NE(errorOf(chain + ")>").find("more than 1000 operators"),
            std::string::npos);
  EXPECT_NE(errorOf("affine_map<(d0) -> (" + std::string(100000, '-') + "d0)>")
                .find("more than 1000 operators"),
            std::string::npos);
}

TEST(Limits, SizeIsLimited) {
  EXPECT_FALSE(checkLimits(std::string(kMaxProgramBytes + 1, ' '), "p").ok());
}

TEST(Options, UnknownValuesAreRefused) {
  auto refused = [](auto change) {
    CompileOptions options;
    change(options);
    return compileText(kAdd, options).code == Code::InvalidArgument;
  };
  EXPECT_TRUE(refused([](auto &o) { o.strategy = "magic"; }));
  EXPECT_TRUE(refused([](auto &o) { o.fp = "loose"; }));
  EXPECT_TRUE(refused([](auto &o) { o.cpu = "z80"; }));
  EXPECT_TRUE(refused([](auto &o) { o.optLevel = 4; }));
  EXPECT_FALSE(refused([](auto &o) { o.cpu = "x86-64"; }));
}

TEST(Emit, PhasesPrintAndUnknownOnesAreNamed) {
  for (const std::string &phase : phaseNames()) {
    std::string text;
    CompileOptions options;
    bool device = phase == "gpu" || phase == "nvvm" || phase == "ptx";
    if (device)
      options.target = "cuda";
    Status status = emitPhase(kAdd, options, phase, text);
    EXPECT_TRUE(status.ok()) << phase << ": " << status.str();
    EXPECT_NE(text.find(device ? "no op" : "main"), std::string::npos) << phase;
  }
  std::string text;
  EXPECT_EQ(emitPhase(kAdd, {}, "bogus", text).code, Code::InvalidArgument);
}

TEST(Emit, ReproducerHoldsProgramAndPipeline) {
  std::string text;
  ASSERT_TRUE(makeReproducer(kAdd, {}, text).ok());
  EXPECT_NE(text.find("arith.addf"), std::string::npos);
  EXPECT_NE(text.find("pipeline: \"builtin.module("), std::string::npos);
}

TEST(StatusText, PlacesAreSplitOff) {
  Status status = Status::placed(Code::CheckFailed, "a b.mlir:12:3: too big");
  EXPECT_EQ(status.place, "a b.mlir:12:3");
  EXPECT_EQ(status.message, "too big");
  EXPECT_EQ(status.str(), "a b.mlir:12:3: error: too big");
  EXPECT_EQ(Status::placed(Code::CheckFailed, "12:3: x").place, "");
  EXPECT_EQ(Status::placed(Code::CheckFailed, "no place: x:1").message,
            "no place: x:1");
}
