//===- FuseRows.cpp - ops that share rows run block of rows by block ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RowGroups.h"

#include "noodle/Dialect/Noodle.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEFUSEROWSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// Rewrites one group as a loop over blocks of rows.
class RowLoop {
public:
  RowLoop(const RowGroup &group, int64_t block)
      : group(group), block(block), b(group.members.back().view.op->getLoc(),
                                      group.members.back().view.op) {
    // Behind the last member, so that all it uses is there.
    b.setInsertionPointAfter(group.members.back().view.op);
  }

  void run();

private:
  SmallVector<OpFoldResult> sizesOf(Value tensor) {
    if (auto empty = dyn_cast_if_present<tensor::EmptyOp>(emptyBehind(tensor)))
      return empty.getMixedSizes();
    return tensor::getMixedSizes(b, b.getLoc(), tensor);
  }
  /// Sizes of a tensor with the block's rows in place of all.
  SmallVector<OpFoldResult> blockSizes(Value tensor, AffineMap map,
                                       ArrayRef<unsigned> rows);
  /// The block's part of a tensor that is read through `map`.
  Value slice(Value tensor, Value sizesFrom, AffineMap map,
              ArrayRef<unsigned> rows);
  /// What a member's output starts from within the block.
  Value start(Value init, Value result, AffineMap map, ArrayRef<unsigned> rows);
  void place(Value tensor, AffineMap map, ArrayRef<unsigned> rows,
             SmallVectorImpl<OpFoldResult> &offsets,
             SmallVectorImpl<OpFoldResult> &strides);
  void cloneMember(const RowMember &member);

  const RowGroup &group;
  int64_t block;
  ImplicitLocOpBuilder b;
  SmallVector<OpFoldResult> offsets, counts; ///< per row dimension
  llvm::SmallDenseMap<Value, Value> local;   ///< a value's part of the block
  llvm::SmallDenseMap<Value, Value> shared;  ///< an escaping value's whole
  /// Slices that are there: of what, by which row dimensions (-1 for none).
  SmallVector<std::tuple<Value, SmallVector<int>, Value>> slices;
};

} // namespace

static std::optional<unsigned> rowOf(AffineExpr expr, ArrayRef<unsigned> rows) {
  auto dim = dyn_cast<AffineDimExpr>(expr);
  auto found = dim ? llvm::find(rows, dim.getPosition()) : rows.end();
  if (found == rows.end())
    return std::nullopt;
  return found - rows.begin();
}

SmallVector<OpFoldResult> RowLoop::blockSizes(Value tensor, AffineMap map,
                                              ArrayRef<unsigned> rows) {
  SmallVector<OpFoldResult> sizes = sizesOf(tensor);
  for (auto [d, expr] : llvm::enumerate(map.getResults()))
    if (auto r = rowOf(expr, rows))
      sizes[d] = counts[*r];
  return sizes;
}

void RowLoop::place(Value tensor, AffineMap map, ArrayRef<unsigned> rows,
                    SmallVectorImpl<OpFoldResult> &from,
                    SmallVectorImpl<OpFoldResult> &strides) {
  for (AffineExpr expr : map.getResults()) {
    auto r = rowOf(expr, rows);
    from.push_back(r ? offsets[*r] : OpFoldResult(b.getIndexAttr(0)));
    strides.push_back(b.getIndexAttr(1));
  }
}

Value RowLoop::slice(Value tensor, Value sizesFrom, AffineMap map,
                     ArrayRef<unsigned> rows) {
  if (llvm::none_of(map.getResults(), [&](AffineExpr expr) {
        return rowOf(expr, rows).has_value();
      }))
    return tensor;
  SmallVector<int> cut;
  for (AffineExpr expr : map.getResults()) {
    auto r = rowOf(expr, rows);
    cut.push_back(r ? int(*r) : -1);
  }
  for (auto &[of, by, made] : slices)
    if (of == tensor && by == cut)
      return made;
  SmallVector<OpFoldResult> from, strides;
  place(tensor, map, rows, from, strides);
  Value made = tensor::ExtractSliceOp::create(
      b, tensor, from, blockSizes(sizesFrom, map, rows), strides);
  slices.push_back({tensor, cut, made});
  return made;
}

Value RowLoop::start(Value init, Value result, AffineMap map,
                     ArrayRef<unsigned> rows) {
  if (Value known = local.lookup(init))
    return known;
  Value whole = shared.lookup(result);
  if (!emptyBehind(init))
    return slice(whole ? whole : init, init, map, rows);
  Value own;
  if (whole)
    own = slice(whole, init, map, rows);
  else
    own = tensor::EmptyOp::create(
        b, blockSizes(init, map, rows),
        cast<RankedTensorType>(init.getType()).getElementType());
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    own = linalg::FillOp::create(b, fill.getInputs(), ValueRange{own})
              .getResult(0);
  return own;
}

void RowLoop::cloneMember(const RowMember &member) {
  const LoopView &view = member.view;
  SmallVector<Value> operands(view.op->getOperands());
  SmallVector<Type> types;
  for (auto [k, operand] : llvm::enumerate(view.operands)) {
    Value &value = operands[operand->getOperandNumber()];
    if (k >= view.firstOut) {
      value = start(value, view.op->getResult(k - view.firstOut), view.maps[k],
                    member.rows);
      types.push_back(value.getType());
    } else if (Value known = local.lookup(value)) {
      value = known;
    } else {
      value = slice(value, value, view.maps[k], member.rows);
    }
  }
  Operation *clone = b.clone(*view.op);
  clone->setOperands(operands);
  for (auto [result, type] : llvm::zip(clone->getResults(), types))
    result.setType(type);
  for (auto [old, made] : llvm::zip(view.op->getResults(), clone->getResults()))
    local[old] = made;
}

