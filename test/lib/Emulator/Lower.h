//===- Lower.h - from gpu.func to watched host functions ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_EMULATOR_LOWER_H
#define NOODLE_TEST_EMULATOR_LOWER_H

#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace noodle::emu {

/// An op of a kernel that touches memory or waits.
struct Place {
  std::string text;
  char space = '-';
  int buffer = -1; ///< number of the parameter's or workgroup buffer
};

struct KernelShape {
  struct Workgroup {
    int64_t offset, bytes;
    std::vector<int64_t> extents;
  };
  std::string name;
  int64_t threads = 0, sharedBytes = 0, granule = 4;
  unsigned parameters = 0;                           ///< of gpu.func
  std::vector<std::pair<unsigned, int64_t>> buffers; ///< param, element bytes
  std::vector<int64_t> paramBytes;
  std::vector<Workgroup> workgroup;
};

struct Site {
  unsigned place;
  char kind, space;
  int64_t bytes, alignment;
  int buffer;
};

/// What the passes learn for the metadata.
struct Listing {
  std::vector<Place> places;
  std::vector<KernelShape> kernels;
  std::vector<Site> sites;
};

/// gpu.func becomes func.func: the thread first, the parameters, then the
/// workgroup buffers; ids, barriers and shuffles become what EmulatorAbi.h
/// says; ops that touch memory get locations that name their place.
mlir::LogicalResult convertKernels(mlir::ModuleOp module, Listing &listing);

/// In the LLVM dialect: every load and store asks the thread's table first, and
/// every kernel gets its exported entry.
mlir::LogicalResult watchAccesses(mlir::ModuleOp module, Listing &listing);

/// The text of `noodle_emu_metadata`.
std::string metadata(const Listing &listing);

} // namespace noodle::emu

#endif // NOODLE_TEST_EMULATOR_LOWER_H
