//===- VectorNest.h - vector loops of one structured op ---------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_ROWS_VECTORNEST_H
#define NOODLE_LIB_TRANSFORMS_ROWS_VECTORNEST_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::noodle {

/// A cache line, and what streamed stores are aligned to.
inline constexpr int64_t kLineBytes = 64;

/// How the loops of an op become loops over vectors.
struct VectorPlan {
  /// The loop that vectors run along: innermost, and contiguous in every
  /// buffer that has it.
  unsigned vector = 0;
  /// The innermost of the other loops that are summed over, if `vector` is
  /// not.
  std::optional<unsigned> sum;
  /// Whether `vector` is summed over: then each of `combiners` adds an output's
  /// sum to a value that does not depend on it.
  bool along = false;
  SmallVector<Operation *> combiners; ///< per output; null where stored
  int64_t lanes = 1;                  ///< elements of a vector
  int64_t vectors = 1;                ///< per step of the main loop
  int64_t rows = 1;                   ///< of `sum` per pass over `vector`
  /// Outputs whose whole vectors bypass the caches.
  SmallVector<bool> streams;
  bool masks = true; ///< what fills no vector is masked, else done one by one
};

/// A plan, or none where the op is to become plain loops.
std::optional<VectorPlan> planVectors(linalg::GenericOp op, int64_t vectorBytes,
                                      int64_t streamBytes);

/// The op that adds to output k, if the values it adds may be summed up apart
/// by it alone; else null.
Operation *findCombiner(linalg::GenericOp op, unsigned k);

/// Whether vectors of the op's output may bypass the caches: it is part of a
/// buffer of at least `bytes` that the op does not read, and its vectors are
/// aligned there. Asked for within parallel loops only, which end in a fence.
bool isStreamed(linalg::GenericOp op, unsigned output, unsigned loop,
                int64_t lanes, int64_t bytes);

/// Emits the loops in front of the op.
void emitVectorNest(linalg::GenericOp op, const VectorPlan &plan);

/// Square tiles of an op that writes along another loop than it reads along.
struct TransposePlan {
  unsigned vector = 0; ///< the loop along which the output is contiguous
  unsigned other = 0;  ///< that of the transposed operands
  SmallVector<unsigned> transposed; ///< operand numbers
  int64_t lanes = 1;                ///< a tile's rows and columns
  bool streams = false;             ///< whether stores bypass the caches
};

std::optional<TransposePlan>
planTranspose(linalg::GenericOp op, int64_t vectorBytes, int64_t streamBytes);

/// Emits loops over tiles that are transposed in registers in front of the op,
/// and the op on the edges that fill no tile, as plain loops do it.
void emitTransposeTiles(linalg::GenericOp op, const TransposePlan &plan);

//===----------------------------------------------------------------------===//
// What both are made of
//===----------------------------------------------------------------------===//

/// Whether each op of the body has a form over vectors.
bool hasVectorBody(linalg::GenericOp op);
/// Bits of the widest element that the op and its body handle.
unsigned widestBits(linalg::GenericOp op);
/// Whether a loop is the last dimension, of stride 1, of a buffer.
bool isContiguous(linalg::GenericOp op, OpOperand &operand, unsigned loop);
/// The type a body's value has when each lane holds one.
Type vectorOf(Type type, int64_t lanes);
/// The op on iterations [offset, offset + size) of one loop, in front of `b`.
/// Extents of the other loops are found in front of `outside`, if given.
linalg::GenericOp sliceLoop(OpBuilder &b, linalg::GenericOp op, unsigned loop,
                            Value offset, Value size,
                            Operation *outside = nullptr);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_ROWS_VECTORNEST_H
