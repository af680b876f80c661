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
#include "Tiers.h"

#include "noodle/Engine/Kernel.h"

#include <deque>
#include <mutex>

namespace noodle::engine {

struct Kernel::Impl {
  /// The kernels on a device, loaded by their first launch; null where the
  /// program has none. Thread-safe.
  std::shared_ptr<rt::DeviceModule>
  moduleOn(const std::shared_ptr<rt::Device> &device) const;

  Artifact artifact;
  std::unique_ptr<LoadedCode> code;
  std::vector<noodle_rt_entry> entries; ///< one for each of its functions
  /// Ops for the interpreter, by reference site.
  std::deque<ReferenceModule> references;
  /// The program, when it is interpreted as a whole.
  std::unique_ptr<ReferenceModule> whole;
  /// Null where there is none. Shared with the modules.
  std::shared_ptr<const rt::DeviceCode> deviceCode;
  /// Of a kernel of tier-0; set before the kernel is shared.
  std::shared_ptr<Promotion> promotion;
  mutable std::mutex mutex; // guards modules
  mutable std::vector<std::shared_ptr<rt::DeviceModule>> modules;
};

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_KERNELIMPL_H
