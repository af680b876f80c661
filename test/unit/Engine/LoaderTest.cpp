//===- LoaderTest.cpp - kernels get the listed symbols and no others --===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Loader.h"

#include "noodle-rt/ir.h"
#include "noodle/Target/Target.h"

#include "llvm/IRReader/IRReader.h"
#include "llvm/Support/SourceMgr.h"

#include <gtest/gtest.h>

using namespace noodle::engine;

/// Object code of LLVM IR text.
static std::string compile(const std::string &text) {
  llvm::LLVMContext context;
  llvm::SMDiagnostic diagnostic;
  auto module =
      llvm::parseIR(llvm::MemoryBufferRef(text, "test"), diagnostic, context);
  EXPECT_TRUE(module) << diagnostic.getMessage().str();
  auto target = mlir::noodle::CpuTarget::host();
  auto error = mlir::noodle::optimise(*module, target, 0);
  EXPECT_FALSE(bool(error));
  auto object = mlir::noodle::emitObject(*module, target, 0);
  EXPECT_TRUE(bool(object));
  return std::string(object->data(), object->size());
}

static std::string addressOf(const std::string &name) {
  return "declare void @" + name +
         "()\n"
         "define ptr @entry() {\n  ret ptr @" +
         name + "\n}\n";
}

TEST(Loader, RunsCode) {
  std::unique_ptr<LoadedCode> code;
  Status status = LoadedCode::load(
      compile("define i32 @entry(i32 %a) {\n  %b = add i32 %a, 1\n"
              "  ret i32 %b\n}\n"),
      code);
  ASSERT_TRUE(status.ok()) << status.str();
  auto entry = reinterpret_cast<int (*)(int)>(code->find("entry"));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry(41), 42);
  EXPECT_EQ(code->find("other"), nullptr);
}

TEST(Loader, BindsEveryListedSymbol) {
#define NOODLE_IR_SYMBOL(name)                                                 \
  {                                                                            \
    std::unique_ptr<LoadedCode> code;                                          \
    Status status = LoadedCode::load(compile(addressOf(#name)), code);         \
    ASSERT_TRUE(status.ok()) << status.str();                                  \
    auto entry = reinterpret_cast<void *(*)()>(code->find("entry"));           \
    EXPECT_EQ(entry(), reinterpret_cast<void *>(&::name)) << #name;            \
  }
#define NOODLE_C_SYMBOL(name)                                                  \
  {                                                                            \
    std::unique_ptr<LoadedCode> code;                                          \
    Status status = LoadedCode::load(compile(addressOf(#name)), code);         \
    ASSERT_TRUE(status.ok()) << status.str();                                  \
    auto entry = reinterpret_cast<void *(*)()>(code->find("entry"));           \
    EXPECT_NE(entry(), nullptr) << #name;                                      \
  }
#include "noodle-rt/ir_symbols.def"
}

TEST(Loader, UnboundSymbolsFailByName) {
  // In this process, but not on the list: nothing resolves by luck.
  for (const char *name : {"getenv", "abort", "puts", "malloc", "no_such"}) {
    std::unique_ptr<LoadedCode> code;
    Status status = LoadedCode::load(compile(addressOf(name)), code);
    EXPECT_FALSE(status.ok()) << name;
    EXPECT_NE(status.message.find(std::string("'") + name + "'"),
              std::string::npos)
        << status.message;
    EXPECT_EQ(code, nullptr);
  }
}

TEST(Loader, DamagedObjectsFail) {
  std::string object = compile(addressOf("memcpy"));
  std::unique_ptr<LoadedCode> code;
  EXPECT_FALSE(LoadedCode::load("", code).ok());
  EXPECT_FALSE(LoadedCode::load("no object", code).ok());
  EXPECT_FALSE(LoadedCode::load(object.substr(0, 70), code).ok());
}

TEST(Loader, LoadsAfterAFailure) {
  std::unique_ptr<LoadedCode> code;
  EXPECT_FALSE(LoadedCode::load(compile(addressOf("no_such")), code).ok());
  EXPECT_TRUE(LoadedCode::load(compile(addressOf("memset")), code).ok());
}
