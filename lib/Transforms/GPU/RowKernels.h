//===- RowKernels.h - rows, the threads that share one, tensors beside them
//===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_GPU_ROWKERNELS_H
#define NOODLE_LIB_TRANSFORMS_GPU_ROWKERNELS_H

#include "KernelCode.h"

namespace mlir::noodle {

/// In a kernel: the indices of the `linear`-th entry of a shape.
SmallVector<Value> delinearize(KernelCode &code, Value linear,
                               ValueRange extents);

/// The epilogue's tensors, seen by rows and columns of the result: dimensions
/// before `columnsFrom` are the rows, and each tensor has all or none of the
/// others.
class RowTensors {
public:
  RowTensors(Offload &offload, KernelSpec &spec, const Epilogue &epilogue,
             int64_t columnsFrom);

  /// Appends their cuts; false where one has none.
  bool appendCuts(SmallVectorImpl<int64_t> &cuts) const;

  /// In the kernel: a row of each.
  struct Row {
    SmallVector<Value> starts;               ///< null: it has no columns
    SmallVector<KernelCode::Values> entries; ///< of the last `load`
  };
  Row at(KernelCode &code, Value row, Value width, ValueRange buffers,
         ValueRange scalars) const;
  /// Loads the entries of `lanes` columns, which `entry` then gives.
  void load(KernelCode &code, Row &row, Value column, int64_t lanes,
            ValueRange buffers) const;
  static Value entry(const Row &row, const Epilogue::Operand &operand,
                     int64_t lane) {
    const KernelCode::Values &values = row.entries[operand.number];
    return values[row.starts[operand.number] ? lane : 0];
  }

private:
  enum class Along { None, Some, All };
  Along alongRows(const Epilogue::Operand &operand) const;
  bool alongColumns(const Epilogue::Operand &operand) const;

  const Epilogue &epilogue;
  RankedTensorType result;
  int64_t columnsFrom;
  size_t buffers;
  SmallVector<KernelNumber> rowExtents; ///< where a tensor needs them
};

/// How threads share rows of `width` contiguous entries: a warp a row where it
/// is short, else the block. Only where the width is not known does a kernel
/// hold both, and a branch that is the same for all threads.
class RowGroups {
public:
  /// Grid and scalars of `spec`; `splitScalar` and `splitRows`, which hold
  /// unless a tensor has no cut. A short row has at most `warpWidth` entries.
  /// Where rows may be longer, `spec` gets its first shared buffer.
  RowGroups(Offload &offload, KernelSpec &spec, Value rows, Value width,
            Type element, int64_t warpWidth, int64_t slots);

  /// In the kernel, once at its head.
  void begin(KernelCode &code, ValueRange scalars, ValueRange workgroup);
  Value row;  ///< the thread's row
  Value rows; ///< of the kernel
  Value width;
  Value member; ///< the thread's number among those of the row
  Value size;   ///< their number
  Value warp;   ///< the thread's warp
  Value isWarp; ///< a row has one warp

  /// Folds over the threads of the row; all hold the result. `slot` numbers the
  /// folds of a kernel: each has its own shared words. Under a condition only
  /// where it is the same for the whole row.
  Value fold(KernelCode &code, Value value, int64_t slot,
             llvm::function_ref<Value(Value, Value)> fold) const;

  /// The width, ShapedType::kDynamic where unknown.
  int64_t known() const { return widthNumber.fixed; }
  int64_t warps() const { return threads / kWarp; }
  int64_t warpWidth;

private:
  int64_t threads, blockRows;
  KernelNumber widthNumber;
  unsigned rowsAt;
  Value partials;
};

/// The kernels of emitRows.
LaunchOp emitRowPasses(Offload &offload);     // softmax, layer_norm: last axis
LaunchOp emitColumnSoftmax(Offload &offload); // another axis
LaunchOp emitReduction(Offload &offload);

/// A buffer that the threads of a block share.
MemRefType sharedBuffer(int64_t size, Type element);

/// What follows the root's name in a kernel's text.
std::string mapsText(const Cluster &cluster);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_GPU_ROWKERNELS_H
