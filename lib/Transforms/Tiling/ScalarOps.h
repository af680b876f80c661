//===- ScalarOps.h - what one step of a register tile does ------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A step takes a vector of sums to sum (+) left (x) right. What it means is the
// contraction's combine body; the forms here are read off that body, so that a
// user's semiring gets what a built-in one of the same arithmetic gets:
//
//  - a body that multiplies and adds floats is one fma where the CPU has it;
//  - minima and maxima of floats hand NaN on, which costs x86 two more
//    instructions. No product of "clean" factors is NaN, and then one
//    instruction does. Who packs or walks the factors looks for others;
//  - sums of bf16 and i8 products take `depth` neighbours along the sum in one
//    step, from groups of 32 bits (vdpbf16ps, vpdpbusd, pmaddwd), sums of
//    booleans 32;
//  - everything else is the body itself, on vectors.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_SCALAROPS_H
#define NOODLE_TRANSFORMS_TILING_SCALAROPS_H

#include "noodle/Cost/MachineModel.h"
#include "noodle/Dialect/Noodle.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::noodle {

class ScalarOps {
public:
  /// `swapped`: the left factor of steps is the op's rhs.
  ScalarOps(FusedContractOp op, bool swapped, const MachineModel &machine);

  /// sum (+) left (x) right. `clean`: both factors are known to be. Factors may
  /// be scalars where there is more than one lane.
  Value step(ImplicitLocOpBuilder &b, Value left, Value right, Value sum,
             int64_t lanes, bool clean = false) const;

  /// Whether sums of disjoint parts may be added up.
  bool canAddSums() const { return adds != Add::Other; }
  Value addSums(ImplicitLocOpBuilder &b, Value x, Value y) const;

  /// Instructions of a step on clean factors.
  double cost() const;

  //===--------------------------------------------------------------------===//
  // Clean factors
  //===--------------------------------------------------------------------===//

  /// Whether steps on clean factors are cheaper.
  bool hasCleanStep() const { return unclean != Unclean::Never; }
  /// i1 lanes: the factor is not clean. 0 is clean.
  Value isUnclean(ImplicitLocOpBuilder &b, Value factor) const;

  //===--------------------------------------------------------------------===//
  // Groups
  //===--------------------------------------------------------------------===//

  /// Neighbours along the sum that a group holds; 1: there are no groups.
  int64_t depth = 1;
  /// Factors are then packed by `widen` and read as i32, and steps are those of
  /// `groupStep`. One operand for each side, whose body only widens it.
  bool grouped() const { return depth > 1; }
  /// What a group consists of: bf16, i8, i16 or i1.
  Type part;
  /// Sums of groups are words of which each bit is a sum.
  bool bitwise() const { return depth == 32; }
  Value groupZero(ImplicitLocOpBuilder &b, int64_t lanes) const;
  /// The sums that sums of groups are.
  Value folded(ImplicitLocOpBuilder &b, Value sums) const;
  /// The left groups are XORed with this.
  int32_t leftFlip = 0;
  /// Then each column's sums begin with -128 times the sum of its right
  /// factors, of which this adds a group's.
  bool corrects() const { return leftFlip != 0; }
  Value addColumn(ImplicitLocOpBuilder &b, Value sum, Value right,
                  int64_t lanes) const;
  Value correction(ImplicitLocOpBuilder &b, Value columnSum) const;
  Value groupStep(ImplicitLocOpBuilder &b, Value left, Value right, Value sum,
                  int64_t lanes) const;

  /// `lanes` groups from `lanes * depth` neighbouring elements.
  Value group(ImplicitLocOpBuilder &b, Value elements, int64_t lanes) const;
  /// `lanes` groups, from as many elements at each of `depth` steps.
  Value interleave(ImplicitLocOpBuilder &b, ArrayRef<Value> steps,
                   int64_t lanes) const;

private:
  enum class Add { Other, Sum, Minimum, Maximum, Op };
  enum class Mul { Other, Product, Sum, Minimum, Maximum };
  enum class Unclean {
    Never,        ///< there is one step only
    NaN,          ///< NaN
    NaNOrNegInf,  ///< NaN, -inf
    NaNOrPosInf,  ///< NaN, +inf
    NaNOrInf,     ///< NaN, both infinities
    NegativeOrInf ///< the same and all negative numbers, -0 among them
  };

  void readCombine();
  void readGroups(const MachineModel &machine);
  Value dot(ImplicitLocOpBuilder &b, Value left, Value right, Value sum,
            int64_t lanes) const;

  FusedContractOp op;
  bool swapped, fma;
  Add adds = Add::Other;
  Mul muls = Mul::Other;
  Unclean unclean = Unclean::Never;
  Region *combine;
  Operation *adder = nullptr; ///< where `adds` is Sum or Op
};

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_SCALAROPS_H
