//===- Reference.h - the interpreter behind the ABI -------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_REFERENCE_H
#define NOODLE_LIB_ENGINE_REFERENCE_H

#include "noodle-rt/abi.h"
#include "noodle/Engine/Status.h"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace noodle::engine {

/// A module for the interpreter: parsed when first run, once. Thread-safe.
class ReferenceModule {
public:
  /// `text` must outlive this.
  ReferenceModule(std::string_view text, std::string name);
  ~ReferenceModule();

  /// Runs a function with the layout of a noodle_rt_entry. Result buffers are
  /// blocks of the call. A failure is recorded in the context.
  noodle_rt_status run(std::string_view function, noodle_rt_context *context,
                       const noodle_rt_tensor *arguments, int64_t argumentCount,
                       noodle_rt_tensor *results, int64_t resultCount,
                       int64_t memoryLimit);

private:
  struct Parsed;
  std::string_view text;
  const std::string name;
  std::once_flag once; // guards parsed
  std::unique_ptr<Parsed> parsed;
};

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_REFERENCE_H
