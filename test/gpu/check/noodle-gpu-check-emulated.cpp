//===- noodle-gpu-check-emulated.cpp - the check on the fake driver -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A planted fault is in every kernel that has a place for it.
//
//===----------------------------------------------------------------------===//
#include "Check.h"
#include "Extender.h"

int main(int argc, char **argv) {
  return noodle::gpucheck::runCheck(
      argc, argv, noodle::emu::makeExtender(/*everywhere=*/false));
}
