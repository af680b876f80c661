//===- Main.cpp - engine tests; also serves as their compile worker ---===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Worker.h"

#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>

int main(int argc, char **argv) {
  if (argc == 2 && std::strcmp(argv[1], noodle::engine::kWorkerArgument) == 0)
    return noodle::engine::workerMain(0, 1);
  // These tests are of machines without a device.
  ::setenv("CUDA_VISIBLE_DEVICES", "-1", 1);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
