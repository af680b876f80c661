//===- noodle-gpu-check-emulated.cpp - the check on the fake driver -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Check.h"
#include "Emulator.h"

#include <cstdlib>

using namespace noodle;

/// With a fault in every kernel that has a place for it (Emulator.h).
static llvm::Error extend(mlir::ModuleOp module, const std::string &planted,
                          std::string &image) {
  if (!planted.empty()) {
    auto plant = emu::parsePlant(planted);
    if (!plant)
      return plant.takeError();
    emu::plantFault(module, *plant);
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
  return gpucheck::runCheck(argc, argv, std::move(extender));
}
