//===- noodle-jit-emulated.cpp - noodle-jit for the fake driver -----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Puts the emulator's code behind the PTX of every image. With
// NOODLE_EMULATOR_PLANT=barrier:0@contract and the like, that code has a fault
// (Emulator.h); where no kernel has such a place, compiling fails.
//
//===----------------------------------------------------------------------===//
#include "Extender.h"
#include "Main.h"

int main(int argc, char **argv) {
  return noodle::jit::runMain(argc, argv,
                              noodle::emu::makeExtender(/*everywhere=*/true));
}
