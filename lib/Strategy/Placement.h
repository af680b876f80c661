//===- Placement.h - which ops run on the device ----------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_STRATEGY_PLACEMENT_H
#define NOODLE_LIB_STRATEGY_PLACEMENT_H

#include "noodle/Cost/DeviceModel.h"
#include "noodle/Cost/MachineModel.h"
#include "noodle/Dialect/Noodle.h"

namespace mlir::noodle {

/// An op and where it may run.
struct PlacedOp {
  Operation *op = nullptr;
  StrategyKind host = StrategyKind::Loops; ///< its strategy there
  /// Whether it may run on the device; `mustDevice`: it does.
  bool mayDevice = false, mustDevice = false;
  bool library = false; ///< there, by a vendor's routine
  std::string why;      ///< it must

  // What place() finds.
  bool onDevice = false;
  /// False: the times below say nothing, for sizes are unknown.
  bool known = false;
  double hostSeconds = 0, kernelSeconds = 0;
  /// Of this op's operands and result, as everything is placed; of an op that
  /// stays on the host, what they would take if it alone moved.
  double transferSeconds = 0;
};

/// Decides `onDevice` for the ops of one function. Times of an op are those of
/// one execution.
///
/// A tensor that one side makes and the other needs is moved once. All ops that
/// may start on the device; then each changes sides while that lowers the
/// predicted total, and what results is kept if it beats all on the host. Ops
/// of unknown sizes stay on the host.
void place(MutableArrayRef<PlacedOp> ops, const MachineModel &host,
           const DeviceModel &device);

} // namespace mlir::noodle

#endif // NOODLE_LIB_STRATEGY_PLACEMENT_H
