//===- SparseRows.cpp - kernels of a compressed matrix times dense --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A warp does a row of the compressed matrix. Against a vector, or a few
// columns, its threads take a stored entry each and add up in the end; against
// more columns each takes columns and goes through the row's entries alone,
// which all of them read at once. Entries that are not stored do not count.
//
//===----------------------------------------------------------------------===//
#include "RowKernels.h"

#include "noodle/Dialect/ContractSpec.h"
#include "noodle/Strategy/Lowerable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

constexpr int64_t kThreads = 256;
/// The most columns for which threads take entries. A guess: up to here lanes
/// that wait for columns cost more than the shuffles.
constexpr int64_t kFewColumns = 8;

class SparseRows {
public:
  explicit SparseRows(Offload &offload)
      : offload(offload), op(cast<ContractOp>(offload.cluster.root)),
        at(isSparse(op.getInputs()[0]) ? 0 : 1), sparse(op.getInputs()[at]),
        dense(op.getInputs()[1 - at]), accumulator(op.getAccumulatorType()),
        semiring(*Semiring::resolve(op.getSemiring(), accumulator, op,
                                    [&] { return op.emitOpError(); })),
        matrix(cast<RankedTensorType>(dense.getType()).getRank() == 2) {}
  LaunchOp run();

private:
  using Values = KernelCode::Values;

  /// carried = body(value, column, carried) over entries first, first + step,
  /// ... of the row.
  Values entries(KernelCode &code, Value first, Value end, Value step,
                 ValueRange carried,
                 llvm::function_ref<Values(Value, Value, ValueRange)> body);
  Value fold(KernelCode &code, Value sum, Value value, Value other);
  void store(KernelCode &code, ValueRange sums, Value row, Value column);
  Value convert(KernelCode &code, Value value, Type type) {
    return convertElement(code.b, code.b.getLoc(), value, type);
  }
  Value add(KernelCode &code, Value x, Value y) {
    return semiring.add(code.b, code.b.getLoc(), x, y);
  }
  void byEntries(KernelCode &code, Value row, Value first, Value end);
  void byColumns(KernelCode &code, Value row, Value first, Value end,
                 int64_t lanes);

  Offload &offload;
  ContractOp op;
  unsigned at;
  Value sparse, dense;
  Type accumulator;
  Semiring semiring;
  bool matrix; ///< the dense operand is one
  KernelSpec spec;
  std::optional<Epilogue> epilogue;
  unsigned initAt = 0; ///< its buffer; 0: none

  // In the kernel.
  ValueRange buffers, scalars;
  KernelNumber columnNumber;
  Value columns, member;
};

enum : unsigned { Positions, Coordinates, Entries, Dense };

} // namespace

LaunchOp SparseRows::run() {
  ImplicitLocOpBuilder &host = offload.host;
  auto type = cast<RankedTensorType>(sparse.getType());
  ContractSpec equation = op.getSpec();
  unsigned rowLetter = equation.output[0];
  int64_t rowDim = equation.operands[at][0] == rowLetter ? 0 : 1;
  Value rows = offload.dim(sparse, rowDim);
  spec.extents.push_back(rows);
  Value columnCount = matrix ? offload.dim(dense, 1) : offload.index(1);
  if (matrix)
    spec.extents.push_back(columnCount);
  // The compressed level's three buffers.
  spec.inputs.push_back(sparse_tensor::ToPositionsOp::create(host, sparse, 1));
  spec.inputs.push_back(
      sparse_tensor::ToCoordinatesOp::create(host, sparse, 1));
  spec.inputs.push_back(sparse_tensor::ToValuesOp::create(host, sparse));
  spec.inputs.push_back(dense);
  if (op.getInit()) {
    initAt = spec.inputs.size();
    spec.inputs.push_back(op.getInit());
  }
  epilogue.emplace(offload, spec);
  columnNumber = KernelNumber(offload, spec, columnCount);
  int64_t known = columnNumber.fixed;
  bool few = !ShapedType::isDynamic(known) && known <= kFewColumns;
  int64_t blockRows = kThreads / kWarp;
  spec.kind = "sparse-rows";
  spec.threads = kThreads;
  spec.gridX = gridExtent(offload, offload.ceilDiv(rows, blockRows));
  if (!few)
    spec.gridY =
        gridExtent(offload, offload.ceilDiv(columnCount, kWarp), kGridLimit);
  unsigned rowsAt = spec.scalars.size();
  spec.scalars.push_back(offload.scalar(rows));
  spec.cuts = {2, 0, 0, 0};
  if (initAt)
    spec.cuts.push_back(1);
  if (epilogue->appendCuts(spec.cuts, /*dims=*/1)) {
    spec.cuts.push_back(1);
    spec.splitScalar = rowsAt;
    spec.splitRows = blockRows;
  }
  spec.text =
      (op.getEquation() + " " +
       (semiring.kind() == SemiringKind::User
            ? "@" + semiring.userOp().getSymName().str()
            : stringifySemiringKind(semiring.kind()).str()) +
       " " + typeText(accumulator) +
       (*getSparseFormat(type) == SparseFormat::CSR ? " CSR" : " CSC") +
       mapsText(offload.cluster) +
       (few ? ", a warp a row, by entries" : ", a warp a row, by columns"))
          .str();
  SmallVector<Type> elements{getElementTypeOrSelf(dense),
                             offload.cluster.resultType().getElementType()};
  if (initAt)
    elements.push_back(op.getType().getElementType());
  int64_t lanes = accessLanes(elements);
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange arguments,
                                  ValueRange numbers, ValueRange) {
    KernelCode code(b);
    buffers = arguments;
    scalars = numbers;
    Value count = unpackScalar(b, scalars[rowsAt], b.getIndexType());
    columns = columnNumber.get(code, scalars);
    Value thread = code.thread();
    member = code.rem(thread, kWarp);
    Value row =
        code.add(code.mul(code.blockX(), blockRows), code.div(thread, kWarp));
    code.when(code.less(row, count), [&] {
      auto position = [&](Value at) -> Value {
        Value position = code.load(buffers[Positions], at);
        if (position.getType().isIndex())
          return position;
        return arith::IndexCastUIOp::create(b, b.getIndexType(), position);
      };
      Value first = position(row), end = position(code.add(row, 1));
      if (few)
        return byEntries(code, row, first, end);
      // Wide accesses where they leave no thread without columns.
      Value wide =
          code.both(code.equal(code.rem(columns, lanes), code.index(0)),
                    code.less(code.index(kWarp * lanes - 1), columns));
      code.when(
          wide, [&] { byColumns(code, row, first, end, lanes); },
          [&] { byColumns(code, row, first, end, 1); });
    });
  });
}

