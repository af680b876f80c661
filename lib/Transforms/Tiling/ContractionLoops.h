//===- ContractionLoops.h - a contraction as rows, columns and a sum ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every fused contraction is a batch of matrix products once its loops are
// grouped by the operands that have them, as TBLIS does for tensors (Matthews,
// "High-performance tensor contraction without transposition", 2018): rows are
// in one operand and the output, columns in the other and the output, inner
// loops are summed over. Operands are flat buffers with a stride per loop, so
// that transposes, slices, diagonals (strides add up) and broadcasts (stride 0)
// are all the same case. A group of several loops that no common stride joins
// is walked by a table of offsets.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_CONTRACTIONLOOPS_H
#define NOODLE_TRANSFORMS_TILING_CONTRACTIONLOOPS_H

#include "noodle/Cost/DensePlan.h"
#include "noodle/Dialect/Noodle.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include <optional>

namespace mlir::noodle {

/// Builds index arithmetic and loops; what is constant is folded while it is
/// built, since no clean-up runs before LLVM.
class IndexBuilder : public ImplicitLocOpBuilder {
public:
  /// Constants go in front of `op`, other ops behind them.
  explicit IndexBuilder(Operation *op);

  Value at(int64_t value);
  Value add(Value x, Value y);
  Value add(Value x, int64_t y) { return y ? add(x, at(y)) : x; }
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value mul(Value x, int64_t y) { return mul(x, at(y)); }
  Value min(Value x, Value y);
  Value max(Value x, Value y);
  Value ceilDiv(Value x, int64_t y);
  /// The least multiple of y that is not less than x.
  Value roundUp(Value x, int64_t y) { return mul(ceilDiv(x, y), y); }
  /// The largest to' <= to such that step divides to' - from.
  Value wholeSteps(Value from, Value to, int64_t step);

  using Body = llvm::function_ref<void(Value)>;
  using Carry = llvm::function_ref<SmallVector<Value>(Value, ValueRange)>;
  /// A loop, or its body once or not at all where that is known.
  void loop(Value from, Value to, int64_t step, Body body);
  SmallVector<Value> loop(Value from, Value to, int64_t step, ValueRange inits,
                          Carry body);
  void when(Value condition, llvm::function_ref<void()> body);

private:
  llvm::DenseMap<int64_t, Value> constants;
  Operation *front;
};

/// The value, where it is known while compiling.
std::optional<int64_t> known(Value value);
inline bool isKnown(Value value, int64_t is) { return known(value) == is; }

/// An operand as the elements behind a flat buffer.
struct FlatOperand {
  Value buffer; ///< one dimension, neighbours adjacent
  Type element;
  bool bytes = false;         ///< i1, seen as bytes
  SmallVector<Value> strides; ///< per loop of the op, in elements
};

/// Loops that count as one.
struct Axis {
  SmallVector<unsigned> loops; ///< outermost first
  Value extent;
  /// Per operand the step of the flat loop; null where a table says it.
  SmallVector<Value> step;
  /// Per operand the offsets by flat position: memref<?xindex>.
  SmallVector<Value> table;
  /// Of a table: aligned runs of so many positions have the step of the
  /// innermost loop, `innerStep`. 1 where that is unknown.
  int64_t run = 1;
  SmallVector<Value> innerStep;
  /// Of a table: it has an entry for every so many positions, which are a run
  /// of neighbours in the output; 0: for every position. Positions are then
  /// multiples of this and constants behind them.
  int64_t segment = 0;
  /// The neighbours that segments are parts of: so many parts of so many
  /// positions together, of which the last may have fewer than the others. Next
  /// parts are so many segments behind.
  int64_t parts = 1, neighbours = 0, partStep = 1;

  int64_t staticExtent() const { return known(extent).value_or(-1); }
  bool tabulated() const { return !table.empty(); }
};

/// Which operands and which body make the factor that rows, or columns, belong
/// to.
struct Side {
  SmallVector<unsigned> operands; ///< as FusedContractOp::getShaped counts
  Region *body = nullptr;
  Type element;          ///< of the factor
  bool copies = false;   ///< the body hands on its one operand
  bool constant = false; ///< no operands: the factor is the same everywhere
};

/// A fused contraction on buffers, ready to be cut.
class ContractionLoops {
public:
  /// Emits strides and tables in front of the op.
  ContractionLoops(FusedContractOp op, IndexBuilder &builder,
                   const MachineModel &machine);

  FusedContractOp op;
  IndexBuilder &b;
  SmallVector<FlatOperand> operands; ///< as FusedContractOp::getShaped counts
  SmallVector<Value> extents;        ///< per loop
  SmallVector<unsigned> batch;
  Axis rows, columns, inner;
  Side left, right; ///< of the rows, of the columns
  /// The op's lhs is `right`.
  bool swapped = false;
  unsigned out = 0, firstExtra = 0;
  /// Loops of the op that parts of the columns' runs stand for.
  SmallVector<unsigned> cut;

  /// Where the operand's elements begin at these positions of the batch loops.
  SmallVector<Value> batchOrigins(ValueRange positions);
  /// Offset of a flat position of an axis in an operand.
  Value offset(const Axis &axis, unsigned operand, Value position);
  /// Whether `count` positions from a multiple of `count` on are neighbours.
  bool contiguous(const Axis &axis, unsigned operand, int64_t count) const;
  bool contiguous(const Axis &axis, const Side &side, int64_t count) const;
  /// Whether the operand does not move along the axis.
  bool still(const Axis &axis, unsigned operand) const;

  /// Segments of columns that are packed together; 0: none are.
  int64_t packedAcross = 0;
  /// Which part of its neighbours the segment that begins at `column` is.
  Value partOf(Value column);
  /// Columns of the segment that begins at `column`.
  Value segmentColumns(Value column);

  ProductShape shape();

private:
  void readOperands();
  void assignRoles();
  void order(Axis &axis, unsigned byOperand);
  void cutColumns(const MachineModel &machine);
  unsigned addLoop(int64_t extent, unsigned along, int64_t steps);
  void collapse(Axis &axis);
  bool joins(unsigned outer, unsigned inner);
  void tabulate(Axis &axis);
  unsigned innermostOf(unsigned operand);
};

/// Whether the region yields its only argument as it is.
bool copies(Region &body);

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_CONTRACTIONLOOPS_H
