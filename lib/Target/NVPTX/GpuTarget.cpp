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
/// introduced each (PTX ISA reference, table "PTX Release History"; the backend
/// refuses lower ones). Variants with instructions of their own (sm_90a) are
/// left out, since code for them runs on that chip alone, and so is sm_101,
/// which PTX 9.0 renamed to sm_110.
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

std::string mlir::noodle::emptyPtx(const GpuTarget &target) {
  return ".version " + std::to_string(target.ptxVersion / 10) + "." +
         std::to_string(target.ptxVersion % 10) + "\n.target " + target.chip +
         "\n.address_size 64\n";
}

/// PTX ISA reference, "Release Notes": the version of each CUDA release. Later
/// releases know at least what the last one here does.
int mlir::noodle::newestPtxVersion(int driverVersion) {
  static constexpr std::pair<int, int> kReleases[] = {
      {13000, 90}, {12090, 88}, {12080, 87}, {12070, 86}, {12050, 85},
      {12040, 84}, {12030, 83}, {12020, 82}, {12010, 81}, {12000, 80},
      {11080, 78}, {11070, 77}, {11060, 76}, {11050, 75}, {11040, 74},
      {11030, 73}, {11020, 72}, {11010, 71}, {11000, 70}, {10020, 65},
      {10010, 64}, {10000, 63}, {9020, 62},  {9010, 61},
  };
  for (auto [release, ptx] : kReleases)
    if (driverVersion >= release)
      return ptx;
  return 60;
}
