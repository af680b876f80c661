//===- GpuTarget.cpp - chips and the PTX versions they need ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Nvptx.h"

#include <algorithm>

using namespace mlir::noodle;

namespace {
struct Chip {
  const char *name;
  int capability; ///< compute capability times ten
  int ptxVersion;
};
} // namespace

/// Chips that LLVM 22's NVPTX backend knows, and the PTX ISA version that
/// introduced each (PTX ISA reference, table "PTX ISA version history"; the
/// requirements in LLVM's NVPTX.td agree). Variants with architecture-specific
/// instructions (sm_90a) are left out: code for them runs on that chip alone.
static constexpr Chip kChips[] = {
    {"sm_70", 70, 60},   {"sm_72", 72, 61},   {"sm_75", 75, 63},
    {"sm_80", 80, 70},   {"sm_86", 86, 71},   {"sm_87", 87, 74},
    {"sm_88", 88, 90},   {"sm_89", 89, 78},   {"sm_90", 90, 78},
    {"sm_100", 100, 86}, {"sm_103", 103, 88}, {"sm_110", 110, 90},
    {"sm_120", 120, 87}, {"sm_121", 121, 88},
};

llvm::Expected<GpuTarget> GpuTarget::get(llvm::StringRef chip) {
  for (const Chip &known : kChips)
    if (chip == known.name)
      return GpuTarget{known.name, known.ptxVersion};
  std::string names;
  for (const Chip &known : kChips)
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  return llvm::createStringError("unknown chip '" + chip.str() +
                                 "': use one of " + names);
}

std::string GpuTarget::forDevice(int major, int minor) {
  std::string best;
  for (const Chip &known : kChips)
    if (known.capability <= 10 * major + minor)
      best = known.name;
  return best;
}

std::vector<std::string> GpuTarget::chips() {
  std::vector<std::string> names;
  for (const Chip &known : kChips)
    names.push_back(known.name);
  return names;
}

/// From the release notes of each toolkit ("PTX ISA version x.y").
int mlir::noodle::newestPtxVersion(int driverVersion) {
  int major = driverVersion / 1000, minor = driverVersion % 1000 / 10;
  if (major >= 13)
    return 90 + (major == 13 ? minor : 9);
  if (major == 12)
    return 80 + std::min(minor, 8);
  if (major == 11)
    return 70 + std::min(minor, 8);
  return major == 10 ? 63 + minor : 60;
}
