//===- Loader.cpp - object code into this process ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// JITLink without an ORC session: a kernel is one object that needs a handful
// of absolute symbols, so there is nothing to look up, to materialise lazily or
// to run on other threads. No perf or debugger listener, no eh-frames (kernels
// do not unwind), no memory that is writable and executable at once.
//
//===----------------------------------------------------------------------===//
#include "Loader.h"

#include "noodle-rt/ir.h"

#include "llvm/ExecutionEngine/JITLink/ELF_x86_64.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/Support/Process.h"

// Declared under other names, since the headers of libc overload some of them.
#define NOODLE_C_SYMBOL(name)                                                  \
  extern "C" void noodle_bound_##name() __asm__(#name);
#include "noodle-rt/ir_symbols.def"

namespace noodle::engine {

using namespace llvm::jitlink;

namespace {

const llvm::StringMap<void *> &boundSymbols() {
  static const llvm::StringMap<void *> table = [] {
    llvm::StringMap<void *> symbols;
#define NOODLE_IR_SYMBOL(name)                                                 \
  symbols[#name] = reinterpret_cast<void *>(&::name);
#define NOODLE_C_SYMBOL(name)                                                  \
  symbols[#name] = reinterpret_cast<void *>(&noodle_bound_##name);
#include "noodle-rt/ir_symbols.def"
    return symbols;
  }();
  return table;
}

} // namespace

/// Lives while one object is linked; `link` consumes it.
class LinkContext : public JITLinkContext {
public:
  LinkContext(LoadedCode &code, std::string &failure)
      : JITLinkContext(nullptr), code(code), failure(failure) {}

  JITLinkMemoryManager &getMemoryManager() override { return code.memory; }

  void notifyFailed(llvm::Error error) override {
    failure = llvm::toString(std::move(error));
  }

  void lookup(const LookupMap &wanted,
              std::unique_ptr<JITLinkAsyncLookupContinuation> next) override {
    AsyncLookupResult found;
    for (const auto &[name, flags] : wanted) {
      auto bound = boundSymbols().find(*name);
      if (bound == boundSymbols().end())
        return next->run(llvm::createStringError(
            "the kernel calls '" + llvm::Twine(*name) +
            "', which is not among the symbols that kernels may call"));
      if ((*name).starts_with("noodle_ir_"))
        code.calls.insert(*name);
      found[name] = {llvm::orc::ExecutorAddr::fromPtr(bound->second),
                     llvm::JITSymbolFlags::Exported |
                         llvm::JITSymbolFlags::Callable};
    }
    next->run(std::move(found));
  }

  llvm::Error notifyResolved(LinkGraph &graph) override {
    for (Symbol *symbol : graph.defined_symbols())
      if (symbol->hasName() && symbol->getScope() != Scope::Local)
        code.symbols[*symbol->getName()] = symbol->getAddress().toPtr<void *>();
    for (Block *block : graph.blocks())
      code.size += block->getSize();
    return llvm::Error::success();
  }

  void
  notifyFinalized(JITLinkMemoryManager::FinalizedAlloc allocation) override {
    code.allocation = std::move(allocation);
  }

private:
  LoadedCode &code;
  std::string &failure;
};

LoadedCode::LoadedCode() : memory(llvm::sys::Process::getPageSizeEstimate()) {}

LoadedCode::~LoadedCode() {
  if (allocation)
    llvm::consumeError(memory.deallocate(std::move(allocation)));
}

Status LoadedCode::load(std::string_view object,
                        std::unique_ptr<LoadedCode> &code) {
  std::unique_ptr<LoadedCode> loaded(new LoadedCode);
  // Outlives the linker, which keeps names longer than the graph.
  auto names = std::make_shared<llvm::orc::SymbolStringPool>();
  auto graph = createLinkGraphFromELFObject_x86_64(
      llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()),
                            "kernel"),
      names);
  if (!graph)
    return Status::error(Code::Internal, "the kernel's object is not valid: " +
                                             llvm::toString(graph.takeError()));
  std::string failure;
  link(std::move(*graph), std::make_unique<LinkContext>(*loaded, failure));
  if (failure.empty() && !loaded->allocation)
    failure = "linking did not finish";
  if (!failure.empty())
    return Status::error(Code::Internal,
                         "the kernel cannot be loaded: " + failure);
  code = std::move(loaded);
  return {};
}

} // namespace noodle::engine
