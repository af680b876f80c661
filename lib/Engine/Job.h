//===- Job.h - one compilation: its context, errors and module --*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ENGINE_JOB_H
#define NOODLE_LIB_ENGINE_JOB_H

#include "CompileTools.h"

#include "noodle/Engine/Status.h"
#include "noodle/Engine/Types.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>
#include <optional>

namespace noodle::engine {

/// Runs `work` on a thread with a large stack, so that deeply nested text
/// does not depend on the caller's.
Status runOnLargeStack(llvm::function_ref<Status()> work);

/// "file:line:col" of a location, empty if it has none.
std::string placeOf(mlir::Location location);

/// Keeps the first error of a context.
class FirstError {
public:
  explicit FirstError(mlir::MLIRContext &context);
  /// The error, or `otherwise` when nothing was reported.
  Status status(Code code, std::string otherwise) const;

private:
  std::optional<Status> first;
  mlir::ScopedDiagnosticHandler handler;
};

/// A context, single-threaded, with the dialects programs may use.
class Job {
public:
  explicit Job(CompileTools *store = nullptr);
  /// Parses and verifies. The text is within the limits already.
  Status parse(std::string_view text, std::string_view name);

  BorrowedTools tools;
  mlir::MLIRContext &context;
  FirstError errors;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// The host's view of a type; nullopt for types a host cannot pass.
std::optional<TensorType> toTensorType(mlir::Type type);

} // namespace noodle::engine

#endif // NOODLE_LIB_ENGINE_JOB_H
