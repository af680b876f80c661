//===- Main.cpp - noodle-gpu-check ----------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Check.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace noodle::gpucheck {

using namespace engine;

static const char kHelp[] =
    R"(usage: noodle-gpu-check [--quick] [--seed N] [--device N] [--json FILE]

Checks a GPU: every kind of kernel against the interpreter on random sizes,
transfers and launches, and kernels beside cuBLAS, cuSPARSE and PyTorch where
they are. Prints one table; writes it as JSON.

  --quick        fewer kernels, smaller sizes
  --seed N       of the random sizes and values (default: drawn, and printed)
  --device N     which CUDA device (default: 0)
  --json FILE    where the JSON goes (default: gpu-check.json; none: nowhere)
  --sanitize     a few kernels only, to be run by compute-sanitizer
  --help         this text

Exit: 0 all right, 1 something is wrong or there is no device, 2 usage. Figures
are never a reason to fail; what could not be run is listed, with the reason.
NO_COLOR is honoured. cuBLAS and cuSPARSE are looked for as the system's loader
does (LD_LIBRARY_PATH).
)";

static int usage(const std::string &what) {
  std::fprintf(stderr, "noodle-gpu-check: %s; see --help\n", what.c_str());
  return 2;
}

static bool parse(const char *text, uint64_t &value) {
  char *end = nullptr;
  errno = 0;
  value = std::strtoull(text, &end, 10);
  return *text >= '0' && *text <= '9' && !*end && errno == 0;
}

/// 0, or the exit status with which everything ends now.
static int readOptions(int argc, char **argv, Options &options, bool &help) {
  options.seed = std::random_device()() % 1000000;
  for (int k = 1; k < argc; ++k) {
    std::string word = argv[k];
    if (word == "--help" || word == "-h") {
      help = true;
    } else if (word == "--quick") {
      options.quick = true;
    } else if (word == "--sanitize") {
      options.sanitized = true;
    } else if (word == "--json" && k + 1 < argc) {
      options.json = argv[++k];
    } else if ((word == "--seed" || word == "--device") && k + 1 < argc) {
      uint64_t value = 0;
      if (!parse(argv[++k], value) || (word == "--device" && value > 1024))
        return usage(word + " takes a number, not '" + argv[k] + "'");
      if (word == "--seed")
        options.seed = value;
      else
        options.device = int(value);
    } else {
      return usage("there is no option '" + word + "'");
    }
  }
  return 0;
}

static std::string describe(const rt::DeviceInfo &info) {
  return info.name + " (sm_" + std::to_string(info.major * 10 + info.minor) +
         ", " + std::to_string(info.multiprocessors) + " multiprocessors, " +
         std::to_string(info.memory >> 30) + " GiB)";
}

int runCheck(int argc, char **argv,
             std::shared_ptr<const DeviceImageExtender> extender) {
  Bench bench;
  bool help = false;
  if (int status = readOptions(argc, argv, bench.options, help))
    return status;
  if (help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  EngineOptions options;
  options.device = bench.options.device;
  options.extender = extender;
  if (Status status = Engine::create(options, bench.engine); !status.ok()) {
    std::fprintf(stderr, "noodle-gpu-check: %s\n", status.str().c_str());
    return 1;
  }
  rt::DeviceStep whyNot;
  bench.device = bench.engine->device(whyNot);
  if (!bench.device) {
    std::printf("noodle-gpu-check: no GPU here, nothing was checked: %s: %s\n",
                whyNot.step.c_str(), whyNot.reason.c_str());
    return 1;
  }
  bench.random.seed(bench.options.seed);
  const rt::DeviceInfo &info = bench.device->info();
  bench.report.seed = bench.options.seed;
  bench.report.device = describe(info);
  bench.report.driver = "driver for CUDA " +
                        std::to_string(info.driverVersion / 1000) + "." +
                        std::to_string(info.driverVersion % 1000 / 10);
  bench.report.simulated = extender != nullptr;

  checkKernels(bench);
  if (!bench.options.sanitized) {
    checkRuntime(bench);
    checkTransfers(bench);
    checkPerformance(bench);
    char self[4096] = {};
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
      std::strncpy(self, argv[0], sizeof self - 1);
    checkSanitizer(bench, self);
  }
  bench.report.print();
  if (!bench.options.sanitized && bench.options.json != "none" &&
      !bench.report.writeJson(bench.options.json)) {
    std::fprintf(stderr, "noodle-gpu-check: cannot write %s\n",
                 bench.options.json.c_str());
    return 1;
  }
  return bench.report.count(State::Failed) ? 1 : 0;
}

} // namespace noodle::gpucheck
