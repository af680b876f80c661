//===- Torch.cpp - the same work by PyTorch, in a child -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Check.h"

#include <cstdio>
#include <cstdlib>
#include <sys/wait.h>

namespace noodle::gpucheck {

/// Prints "version NAME" and "NAME SECONDS" lines, or "none WHY".
static const char kScript[] = R"(
import statistics, sys
try:
    import torch
except ImportError:
    print("none python3 has no torch"); sys.exit()
if not torch.cuda.is_available():
    print("none torch sees no CUDA device"); sys.exit()
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
print("version", torch.__version__)
def median(run):
    for _ in range(3):
        run()
    times = []
    for _ in range(10):
        begin = torch.cuda.Event(enable_timing=True)
        end = torch.cuda.Event(enable_timing=True)
        begin.record(); run(); end.record()
        torch.cuda.synchronize()
        times.append(begin.elapsed_time(end) * 1e-3)
    return statistics.median(times)
def show(name, run):
    print(name, repr(median(run)), flush=True)
quick = len(sys.argv) > 1
for n in ((1024, 2048) if quick else (1024, 2048, 4096, 8192)):
    a = torch.rand(n, n, device="cuda") * 2 - 1
    b = torch.rand(n, n, device="cuda") * 2 - 1
    show(f"gemm{n}", lambda: torch.mm(a, b))
rows, columns = (16384, 1024) if quick else (65536, 1024)
x = torch.rand(rows, columns, device="cuda") * 2 - 1
y = torch.rand(rows, columns, device="cuda") * 2 - 1
show("softmax", lambda: torch.softmax(x, 1))
show("layer_norm", lambda: torch.nn.functional.layer_norm(x, (columns,)))
show("elementwise", lambda: x * y)
)";

double TorchTimes::of(const std::string &name) const {
  for (const auto &[known, value] : seconds)
    if (known == name)
      return value;
  return 0;
}

TorchTimes runTorch(bool quick) {
  TorchTimes times;
  setenv("NOODLE_GPU_CHECK_SCRIPT", kScript, 1);
  std::string command = "timeout 240 python3 -c \"$NOODLE_GPU_CHECK_SCRIPT\"";
  command += quick ? " quick 2>&1" : " 2>&1";
  std::FILE *child = popen(command.c_str(), "r");
  if (!child) {
    times.whyNot = "no child process";
    return times;
  }
  char line[512];
  std::string last;
  while (std::fgets(line, sizeof line, child)) {
    std::string text(line);
    text.erase(text.find_last_not_of("\r\n") + 1);
    last = text;
    size_t space = text.find(' ');
    if (space == std::string::npos)
      continue;
    std::string name = text.substr(0, space), rest = text.substr(space + 1);
    if (name == "none")
      times.whyNot = rest;
    else if (name == "version")
      times.version = rest;
    else if (char *end = nullptr;
             double value = std::strtod(rest.c_str(), &end))
      if (!*end)
        times.seconds.push_back({name, value});
  }
  int status = pclose(child);
  unsetenv("NOODLE_GPU_CHECK_SCRIPT");
  if (status != 0 && times.whyNot.empty())
    times.whyNot = WIFEXITED(status) && WEXITSTATUS(status) == 127
                       ? "there is no python3"
                       : "python3 failed: " + last;
  return times;
}

} // namespace noodle::gpucheck
