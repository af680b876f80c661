//===- CompileTools.h - what compilations leave --------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_COMPILETOOLS_H
#define NOODLE_LIB_ENGINE_COMPILETOOLS_H

#include "noodle/Algebra/OrderCache.h"
#include "noodle/Engine/Compiler.h"
#include "noodle/Target/Target.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <map>
#include <mutex>

namespace noodle::engine {

/// A context with dialects loaded, the passes that last ran in it, and code
/// generators. Loading, building patterns and describing the CPU take as long
/// as compiling a small program. Used by one compilation at a time.
struct ToolSet {
  ToolSet();

  /// The code generator for a CPU at a level.
  llvm::Expected<mlir::noodle::CodeGenerator *>
  generator(const mlir::noodle::CpuTarget &target, int optLevel);

  mlir::MLIRContext context;
  /// Their options; the passes go before the context.
  std::string passesKey;
  std::unique_ptr<mlir::PassManager> passes;
  std::map<std::string, std::unique_ptr<mlir::noodle::CodeGenerator>>
      generators;
  /// The store's, which all its sets share; null: there is none.
  std::shared_ptr<mlir::noodle::OrderCache> orders;
  int uses = 0;
};

struct CompileTools::Impl {
  std::unique_ptr<ToolSet> take();
  void giveBack(std::unique_ptr<ToolSet> set);

  const std::shared_ptr<mlir::noodle::OrderCache> orders =
      std::make_shared<mlir::noodle::OrderCache>();

private:
  std::mutex mutex; // guards idle
  std::vector<std::unique_ptr<ToolSet>> idle;
};

/// The tools of one compilation; without a store, new ones.
class BorrowedTools {
public:
  explicit BorrowedTools(CompileTools *store);
  ~BorrowedTools();
  BorrowedTools(const BorrowedTools &) = delete;
  BorrowedTools &operator=(const BorrowedTools &) = delete;

  ToolSet &operator*() const { return *set; }
  ToolSet *operator->() const { return set.get(); }
  /// They are given back when this goes. Not called after a failure, which may
  /// leave passes half-way, nor for programs that leave much behind.
  void keep() { kept = true; }

private:
  CompileTools *store;
  std::unique_ptr<ToolSet> set;
  bool kept = false;
};

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_COMPILETOOLS_H
