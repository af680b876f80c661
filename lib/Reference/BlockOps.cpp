//===- BlockOps.cpp - ops on matrices of blocks ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "noodle/Dialect/BlockOps.h"

#include <map>

namespace mlir::noodle::reference {

/// All entries of all blocks, by row and then by column.
static LogicalResult entriesOfBlocks(Machine &machine, Operation *op,
                                     Charge &charge, const Tensor &blocks,
                                     BlockShape block,
                                     std::vector<Entry> &entries) {
  if (failed(charge.add(op, blocks.size() * int64_t(sizeof(Entry)))))
    return failure();
  for (int64_t i = 0; i < blocks.extents[0]; ++i)
    for (int64_t r = 0; r < block.rows; ++r)
      for (int64_t k = blocks.positions[i]; k < blocks.positions[i + 1]; ++k)
        for (int64_t c = 0; c < block.columns; ++c) {
          if (failed(machine.step(op)))
            return failure();
          entries.push_back(
              {i * block.rows + r, blocks.coordinates[k] * block.columns + c,
               blocks.get((k * block.rows + r) * block.columns + c)});
        }
  return success();
}

static LogicalResult expand(Machine &machine, Frame &frame, ExpandBlocksOp op) {
  const Tensor &in = frame.tensor(op.getMatrix());
  BlockShape block = blockOf(op.getBlock());
  Charge charge(machine);
  std::vector<Entry> entries;
  if (failed(entriesOfBlocks(machine, op, charge, in, block, entries)))
    return failure();
  int64_t extents[2] = {in.extents[0] * block.rows,
                        in.extents[1] * block.columns};
  TensorRef result =
      fromEntries(machine, op, in.type, NOODLE_RT_CSR, extents, entries);
  if (!result)
    return failure();
  frame.set(op.getResult(), result);
  return success();
}

static LogicalResult pack(Machine &machine, Frame &frame, PackBlocksOp op) {
  const Tensor &in = frame.tensor(op.getMatrix());
  BlockShape block = blockOf(op.getBlock());
  if (in.extents[0] % block.rows || in.extents[1] % block.columns)
    return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                        "extents " + shapeText(in.extents) +
                            " are no multiple of blocks of " +
                            Twine(block.rows) + "x" + Twine(block.columns));
  Charge charge(machine);
  std::vector<Entry> entries;
  if (failed(entriesOf(machine, op, charge, in, entries)))
    return failure();
  std::map<std::pair<int64_t, int64_t>, int64_t> places;
  for (const Entry &entry : entries)
    places[{entry.row / block.rows, entry.column / block.columns}] = 0;
  int64_t size = block.rows * block.columns, count = int64_t(places.size());
  Tensor made;
  made.type = in.type;
  made.layout = NOODLE_RT_CSR;
  made.extents = {in.extents[0] / block.rows, in.extents[1] / block.columns};
  made.positions.resize(made.extents[0] + 1);
  made.values.resize(count * size * noodle_rt_element_bytes(in.type));
  for (auto &[place, number] : places) {
    number = int64_t(made.coordinates.size());
    made.coordinates.push_back(place.second);
    ++made.positions[place.first + 1];
  }
  for (int64_t i = 0; i < made.extents[0]; ++i)
    made.positions[i + 1] += made.positions[i];
  Scalar absent = op.getAbsentAttr() ? scalarFromAttr(op.getAbsentAttr())
                                     : zeroScalar(in.type);
  for (int64_t k = 0; k < count * size; ++k)
    made.set(k, absent);
  for (const Entry &entry : entries) {
    int64_t number =
        places[{entry.row / block.rows, entry.column / block.columns}];
    made.set((number * block.rows + entry.row % block.rows) * block.columns +
                 entry.column % block.columns,
             entry.value);
    if (failed(machine.step(op)))
      return failure();
  }
  TensorRef result = machine.adopt(op, std::move(made));
  if (!result)
    return failure();
  frame.set(op.getResult(), result);
  return success();
}

static LogicalResult product(Machine &machine, Frame &frame,
                             BlockProductOp op) {
  const Tensor &in = frame.tensor(op.getMatrix());
  const Tensor &dense = frame.tensor(op.getDense());
  BlockShape block = blockOf(op.getBlock());
  if (in.extents[1] * block.columns != dense.extents[0])
    return machine.fail(op, NOODLE_RT_SHAPE_MISMATCH,
                        "the inner extents are " +
                            Twine(in.extents[1] * block.columns) + " and " +
                            Twine(dense.extents[0]));
  Algebra algebra;
  if (failed(machine.algebra(op, op.getSemiring(), in.type, algebra)))
    return failure();
  Charge charge(machine);
  std::vector<Entry> entries;
  if (failed(entriesOfBlocks(machine, op, charge, in, block, entries)))
    return failure();
  SmallVector<int64_t> extents = llvm::to_vector(dense.extents);
  extents[0] = in.extents[0] * block.rows;
  int64_t wide = extents.size() == 2 ? extents[1] : 1;
  TensorRef sums = machine.dense(op, in.type, extents);
  if (!sums)
    return failure();
  for (int64_t k = 0, e = sums->size(); k < e; ++k)
    sums->set(k, algebra.zero);
  for (const Entry &entry : entries)
    for (int64_t j = 0; j < wide; ++j) {
      int64_t at = entry.row * wide + j;
      Scalar term =
          algebra.mul(entry.value, dense.get(entry.column * wide + j));
      sums->set(at, algebra.add(sums->get(at), term));
      if (failed(machine.step(op)))
        return failure();
    }
  frame.set(op.getResult(), sums);
  return success();
}

void addBlockHandlers(Handlers &handlers) {
  handlers.add<BlockProductOp, product>();
  handlers.add<ExpandBlocksOp, expand>();
  handlers.add<PackBlocksOp, pack>();
}

} // namespace mlir::noodle::reference
