//===- Extender.h - the emulator's code behind the PTX ---------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_EMULATOR_EXTENDER_H
#define NOODLE_TEST_EMULATOR_EXTENDER_H

#include "Emulator.h"

#include "noodle/Engine/DeviceImage.h"

#include <cstdlib>
#include <memory>

namespace noodle::emu {

/// Puts the emulator's code into every image, with the fault that
/// NOODLE_EMULATOR_PLANT names ("barrier:0@contract", see Emulator.h). Where a
/// module has no such place, compiling fails if `everywhere`.
inline std::shared_ptr<const engine::DeviceImageExtender>
makeExtender(bool everywhere) {
  const char *given = std::getenv("NOODLE_EMULATOR_PLANT");
  std::string planted = given ? given : "";
  auto extender = std::make_shared<engine::DeviceImageExtender>();
  extender->name = "emulator " + planted;
  extender->extend = [planted, everywhere](mlir::ModuleOp module,
                                           llvm::StringRef,
                                           std::string &image) -> llvm::Error {
    if (!planted.empty()) {
      auto plant = parsePlant(planted);
      if (!plant)
        return plant.takeError();
      int places = 0;
      if (!plantFault(module, *plant, &places) && everywhere)
        return llvm::createStringError("cannot plant '" + planted +
                                       "': there are " +
                                       std::to_string(places) + " places");
    }
    auto object = compile(module);
    if (!object)
      return object.takeError();
    appendBlob(image, *object);
    return llvm::Error::success();
  };
  return extender;
}

} // namespace noodle::emu

#endif // NOODLE_TEST_EMULATOR_EXTENDER_H
