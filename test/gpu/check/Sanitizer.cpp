//===- Sanitizer.cpp - a few kernels under compute-sanitizer --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Check.h"

#include <cstdio>
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

namespace noodle::gpucheck {

static std::string find(const std::string &program) {
  const char *path = std::getenv("PATH");
  std::string rest = path ? path : "";
  rest += ":/usr/local/cuda/bin";
  for (size_t begin = 0; begin <= rest.size();) {
    size_t end = std::min(rest.find(':', begin), rest.size());
    std::string file = rest.substr(begin, end - begin) + "/" + program;
    if (access(file.c_str(), X_OK) == 0)
      return file;
    begin = end + 1;
  }
  return {};
}

void checkSanitizer(Bench &bench, const char *self) {
  const std::string section = "sanitizer";
  std::string tool = find("compute-sanitizer");
  for (const std::string check : {"memcheck", "racecheck", "synccheck"}) {
    if (bench.simulated() || tool.empty()) {
      bench.report.notRun(section, check,
                          bench.simulated()
                              ? "the driver is simulated"
                              : "compute-sanitizer is not in PATH");
      continue;
    }
    std::string command = "timeout 300 '" + tool + "' --tool " + check +
                          " --error-exitcode 9 '" + self +
                          "' --sanitize "
                          "--seed " +
                          std::to_string(bench.options.seed) + " --device " +
                          std::to_string(bench.options.device) + " 2>&1";
    std::FILE *child = popen(command.c_str(), "r");
    std::string last, summary;
    char line[512];
    while (child && std::fgets(line, sizeof line, child)) {
      std::string text(line);
      text.erase(text.find_last_not_of("\r\n") + 1);
      if (!text.empty())
        last = text;
      if (text.find("SUMMARY") != std::string::npos)
        summary = text;
    }
    int status = child ? pclose(child) : -1;
    Row row{section, check, State::Ok, "", "", "", summary};
    if (status != 0) {
      row.state = State::Failed;
      row.note = summary.empty() ? last : summary;
    }
    bench.report.add(row);
  }
}

} // namespace noodle::gpucheck
