//===- SparseOps.cpp - ops on stored entries, by lists of entries ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "noodle/Dialect/SparseOps.h"

#include <map>

namespace mlir::noodle::reference {

/// Whether two extents that must agree do.
static LogicalResult agree(Machine &machine, Operation *op, int64_t have,
                           int64_t wanted, unsigned operand, unsigned d) {
  if (have == wanted)
    return success();
  return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                      "operand #" + Twine(operand) + " has extent " +
                          Twine(have) + " in dimension " + Twine(d) +
                          ", expected " + Twine(wanted));
}

static LogicalResult finish(Machine &machine, Frame &frame, Operation *op,
                            ArrayRef<int64_t> extents,
                            std::vector<Entry> &entries) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  TensorRef result =
      fromEntries(machine, op, *elementType(type.getElementType()),
                  *layoutOf(type), extents, entries);
  if (!result)
    return failure();
  frame.set(op->getResult(0), result);
  return success();
}

//===----------------------------------------------------------------------===//
// merge
//===----------------------------------------------------------------------===//

static LogicalResult merge(Machine &machine, Frame &frame, MergeOp op) {
  SmallVector<int64_t> extents;
  Charge charge(machine);
  // How many sparse operands store a place.
  std::map<std::pair<int64_t, int64_t>, unsigned> places;
  unsigned sparse = 0;
  for (auto [k, input] : llvm::enumerate(op.getInputs())) {
    if (!isa<RankedTensorType>(input.getType()))
      continue;
    const Tensor &tensor = frame.tensor(input);
    if (!isSparse(tensor))
      continue;
    if (extents.empty())
      extents = llvm::to_vector(tensor.extents);
    for (auto [d, extent] : llvm::enumerate(tensor.extents))
      if (failed(agree(machine, op, extent, extents[d], k, d)))
        return failure();
    ++sparse;
    std::vector<Entry> entries;
    if (failed(entriesOf(machine, op, charge, tensor, entries)) ||
        failed(charge.add(op, 64 * int64_t(entries.size()))))
      return failure();
    for (const Entry &entry : entries)
      ++places[{entry.row, entry.column}];
  }
  for (auto [k, input] : llvm::enumerate(op.getInputs())) {
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!type || type.getEncoding())
      continue;
    for (auto [d, extent] : llvm::enumerate(frame.tensor(input).extents))
      if (type.getDimSize(d) != 1 &&
          failed(agree(machine, op, extent, extents[d], k, d)))
        return failure();
  }

  std::vector<Entry> made;
  Frame inner;
  SmallVector<Slot> arguments, yielded;
  for (auto [place, count] : places) {
    if (op.getIntersection() && count < sparse)
      continue;
    if (failed(machine.step(op)))
      return failure();
    arguments.clear();
    for (mlir::Value input : op.getInputs()) {
      if (!isa<RankedTensorType>(input.getType())) {
        arguments.push_back(frame.get(input));
        continue;
      }
      const Tensor &tensor = frame.tensor(input);
      int64_t row = place.first, column = place.second;
      if (isSparse(tensor)) {
        int64_t at = findEntry(tensor, row, column);
        arguments.push_back(at >= 0 ? tensor.get(at)
                            : op.getAbsentAttr()
                                ? scalarFromAttr(op.getAbsentAttr())
                                : zeroScalar(tensor.type));
        continue;
      }
      row = tensor.extents[0] == 1 ? 0 : row;
      column = tensor.extents[1] == 1 ? 0 : column;
      arguments.push_back(tensor.get(row * tensor.extents[1] + column));
    }
    if (failed(machine.run(op, inner, op.getBody(), arguments, yielded)))
      return failure();
    made.push_back(
        {place.first, place.second, std::get<Scalar>(yielded.front())});
  }
  return finish(machine, frame, op, extents, made);
}

//===----------------------------------------------------------------------===//
// select
//===----------------------------------------------------------------------===//

static LogicalResult select(Machine &machine, Frame &frame, SelectOp op) {
  const Tensor &in = frame.tensor(op.getInputs().front());
  Charge charge(machine);
  std::vector<Entry> entries, kept;
  if (failed(entriesOf(machine, op, charge, in, entries)))
    return failure();
  std::optional<MatrixPart> part;
  if (op.getPart())
    part = parseMatrixPart(*op.getPart());
  int64_t diagonal = op.getDiagonal() ? int64_t(*op.getDiagonal()) : 0;
  Frame inner;
  SmallVector<Slot> arguments, yielded;
  for (const Entry &entry : entries) {
    bool keep = false;
    if (part) {
      int64_t from = entry.column - entry.row;
      keep = *part == MatrixPart::Lower      ? from <= diagonal
             : *part == MatrixPart::Upper    ? from >= diagonal
             : *part == MatrixPart::Diagonal ? from == diagonal
                                             : from != diagonal;
    } else {
      arguments = {entry.value, Scalar(entry.row), Scalar(entry.column)};
      for (mlir::Value scalar : op.getInputs().drop_front())
        arguments.push_back(frame.get(scalar));
      if (failed(machine.run(op, inner, op.getBody(), arguments, yielded)))
        return failure();
      keep = isNonZero(std::get<Scalar>(yielded.front()));
    }
    if (keep)
      kept.push_back(entry);
  }
  return finish(machine, frame, op, in.extents, kept);
}

//===----------------------------------------------------------------------===//
// kron
//===----------------------------------------------------------------------===//

