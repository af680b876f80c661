//===- CompileTools.cpp - what a compilation leaves for the next ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "CompileTools.h"

#include "noodle/InitAll.h"
#include "noodle/Target/Nvptx.h"

namespace noodle::engine {

/// A context never forgets a type, an attribute or a location: after so many
/// compilations it is dropped. A guess: each leaves some tens of KiB.
static constexpr int kUses = 32;
/// More than this many compilations at once are rare. A guess.
static constexpr size_t kIdle = 2;

static mlir::DialectRegistry makeRegistry() {
  mlir::DialectRegistry registry;
  mlir::noodle::registerNoodleDialects(registry);
  mlir::noodle::registerTranslations(registry);
  mlir::noodle::registerDeviceTranslations(registry);
  return registry;
}

// A job compiles one module with few functions on its own thread: threads
// inside a context would cost more than they bring.
ToolSet::ToolSet()
    : context(makeRegistry(), mlir::MLIRContext::Threading::DISABLED) {
  context.printOpOnDiagnostic(false);
}

llvm::Expected<mlir::noodle::CodeGenerator *>
ToolSet::generator(const mlir::noodle::CpuTarget &target, int optLevel) {
  std::string key =
      target.cpu + " " + target.features + " " + std::to_string(optLevel);
  std::unique_ptr<mlir::noodle::CodeGenerator> &found = generators[key];
  if (!found) {
    auto made = mlir::noodle::CodeGenerator::create(target, optLevel);
    if (!made)
      return made.takeError();
    found = std::move(*made);
  }
  return found.get();
}

std::unique_ptr<ToolSet> CompileTools::Impl::take() {
  {
    std::lock_guard lock(mutex);
    if (!idle.empty()) {
      std::unique_ptr<ToolSet> set = std::move(idle.back());
      idle.pop_back();
      return set;
    }
  }
  auto set = std::make_unique<ToolSet>();
  set->orders = orders;
  return set;
}

void CompileTools::Impl::giveBack(std::unique_ptr<ToolSet> set) {
  if (++set->uses >= kUses)
    return;
  std::lock_guard lock(mutex);
  if (idle.size() < kIdle)
    idle.push_back(std::move(set));
}

CompileTools::CompileTools() : self(std::make_unique<Impl>()) {}
CompileTools::~CompileTools() = default;

BorrowedTools::BorrowedTools(CompileTools *store)
    : store(store),
      set(store ? store->impl().take() : std::make_unique<ToolSet>()) {}

BorrowedTools::~BorrowedTools() {
  if (store && kept)
    store->impl().giveBack(std::move(set));
}

} // namespace noodle::engine
