//===- Assemble.cpp - ptxas as a child ------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Nvptx.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::noodle;

#ifndef NOODLE_PTXAS
#define NOODLE_PTXAS ""
#endif

llvm::StringRef mlir::noodle::configuredPtxas() { return NOODLE_PTXAS; }

namespace {
/// A file that goes when its holder does.
class Temporary {
public:
  llvm::Error open(llvm::StringRef suffix) {
    llvm::SmallString<128> name;
    if (std::error_code failed =
            llvm::sys::fs::createTemporaryFile("noodle", suffix, name))
      return llvm::createStringError("no temporary file: " + failed.message());
    path = name.str().str();
    remover.setFile(path);
    return llvm::Error::success();
  }
  std::string read() const {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  }
  std::string path;

private:
  llvm::FileRemover remover;
};

int number(llvm::StringRef text) {
  int value = 0;
  text.getAsInteger(10, value);
  return value;
}

/// Reads the report of `ptxas -v`.
std::vector<KernelResources> parseReport(llvm::StringRef text) {
  std::vector<KernelResources> kernels;
  llvm::Regex entry("Compiling entry function '([^']+)'");
  llvm::Regex stack("([0-9]+) bytes stack frame, ([0-9]+) bytes spill stores, "
                    "([0-9]+) bytes spill loads");
  llvm::Regex used("Used ([0-9]+) registers");
  llvm::Regex shared("([0-9]+) bytes smem");
  llvm::SmallVector<llvm::StringRef> lines, match;
  text.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    if (entry.match(line, &match))
      kernels.emplace_back().name = match[1].str();
    if (kernels.empty())
      continue;
    KernelResources &kernel = kernels.back();
    if (stack.match(line, &match)) {
      kernel.stack = number(match[1]);
      kernel.spillStores = number(match[2]);
      kernel.spillLoads = number(match[3]);
    }
    if (used.match(line, &match))
      kernel.registers = number(match[1]);
    if (shared.match(line, &match))
      kernel.shared = number(match[1]);
  }
  return kernels;
}
} // namespace

llvm::Expected<Assembled> mlir::noodle::assemble(llvm::StringRef ptx,
                                                 llvm::StringRef chip,
                                                 llvm::StringRef ptxas) {
  if (!llvm::sys::fs::can_execute(ptxas))
    return llvm::createStringError("'" + ptxas.str() +
                                   "' is no program that can be run");
  Temporary source, binary, report;
  if (auto failed = source.open("ptx"))
    return failed;
  if (auto failed = binary.open("cubin"))
    return failed;
  if (auto failed = report.open("txt"))
    return failed;
  {
    std::error_code failed;
    llvm::raw_fd_ostream stream(source.path, failed);
    stream << ptx;
    stream.close();
    if (failed || stream.has_error()) {
      stream.clear_error();
      return llvm::createStringError("a temporary file cannot be written");
    }
  }
  std::string message, arch = "-arch=" + chip.str();
  llvm::StringRef arguments[] = {ptxas, "-v",        "-O3", arch,
                                 "-o",  binary.path, source.path};
  std::optional<llvm::StringRef> redirects[] = {
      llvm::StringRef(), llvm::StringRef(report.path),
      llvm::StringRef(report.path)};
  int code = llvm::sys::ExecuteAndWait(ptxas, arguments, std::nullopt,
                                       redirects, /*SecondsToWait=*/120,
                                       /*MemoryLimit=*/0, &message);
  std::string said = report.read();
  if (code != 0)
    return llvm::createStringError(
        "ptxas refused the kernels for " + chip.str() + ": " +
        (said.empty() ? message : llvm::StringRef(said).trim().str()));
  return Assembled{binary.read(), parseReport(said)};
}
