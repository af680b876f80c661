//===- CodegenTest.cpp - what the code generator must be kept from --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Target.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/SourceMgr.h"
#include "gtest/gtest.h"

using namespace mlir::noodle;

namespace {

/// Assembly for AVX-512 of a function that truncates lanes of 32 bits to 16 and
/// stores those of `mask`.
std::string storing(const char *mask, int level) {
  std::string text = R"(
define void @f(<16 x i32> %v, ptr %p) {
  %t = trunc <16 x i32> %v to <16 x i16>
  call void @llvm.masked.store.v16i16.p0(<16 x i16> %t, ptr align 2 %p, <16 x i1> )";
  text += std::string(mask) +
          ")\n  ret void\n}\n"
          "declare void @llvm.masked.store.v16i16.p0(<16 x i16>, ptr, "
          "<16 x i1>)\n";
  llvm::LLVMContext context;
  llvm::SMDiagnostic error;
  auto module = llvm::parseAssemblyString(text, error, context);
  EXPECT_TRUE(module) << error.getMessage().str();
  auto target = CpuTarget::get("avx512");
  EXPECT_TRUE(bool(target));
  auto made = emitAssembly(*module, *target, level);
  EXPECT_TRUE(bool(made));
  return made ? *made : llvm::toString(made.takeError());
}

std::string lanes(unsigned bits) {
  std::string text = "<";
  for (unsigned k = 0; k < 16; ++k)
    text += std::string(k ? ", " : "") + "i1 " + (bits >> k & 1 ? "1" : "0");
  return text + ">";
}

/// Whether a store to `place` writes two bytes.
bool writesTwo(const std::string &code, const std::string &place) {
  size_t end = code.find(", " + place + "\n");
  if (end == std::string::npos)
    return false;
  std::string line = code.substr(code.rfind('\n', end) + 1);
  return line.starts_with("\tmovw") || line.starts_with("\tvpextrw");
}

TEST(Codegen, OneLaneIsStoredNarrow) {
  for (int level : {0, 1, 2, 3}) {
    std::string first = storing(lanes(1).c_str(), level);
    EXPECT_TRUE(writesTwo(first, "(%rdi)")) << first;
    // The tenth, 18 bytes on.
    std::string tenth = storing(lanes(1 << 9).c_str(), level);
    EXPECT_TRUE(writesTwo(tenth, "18(%rdi)")) << tenth;
    // Two are stored through a mask.
    std::string two = storing(lanes(3).c_str(), level);
    EXPECT_NE(two.find("{%k"), std::string::npos) << two;
  }
}

} // namespace
