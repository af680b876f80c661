//===- Diagnostics.h - LLVM's diagnostics as errors ------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TARGET_DIAGNOSTICS_H
#define NOODLE_LIB_TARGET_DIAGNOSTICS_H

#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>

namespace mlir::noodle {

/// Keeps LLVM's diagnostics from being printed, and its errors from ending the
/// process.
struct Collector final : llvm::DiagnosticHandler {
  explicit Collector(std::string &message) : message(message) {}
  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() == llvm::DS_Error && message.empty()) {
      llvm::raw_string_ostream stream(message);
      llvm::DiagnosticPrinterRawOStream printer(stream);
      info.print(printer);
    }
    return true;
  }
  std::string &message;
};

/// Installs a collector for the time of one call.
class Diagnostics {
public:
  explicit Diagnostics(llvm::LLVMContext &context)
      : context(context), previous(context.getDiagnosticHandler()) {
    context.setDiagnosticHandler(std::make_unique<Collector>(message));
  }
  ~Diagnostics() { context.setDiagnosticHandler(std::move(previous)); }
  llvm::Error take(const char *what) {
    if (message.empty())
      return llvm::Error::success();
    return llvm::createStringError(std::string(what) + ": " + message);
  }

private:
  llvm::LLVMContext &context;
  std::unique_ptr<llvm::DiagnosticHandler> previous;
  std::string message;
};

} // namespace mlir::noodle

#endif // NOODLE_LIB_TARGET_DIAGNOSTICS_H