static LogicalResult kron(Machine &machine, Frame &frame, KronOp op) {
  const Tensor &a = frame.tensor(op.getLhs()), &b = frame.tensor(op.getRhs());
  SmallVector<int64_t> extents(2);
  for (unsigned d : {0u, 1u})
    if (__builtin_mul_overflow(a.extents[d], b.extents[d], &extents[d]))
      return machine.fail(op, NOODLE_RT_OUT_OF_MEMORY,
                          "an extent of the result exceeds 64 bits");
  Algebra algebra;
  if (failed(machine.algebra(op, op.getSemiring(), a.type, algebra)))
    return failure();
  Charge charge(machine);
  if (!isSparse(a)) {
    TensorRef result = machine.dense(op, a.type, extents);
    if (!result)
      return failure();
    for (int64_t at = 0, e = result->size(); at < e; ++at) {
      if (failed(machine.step(op)))
        return failure();
      int64_t row = at / extents[1], column = at % extents[1];
      result->set(at, algebra.mul(a.get(row / b.extents[0] * a.extents[1] +
                                        column / b.extents[1]),
                                  b.get(row % b.extents[0] * b.extents[1] +
                                        column % b.extents[1])));
    }
    frame.set(op.getResult(), result);
    return success();
  }
  std::vector<Entry> left, right, made;
  if (failed(entriesOf(machine, op, charge, a, left)) ||
      failed(entriesOf(machine, op, charge, b, right)))
    return failure();
  for (const Entry &x : left)
    for (const Entry &y : right) {
      if (failed(machine.step(op)) || failed(charge.add(op, sizeof(Entry))))
        return failure();
      made.push_back({x.row * b.extents[0] + y.row,
                      x.column * b.extents[1] + y.column,
                      algebra.mul(x.value, y.value)});
    }
  return finish(machine, frame, op, extents, made);
}

//===----------------------------------------------------------------------===//
// extract, assign
//===----------------------------------------------------------------------===//

/// Where each index of a dimension goes: from source index to the places that
/// name it, all of them in order where there is no list.
static LogicalResult readIndices(Machine &machine, Frame &frame, Operation *op,
                                 mlir::Value list, int64_t extent, unsigned d,
                                 bool increasing,
                                 SmallVectorImpl<int64_t> &indices) {
  if (!list) {
    llvm::append_range(indices, llvm::seq<int64_t>(0, extent));
    return success();
  }
  const Tensor &tensor = frame.tensor(list);
  for (int64_t k = 0, e = tensor.size(); k < e; ++k) {
    int64_t at = toInteger(tensor.get(k));
    if (at < 0 || at >= extent)
      return machine.fail(op, NOODLE_RT_INDEX_RANGE,
                          "an index is out of range for dimension " + Twine(d));
    if (increasing && !indices.empty() && at <= indices.back())
      return machine.fail(op, NOODLE_RT_INVALID_ARGUMENT,
                          "indices of dimension " + Twine(d) +
                              " do not increase strictly");
    indices.push_back(at);
  }
  return success();
}

static LogicalResult extract(Machine &machine, Frame &frame, ExtractOp op) {
  const Tensor &in = frame.tensor(op.getInput());
  SmallVector<int64_t> rows, columns;
  if (failed(readIndices(machine, frame, op, op.getRows(), in.extents[0], 0,
                         false, rows)) ||
      failed(readIndices(machine, frame, op, op.getColumns(), in.extents[1], 1,
                         false, columns)))
    return failure();
  Charge charge(machine);
  std::vector<Entry> made;
  for (auto [i, row] : llvm::enumerate(rows))
    for (auto [j, column] : llvm::enumerate(columns)) {
      if (failed(machine.step(op)))
        return failure();
      int64_t at = findEntry(in, row, column);
      if (at < 0)
        continue;
      if (failed(charge.add(op, sizeof(Entry))))
        return failure();
      made.push_back({int64_t(i), int64_t(j), in.get(at)});
    }
  int64_t extents[2] = {int64_t(rows.size()), int64_t(columns.size())};
  return finish(machine, frame, op, extents, made);
}

static LogicalResult assign(Machine &machine, Frame &frame, AssignOp op) {
  const Tensor &in = frame.tensor(op.getInput());
  const Tensor &init = frame.tensor(op.getInit());
  SmallVector<int64_t> rows, columns;
  if (failed(readIndices(machine, frame, op, op.getRows(), init.extents[0], 0,
                         true, rows)) ||
      failed(readIndices(machine, frame, op, op.getColumns(), init.extents[1],
                         1, true, columns)) ||
      failed(agree(machine, op, in.extents[0], rows.size(), 0, 0)) ||
      failed(agree(machine, op, in.extents[1], columns.size(), 0, 1)))
    return failure();
  Charge charge(machine);
  std::vector<Entry> made, before;
  if (failed(entriesOf(machine, op, charge, in, made)) ||
      failed(entriesOf(machine, op, charge, init, before)))
    return failure();
  for (Entry &entry : made) {
    entry.row = rows[entry.row];
    entry.column = columns[entry.column];
  }
  for (const Entry &entry : before)
    if (!llvm::binary_search(rows, entry.row) ||
        !llvm::binary_search(columns, entry.column))
      made.push_back(entry);
  return finish(machine, frame, op, init.extents, made);
}

void addSparseHandlers(Handlers &handlers) {
  handlers.add<MergeOp, merge>();
  handlers.add<SelectOp, select>();
  handlers.add<KronOp, kron>();
  handlers.add<ExtractOp, extract>();
  handlers.add<AssignOp, assign>();
}

} // namespace mlir::noodle::reference
