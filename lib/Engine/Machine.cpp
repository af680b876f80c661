//===- Machine.cpp - what this machine has ----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace noodle::engine {

static int64_t findMemory() {
  int64_t bytes =
      int64_t(::sysconf(_SC_PHYS_PAGES)) * int64_t(::sysconf(_SC_PAGESIZE));
  for (const char *path : {"/sys/fs/cgroup/memory.max",
                           "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::FILE *file = std::fopen(path, "r");
    long long limit = 0;
    if (file && std::fscanf(file, "%lld", &limit) == 1 && limit > 0)
      bytes = std::min<int64_t>(bytes, limit);
    if (file)
      std::fclose(file);
  }
  return bytes;
}

int64_t machineMemory() {
  static const int64_t bytes = findMemory();
  return bytes;
}

} // namespace noodle::engine