KernelCode::Values
SparseRows::entries(KernelCode &code, Value first, Value end, Value step,
                    ValueRange carried,
                    llvm::function_ref<Values(Value, Value, ValueRange)> body) {
  return code.loop(first, end, step, carried, [&](Value p, ValueRange carried) {
    Value column = code.load(buffers[Coordinates], p);
    if (!column.getType().isIndex())
      column =
          arith::IndexCastUIOp::create(code.b, code.b.getIndexType(), column);
    return body(code.load(buffers[Entries], p), column, carried);
  });
}

/// sum + value * other, multiplied in the operands' order.
Value SparseRows::fold(KernelCode &code, Value sum, Value value, Value other) {
  value = convert(code, value, accumulator);
  other = convert(code, other, accumulator);
  if (at == 1)
    std::swap(value, other);
  Value product = semiring.mul(code.b, code.b.getLoc(), value, other);
  return add(code, sum, product);
}

void SparseRows::store(KernelCode &code, ValueRange sums, Value row,
                       Value column) {
  int64_t lanes = sums.size();
  Value position = matrix ? code.add(code.mul(row, columns), column) : row;
  Values init, results;
  if (initAt)
    init = code.load(buffers[initAt], position, lanes);
  for (auto [lane, sum] : llvm::enumerate(sums)) {
    Value value = initAt ? add(code, init[lane], sum) : sum;
    value = convert(code, value, op.getType().getElementType());
    SmallVector<Value> indices{row};
    if (matrix)
      indices.push_back(code.add(column, lane));
    results.push_back(
        epilogue->apply(code.b, value, indices, buffers, scalars));
  }
  code.store(results, buffers.back(), position);
}

void SparseRows::byEntries(KernelCode &code, Value row, Value first,
                           Value end) {
  int64_t count = columnNumber.fixed;
  Value zero = semiring.zero(code.b, code.b.getLoc());
  Values sums = entries(
      code, code.add(first, member), end, code.index(kWarp),
      Values(count, zero), [&](Value value, Value column, ValueRange sums) {
        Values next;
        Value start = code.mul(column, columns);
        for (auto [k, sum] : llvm::enumerate(sums))
          next.push_back(fold(code, sum, value,
                              code.load(buffers[Dense], code.add(start, k))));
        return next;
      });
  for (Value &sum : sums)
    sum = code.overWarp(sum, [&](Value x, Value y) { return add(code, x, y); });
  code.when(code.equal(member, code.index(0)), [&] {
    for (auto [k, sum] : llvm::enumerate(sums))
      store(code, sum, row, code.index(k));
  });
}

void SparseRows::byColumns(KernelCode &code, Value row, Value first, Value end,
                           int64_t lanes) {
  Value zero = semiring.zero(code.b, code.b.getLoc());
  int64_t tile = kWarp * lanes;
  Value begin =
      code.add(code.mul(code.blockY(), tile), code.mul(member, lanes));
  code.loop(begin, columns, code.mul(code.gridY(), tile), [&](Value column) {
    Values sums = entries(code, first, end, code.index(1), Values(lanes, zero),
                          [&](Value value, Value at, ValueRange sums) {
                            Values others = code.load(
                                buffers[Dense],
                                code.add(code.mul(at, columns), column), lanes);
                            Values next;
                            for (auto [sum, other] : llvm::zip(sums, others))
                              next.push_back(fold(code, sum, value, other));
                            return next;
                          });
    store(code, sums, row, column);
  });
}

LaunchOp noodle::emitSparseRows(Offload &offload) {
  return SparseRows(offload).run();
}
