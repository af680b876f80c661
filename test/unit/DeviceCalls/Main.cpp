//===- Main.cpp - tests that need the fake driver in place ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The folders that libraries are looked for in are read when a program starts,
// so the program starts itself again where the fake driver's is not the first.
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"

#include <cerrno>
#include <cstdlib>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc == 2 && std::strcmp(argv[1], noodle::engine::kWorkerArgument) == 0)
    return noodle::engine::workerMain(0, 1, noodle::engine::test::emulated());
  const std::string folder = NOODLE_FAKE_CUDA_FOLDER;
  const char *given = std::getenv("LD_LIBRARY_PATH");
  std::string folders = given ? given : "";
  if (folders.substr(0, folder.size()) != folder) {
    folders = folders.empty() ? folder : folder + ":" + folders;
    ::setenv("LD_LIBRARY_PATH", folders.c_str(), 1);
    ::unsetenv("NOODLE_FAKE_CUDA");
    ::execv("/proc/self/exe", argv);
    std::fprintf(stderr, "cannot start again: %s\n", std::strerror(errno));
    return 1;
  }
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
