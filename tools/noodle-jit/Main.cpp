//===- Main.cpp - the program without its entry -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Main.h"

#include "Report.h"
#include "Run.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

using namespace noodle;
using namespace noodle::engine;

namespace {

int usage(const std::string &what) {
  std::fprintf(stderr, "noodle-jit: error: %s; see noodle-jit --help\n",
               what.c_str());
  return jit::kUsage;
}

Status readProgram(const std::string &path, std::string &text) {
  std::FILE *file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (!file)
    return Status::error(Code::IoError, std::strerror(errno), path);
  char block[1 << 16];
  size_t n;
  // One byte above the limit is enough to know that it is exceeded.
  while (text.size() <= kMaxProgramBytes &&
         (n = std::fread(block, 1, sizeof block, file)) > 0)
    text.append(block, n);
  bool broken = std::ferror(file);
  int why = errno;
  if (file != stdin)
    std::fclose(file);
  if (broken)
    return Status::error(Code::IoError, std::strerror(why), path);
  return {};
}

/// A single call of a small program is over sooner without optimisation. What
/// is kept, measured or asked for at a level is optimised.
std::string tierFor(const jit::Options &options) {
  if (!options.tier.empty())
    return options.tier;
  bool once = options.repeat == 1 && options.report.empty() &&
              options.explain == jit::Report::None &&
              options.metrics == jit::Report::None;
  return once && !options.levelGiven && options.engine.cacheDirectory.empty()
             ? "auto"
             : "optimised";
}

} // namespace

int jit::runMain(int argc, char **argv,
                 std::shared_ptr<const DeviceImageExtender> extender) {
  if (argc == 2 && std::strcmp(argv[1], kWorkerArgument) == 0)
    return workerMain(0, 1, std::move(extender));
  jit::Options options;
  options.compile.extender = std::move(extender);
  if (std::string wrong = jit::parse(argc, argv, options); !wrong.empty())
    return usage(wrong);
  if (options.help) {
    std::fputs(jit::kHelp, stdout);
    return 0;
  }
  if (options.version) {
    std::printf("noodle-jit %s\n", versionString());
    return 0;
  }
  options.compile.name = options.program == "-" ? "<stdin>" : options.program;
  options.engine.workerPath = "/proc/self/exe";
  options.compile.tier = tierFor(options);
  options.compile.memoryLimit = options.call.memoryLimit;
  if (Status status = checkOptions(options.compile); !status.ok())
    return usage(status.message);
  if (options.compile.chip == "native" && options.compile.target != "cpu" &&
      !options.emit.empty())
    if (Status status = nativeChip(options.engine.device, options.compile.chip);
        !status.ok())
      return jit::fail(status);
  std::string text;
  if (Status status = readProgram(options.program, text); !status.ok())
    return jit::fail(status);
  if (!options.reproducer.empty()) {
    std::string reproducer;
    Status status = makeReproducer(text, options.compile, reproducer);
    if (status.ok())
      status = jit::writeText(options.reproducer, reproducer);
    if (!status.ok())
      return jit::fail(status);
  }
  if (options.emit.empty())
    return jit::run(options, text);
  std::string emitted;
  if (Status status = emitPhase(text, options.compile, options.emit, emitted);
      !status.ok())
    return status.code == Code::InvalidArgument ? usage(status.message)
                                                : jit::fail(status);
  std::fwrite(emitted.data(), 1, emitted.size(), stdout);
  return 0;
}
