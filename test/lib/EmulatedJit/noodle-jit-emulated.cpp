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
#include "Emulator.h"
#include "Main.h"

#include <cstdlib>

using namespace noodle;

static llvm::Error extend(mlir::ModuleOp module, const std::string &planted,
                          std::string &image) {
  if (!planted.empty()) {
    auto plant = emu::parsePlant(planted);
    if (!plant)
      return plant.takeError();
    int places = 0;
    if (!emu::plantFault(module, *plant, &places))
      return llvm::createStringError("cannot plant '" + planted + "': there " +
                                     "are " + std::to_string(places) +
                                     " places");
  }
  auto object = emu::compile(module);
  if (!object)
    return object.takeError();
  emu::appendBlob(image, *object);
  return llvm::Error::success();
}

int main(int argc, char **argv) {
  const char *given = std::getenv("NOODLE_EMULATOR_PLANT");
  std::string planted = given ? given : "";
  auto extender = std::make_shared<engine::DeviceImageExtender>();
  extender->name = "emulator " + planted;
  extender->extend = [planted](mlir::ModuleOp module, llvm::StringRef,
                               std::string &image) {
    return extend(module, planted, image);
  };
  return jit::runMain(argc, argv, std::move(extender));
}
