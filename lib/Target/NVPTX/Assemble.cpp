//===- Assemble.cpp - ptxas as a child ------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Nvptx.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"
#include <utility>

using namespace mlir::noodle;

llvm::StringRef mlir::noodle::configuredPtxas() { return NOODLE_PTXAS; }

std::vector<std::string> mlir::noodle::configuredChips() {
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(NOODLE_FATBIN_CHIPS).split(names, ',', -1, false);
  return {names.begin(), names.end()};
}

namespace {
/// A file that goes when its holder does.
class Temporary {
public:
  Temporary(Temporary &&other) : path(std::exchange(other.path, {})) {}
  ~Temporary() {
    if (!path.empty())
      llvm::sys::fs::remove(path);
  }
  static llvm::Expected<Temporary> create(llvm::StringRef suffix) {
    llvm::SmallString<128> name;
    if (std::error_code failed =
            llvm::sys::fs::createTemporaryFile("noodle", suffix, name))
      return llvm::createStringError("cannot make a temporary file: " +
                                     failed.message());
    return Temporary(name.str().str());
  }
  static llvm::Expected<Temporary> create(llvm::StringRef suffix,
                                          llvm::StringRef bytes) {
    auto file = create(suffix);
    if (!file)
      return file;
    std::error_code failed;
    llvm::raw_fd_ostream stream(file->path, failed);
    if (!failed) {
      stream << bytes;
      stream.close();
      failed = stream.error();
      stream.clear_error();
    }
    if (failed)
      return llvm::createStringError("cannot write " + file->path + ": " +
                                     failed.message());
    return file;
  }
  std::string read() const {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : std::string();
  }
  std::string path;

private:
  explicit Temporary(std::string path) : path(std::move(path)) {}
};

/// Runs a program of the toolkit for at most two minutes; returns what it said.
llvm::Expected<std::string> run(llvm::StringRef program,
                                llvm::ArrayRef<llvm::StringRef> options) {
  if (!llvm::sys::fs::can_execute(program))
    return llvm::createStringError("'" + program.str() +
                                   "' is no program that can be run");
  auto report = Temporary::create("txt");
  if (!report)
    return report.takeError();
  llvm::SmallVector<llvm::StringRef> arguments = {program};
  llvm::append_range(arguments, options);
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(),
                                                llvm::StringRef(report->path),
                                                llvm::StringRef(report->path)};
  std::string message;
  int code = llvm::sys::ExecuteAndWait(program, arguments, std::nullopt,
                                       redirects, /*SecondsToWait=*/120,
                                       /*MemoryLimit=*/0, &message);
  std::string said = report->read();
  if (code == 0)
    return said;
  llvm::StringRef why = llvm::StringRef(said).trim();
  return llvm::createStringError(
      (why.empty() ? llvm::StringRef(message) : why).str());
}

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
  auto source = Temporary::create("ptx", ptx);
  if (!source)
    return source.takeError();
  auto binary = Temporary::create("cubin");
  if (!binary)
    return binary.takeError();
  std::string arch = "-arch=" + chip.str();
  auto said = run(ptxas, {"-v", "-O3", arch, "-o", binary->path, source->path});
  if (!said)
    return llvm::createStringError("ptxas refused the kernels for " +
                                   chip.str() + ": " +
                                   llvm::toString(said.takeError()));
  return Assembled{binary->read(), parseReport(*said)};
}

/// The 80 of "sm_80".
static unsigned capability(llvm::StringRef chip) {
  unsigned value = 0;
  chip.drop_until(llvm::isDigit).getAsInteger(10, value);
  return value;
}

llvm::Expected<std::string>
mlir::noodle::makeFatbin(llvm::StringRef ptx, const GpuTarget &target,
                         llvm::ArrayRef<std::string> chips,
                         llvm::StringRef ptxas) {
  auto source = Temporary::create("ptx", ptx);
  if (!source)
    return source.takeError();
  auto image = Temporary::create("fatbin");
  if (!image)
    return image.takeError();
  auto describe = [](llvm::StringRef kind, llvm::StringRef chip,
                     const Temporary &file) {
    return ("--image3=kind=" + kind + ",sm=" + llvm::Twine(capability(chip)) +
            ",file=" + file.path)
        .str();
  };
  std::vector<std::string> options = {"--64", "--create=" + image->path,
                                      describe("ptx", target.chip, *source)};
  std::vector<Temporary> binaries;
  for (const std::string &chip : chips) {
    if (capability(chip) < capability(target.chip))
      continue;
    auto assembled = assemble(ptx, chip, ptxas);
    if (!assembled)
      return assembled.takeError();
    auto binary = Temporary::create("cubin", assembled->cubin);
    if (!binary)
      return binary.takeError();
    options.push_back(describe("elf", chip, *binary));
    binaries.push_back(std::move(*binary));
  }
  llvm::SmallString<128> fatbinary = llvm::sys::path::parent_path(ptxas);
  llvm::sys::path::append(fatbinary, "fatbinary");
  llvm::SmallVector<llvm::StringRef> arguments(options.begin(), options.end());
  auto said = run(fatbinary, arguments);
  if (!said)
    return llvm::createStringError("fatbinary refused the kernels: " +
                                   llvm::toString(said.takeError()));
  return image->read();
}
