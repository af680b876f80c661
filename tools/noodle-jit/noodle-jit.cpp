//===- noodle-jit.cpp - compiles and runs a program -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Main.h"

int main(int argc, char **argv) { return noodle::jit::runMain(argc, argv); }