void RowLoop::run() {
  // Escaping values, each with the tensor that blocks are written into.
  SmallVector<Value> escaping, wholes;
  SmallVector<const RowMember *> owners;
  for (const RowMember &member : group.members)
    for (auto [k, result] : llvm::enumerate(member.view.op->getResults())) {
      if (!group.escapes(result))
        continue;
      Value init = member.view.operands[member.view.firstOut + k]->get();
      if (emptyBehind(init) || group.has(init)) {
        Value from = init;
        while (group.has(from)) {
          auto made = cast<OpResult>(from);
          auto view = *LoopView::of(made.getOwner());
          from = view.operands[view.firstOut + made.getResultNumber()]->get();
        }
        init = tensor::EmptyOp::create(
            b, sizesOf(from),
            cast<RankedTensorType>(result.getType()).getElementType());
      }
      escaping.push_back(result);
      wholes.push_back(init);
      owners.push_back(&member);
    }

  const RowMember &first = group.members.front();
  AffineMap map = first.view.maps[first.view.firstOut];
  SmallVector<OpFoldResult> extents =
      sizesOf(first.view.operands[first.view.firstOut]->get());
  SmallVector<OpFoldResult> lower, upper, step;
  for (auto [r, loop] : llvm::enumerate(first.rows)) {
    unsigned d = *map.getResultPosition(getAffineDimExpr(loop, b.getContext()));
    lower.push_back(b.getIndexAttr(0));
    upper.push_back(extents[d]);
    step.push_back(b.getIndexAttr(r + 1 == first.rows.size() ? block : 1));
  }
  auto loop = scf::ForallOp::create(b, lower, upper, step, wholes,
                                    /*mapping=*/std::nullopt);
  for (auto [value, argument] : llvm::zip(escaping, loop.getRegionIterArgs()))
    shared[value] = argument;
  b.setInsertionPoint(loop.getTerminator());
  for (auto [r, variable] : llvm::enumerate(loop.getInductionVars())) {
    offsets.push_back(variable);
    auto extent = getConstantIntValue(upper[r]);
    auto size = *getConstantIntValue(step[r]);
    if (size == 1 || (extent && *extent % size == 0)) {
      counts.push_back(b.getIndexAttr(size));
      continue;
    }
    Value left = arith::SubIOp::create(
        b, getValueOrCreateConstantIndexOp(b, b.getLoc(), upper[r]), variable);
    counts.push_back(
        arith::MinSIOp::create(b, left, arith::ConstantIndexOp::create(b, size))
            .getResult());
  }
  for (const RowMember &member : group.members)
    cloneMember(member);
  b.setInsertionPointToStart(loop.getTerminator().getBody());
  // Sizes and offsets stand in front of the terminator.
  for (auto [value, owner, argument] :
       llvm::zip(escaping, owners, loop.getRegionIterArgs())) {
    unsigned k = cast<OpResult>(value).getResultNumber() + owner->view.firstOut;
    AffineMap out = owner->view.maps[k];
    SmallVector<OpFoldResult> from, strides;
    place(value, out, owner->rows, from, strides);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(loop.getTerminator());
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(b, b.getLoc(), local[value]);
    b.setInsertionPointToEnd(loop.getTerminator().getBody());
    tensor::ParallelInsertSliceOp::create(b, local[value], argument, from,
                                          sizes, strides);
  }
  for (auto [value, result] : llvm::zip(escaping, loop.getResults()))
    value.replaceAllUsesWith(result);
  for (const RowMember &member : llvm::reverse(group.members))
    member.view.op->erase();
}

/// Extents of results are those of their inits, which need no computing.
static void findExtentsInInits(Block &block) {
  for (auto dim : llvm::make_early_inc_range(block.getOps<tensor::DimOp>())) {
    while (auto result = dyn_cast<OpResult>(dim.getSource())) {
      auto view = LoopView::of(result.getOwner());
      if (!view)
        break;
      dim.getSourceMutable().assign(
          view->operands[view->firstOut + result.getResultNumber()]->get());
    }
    auto index = dim.getConstantIndex();
    if (auto empty =
            dyn_cast_if_present<tensor::EmptyOp>(emptyBehind(dim.getSource()));
        empty && index && empty.getType().isDynamicDim(*index)) {
      dim.replaceAllUsesWith(empty.getDynamicSize(*index));
      dim.erase();
    }
  }
}

namespace {
struct FuseRows : noodle::impl::NoodleFuseRowsPassBase<FuseRows> {
  using NoodleFuseRowsPassBase::NoodleFuseRowsPassBase;

  void runOnOperation() override {
    RowCaches caches{l1Bytes, l2Bytes};
    SmallVector<Block *> blocks;
    getOperation().walk([&](Block *block) { blocks.push_back(block); });
    for (Block *block : blocks) {
      if (isa<linalg::LinalgOp, FusedContractOp>(block->getParentOp()))
        continue;
      findExtentsInInits(*block);
      for (const RowGroup &group : findRowGroups(*block, caches))
        RowLoop(group, rowsPerBlock(group, caches)).run();
    }
  }
};
} // namespace
