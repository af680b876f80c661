//===- noodle-gpu-check.cpp - the check, or noodle-jit --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One program by two names: called noodle-jit it is that, so that what is
// carried to a GPU machine holds the compiler once.
//
//===----------------------------------------------------------------------===//
#include "Check.h"
#include "Main.h"

#include <string_view>

int main(int argc, char **argv) {
  std::string_view name = argc > 0 ? argv[0] : "";
  name.remove_prefix(name.rfind('/') + 1);
  if (name == "noodle-jit")
    return noodle::jit::runMain(argc, argv);
  return noodle::gpucheck::runCheck(argc, argv, nullptr);
}
