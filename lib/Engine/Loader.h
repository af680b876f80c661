//===- Loader.h - object code into this process -----------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_LOADER_H
#define NOODLE_LIB_ENGINE_LOADER_H

#include "noodle/Engine/Status.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ExecutionEngine/JITLink/JITLinkMemoryManager.h"

#include <memory>

namespace noodle::engine {

/// Linked code: its memory and the addresses of its global functions.
class LoadedCode {
public:
  /// Links `object` with the symbols of ir_symbols.def and nothing else.
  static Status load(std::string_view object,
                     std::unique_ptr<LoadedCode> &code);
  ~LoadedCode();
  LoadedCode(const LoadedCode &) = delete;
  LoadedCode &operator=(const LoadedCode &) = delete;

  void *find(llvm::StringRef name) const { return symbols.lookup(name); }
  int64_t bytes() const { return size; }
  /// The functions of the runtime that it calls.
  const llvm::StringSet<> &runtimeCalls() const { return calls; }

private:
  LoadedCode();
  friend class LinkContext;
  llvm::jitlink::InProcessMemoryManager memory;
  llvm::jitlink::JITLinkMemoryManager::FinalizedAlloc allocation;
  llvm::StringMap<void *> symbols;
  llvm::StringSet<> calls;
  int64_t size = 0;
};

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_LOADER_H
