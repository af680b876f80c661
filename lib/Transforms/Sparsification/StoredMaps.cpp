//===- StoredMaps.cpp - functions of stored entries -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A function of each stored entry of one matrix keeps its places: they are
// copied, and the values are computed in parallel, in memory of exactly their
// number. The sparsifier inserts entry by entry, which takes ten times as long.
//
//===----------------------------------------------------------------------===//
#include "StoredMaps.h"
#include "SparseStorage.h"

#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::noodle;

/// Entries of a chunk: some 20 us of copying. A guess.
static constexpr int64_t kChunkEntries = 1 << 14;

static bool isRows(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getRank() != 2 ||
      !sparse_tensor::getSparseTensorEncoding(tensor))
    return false;
  FailureOr<SparseFormat> format = getSparseFormat(tensor);
  return succeeded(format) && *format == SparseFormat::CSR;
}

/// Functions of what is stored, one of another's result, the first of the
/// operand's element: what the body consists of. Empty where it does not.
static SmallVector<sparse_tensor::UnaryOp> functionsOf(linalg::GenericOp op) {
  Block &body = *op.getBody();
  Value entry = body.getArgument(0);
  SmallVector<sparse_tensor::UnaryOp> functions;
  for (Operation &inner : body.without_terminator()) {
    auto unary = dyn_cast<sparse_tensor::UnaryOp>(inner);
    if (!unary || unary.getX() != entry ||
        !unary.getPresentRegion().hasOneBlock() ||
        !unary.getAbsentRegion().empty())
      return {};
    llvm::SetVector<Value> above;
    getUsedValuesDefinedAbove(unary.getPresentRegion(), above);
    if (llvm::any_of(above, [&](Value value) {
          return value.getParentRegion() == &op.getRegion();
        }))
      return {};
    functions.push_back(unary);
    entry = unary.getResult();
  }
  if (body.getTerminator()->getOperand(0) != entry)
    return {};
  return functions;
}

bool noodle::isStoredMap(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 1 || op.getNumResults() != 1 ||
      op.getNumLoops() != 2)
    return false;
  Type from = op.getDpsInputOperand(0)->get().getType();
  Type to = op.getResultTypes().front();
  auto isIdentity = [](AffineMap map) { return map.isIdentity(); };
  return isRows(from) && isRows(to) &&
         cast<RankedTensorType>(from).getEncoding() ==
             cast<RankedTensorType>(to).getEncoding() &&
         llvm::all_of(op.getIndexingMapsArray(), isIdentity) &&
         op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>() &&
         !functionsOf(op).empty();
}

void noodle::emitStoredMap(linalg::GenericOp op) {
  IndexBuilder b(op);
  SmallVector<sparse_tensor::UnaryOp> functions = functionsOf(op);
  SparseRows from = SparseRows::of(b, op.getDpsInputOperand(0)->get());
  auto type = cast<RankedTensorType>(op.getResultTypes().front());
  SparseResult made(b, type, from.rows, from.columns);
  made.take(loadIndex(b, from.positions, from.rows));
  Value places = b.add(from.rows, 1);

  Value most = b.max(made.entries, places);
  auto loop = scf::ParallelOp::create(
      b, ValueRange{b.at(0)}, ValueRange{b.ceilDiv(most, kChunkEntries)},
      ValueRange{b.at(1)});
  loop->setAttr("noodle.chunked", b.getUnitAttr());
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    PollOp::create(b);
    Value first = b.mul(loop.getInductionVars().front(), kChunkEntries);
    Value next = b.add(first, kChunkEntries);
    auto copy = [&](Value source, Value target, Value extent) {
      Value begin = b.min(first, extent);
      CopyRunOp::create(b, source, begin, target, begin,
                        b.sub(b.min(next, extent), begin));
    };
    copy(from.positions, made.positions, places);
    copy(from.coordinates, made.coordinates, made.entries);
    b.loop(b.min(first, made.entries), b.min(next, made.entries), 1,
           [&](Value p) {
             Value entry = memref::LoadOp::create(b, from.values, p);
             for (sparse_tensor::UnaryOp unary : functions) {
               Block &body = unary.getPresentRegion().front();
               IRMapping mapping;
               mapping.map(body.getArgument(0), entry);
               for (Operation &inner : body.without_terminator())
                 b.clone(inner, mapping);
               entry =
                   mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
             }
             memref::StoreOp::create(b, entry, made.values, p);
           });
  }
  // An empty matrix that nobody uses would still get buffers.
  Operation *init = op.getDpsInits()[0].getDefiningOp();
  op.getResult(0).replaceAllUsesWith(made.assemble());
  op.erase();
  if (init->use_empty())
    init->erase();
}
