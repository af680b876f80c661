//===- KernelImpl.h - inside of a kernel ------------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_KERNELIMPL_H
#define NOODLE_LIB_ENGINE_KERNELIMPL_H

#include "Loader.h"
#include "Reference.h"

#include "noodle/Engine/Kernel.h"

#include <deque>

namespace noodle::engine {

struct Kernel::Impl {
  Artifact artifact;
  std::unique_ptr<LoadedCode> code;
  std::vector<noodle_rt_entry> entries; ///< one for each of its functions
  /// Ops for the interpreter, by reference site.
  std::deque<ReferenceModule> references;
  /// The program, when it is interpreted as a whole.
  std::unique_ptr<ReferenceModule> whole;
};

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_KERNELIMPL_H
