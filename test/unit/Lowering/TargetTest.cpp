//===- TargetTest.cpp - machine code for CPU levels, and its failures -----===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Target.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/Support/SourceMgr.h"
#include "gtest/gtest.h"

using namespace mlir::noodle;

namespace {

std::unique_ptr<llvm::Module> parse(const char *text,
                                    llvm::LLVMContext &context) {
  llvm::SMDiagnostic error;
  auto module = llvm::parseAssemblyString(text, error, context);
  EXPECT_TRUE(module) << error.getMessage().str();
  return module;
}

const char *kAdd = R"(
define void @add(ptr %a, ptr %b) {
  %x = load <16 x float>, ptr %a, align 64
  %y = load <16 x float>, ptr %b, align 64
  %s = fadd <16 x float> %x, %y
  store <16 x float> %s, ptr %a, align 64
  ret void
}
)";

TEST(Target, LevelsUseTheirRegisters) {
  struct {
    const char *level, *has, *lacks;
    int64_t bytes;
  } levels[] = {{"x86-64", "xmm", "ymm", 16},
                {"avx2", "ymm", "zmm", 32},
                {"avx512", "zmm", "ymm", 64}};
  for (auto &level : levels) {
    auto target = CpuTarget::get(level.level);
    ASSERT_TRUE(bool(target));
    EXPECT_EQ(target->vectorBytes, level.bytes);
    llvm::LLVMContext context;
    auto module = parse(kAdd, context);
    ASSERT_FALSE(bool(optimise(*module, *target, 2)));
    auto text = emitAssembly(*module, *target, 2);
    ASSERT_TRUE(bool(text));
    EXPECT_NE(text->find(level.has), std::string::npos) << level.level;
    EXPECT_EQ(text->find(level.lacks), std::string::npos) << level.level;
    auto object = emitObject(*module, *target, 2);
    ASSERT_TRUE(bool(object));
    EXPECT_EQ(llvm::StringRef(object->data(), 4), "\x7f"
                                                  "ELF");
  }
}

TEST(Target, HostIsNamedTheSameEachTime) {
  CpuTarget first = CpuTarget::host(), second = CpuTarget::host();
  EXPECT_EQ(first.cpu, second.cpu);
  EXPECT_EQ(first.features, second.features);
  EXPECT_TRUE(first.runsOnHost());
  auto base = CpuTarget::get("x86-64");
  ASSERT_TRUE(bool(base));
  EXPECT_TRUE(base->runsOnHost());
}

TEST(Target, UnknownLevelIsAnError) {
  auto target = CpuTarget::get("pentium");
  ASSERT_FALSE(bool(target));
  EXPECT_EQ(llvm::toString(target.takeError()),
            "unknown CPU 'pentium': use native, x86-64, avx2 or avx512");
}

TEST(Target, MalformedCodeIsAnError) {
  llvm::LLVMContext context;
  llvm::Module module("bad", context);
  auto *type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context), false);
  auto *function = llvm::Function::Create(
      type, llvm::GlobalValue::ExternalLinkage, "f", module);
  llvm::BasicBlock::Create(context, "entry", function); // no terminator
  auto object = emitObject(module, CpuTarget::host(), 2);
  ASSERT_FALSE(bool(object));
  EXPECT_NE(llvm::toString(object.takeError()).find("malformed LLVM IR"),
            std::string::npos);
}

/// Inline assembly that does not exist: LLVM reports it, and nothing is
/// printed and the process goes on.
TEST(Target, DiagnosedCodeIsAnError) {
  llvm::LLVMContext context;
  auto module = parse(R"(
define void @f() {
  call void asm sideeffect "no such instruction", ""()
  ret void
}
)",
                      context);
  testing::internal::CaptureStderr();
  auto object = emitObject(*module, CpuTarget::host(), 2);
  std::string printed = testing::internal::GetCapturedStderr();
  ASSERT_FALSE(bool(object));
  EXPECT_NE(llvm::toString(object.takeError()).find("code generation failed"),
            std::string::npos);
  EXPECT_EQ(printed, "");
}

} // namespace
