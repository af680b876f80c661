//===- ScalarNest.cpp - contractions element by element -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ScalarNest.h"

#include "noodle/Dialect/Semiring.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

bool noodle::needsScalarNest(FusedContractOp op) {
  return isa<ComplexType>(op.getSumType()) ||
         llvm::any_of(op.getShaped(), [](Value value) {
           return isa<ComplexType>(getElementTypeOrSelf(value));
         });
}

/// Elements computed at once: eight complex<f32> of the right factor fill the
/// cache line that each step loads.
static constexpr int64_t kNeighbours = 8;

namespace {

class ScalarNest {
public:
  explicit ScalarNest(FusedContractOp op) : op(op), b(op.getLoc(), op) {}
  void emit();

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value extent(unsigned loop) {
    auto [operand, d] = op.getExtentSource(loop);
    return memref::DimOp::create(b, op.getShaped()[operand], int64_t(d));
  }
  SmallVector<Value> place(unsigned shaped) {
    SmallVector<Value> at;
    for (AffineExpr expr : op.getMap(shaped).getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      at.push_back(dim ? point[dim.getPosition()] : zeroIndex);
    }
    return at;
  }
  SmallVector<Value> elements(unsigned first, unsigned count) {
    SmallVector<Value> values;
    for (unsigned k = first; k < first + count; ++k)
      values.push_back(memref::LoadOp::create(b, op.getShaped()[k], place(k)));
    return values;
  }
  Value inlined(Region &region, SmallVector<Value> arguments,
                bool takesScalars);
  SmallVector<Value> sum(ArrayRef<unsigned> loops, SmallVector<Value> carried);
  void block(std::optional<unsigned> across, int64_t count);
  void over(unsigned loop, Value lower, Value upper, int64_t step,
            llvm::function_ref<void()> body);
  /// The point becomes that of the block's element k.
  void moveTo(int64_t k) {
    if (along)
      point[*along] = neighbours[k];
  }
  bool staysSerial();
  void outer(ArrayRef<unsigned> loops);

  FusedContractOp op;
  ImplicitLocOpBuilder b;
  Value zeroIndex, oneIndex;
  SmallVector<Value> extents, point, neighbours;
  std::optional<unsigned> along;
  SmallVector<unsigned> inner;
};

} // namespace

/// The value a body yields for these arguments.
Value ScalarNest::inlined(Region &region, SmallVector<Value> arguments,
                          bool takesScalars) {
  if (takesScalars)
    llvm::append_range(arguments, op.getScalars());
  Block &block = region.front();
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  for (Operation &inner : block.without_terminator())
    b.clone(inner, mapping);
  return mapping.lookupOrDefault(block.getTerminator()->getOperand(0));
}

/// Adds to the sums of neighbouring elements over these loops.
SmallVector<Value> ScalarNest::sum(ArrayRef<unsigned> loops,
                                   SmallVector<Value> carried) {
  if (loops.empty()) {
    unsigned lhs = op.getLhs().size(), rhs = op.getRhs().size();
    for (auto [k, value] : llvm::enumerate(carried)) {
      moveTo(k);
      Value x = inlined(op.getLhsBody(), elements(0, lhs), true);
      Value y = inlined(op.getRhsBody(), elements(lhs, rhs), true);
      value = inlined(op.getCombine(), {x, y, value}, false);
    }
    return carried;
  }
  unsigned loop = loops.front();
  auto nest =
      scf::ForOp::create(b, zeroIndex, extents[loop], oneIndex, carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(nest.getBody());
  point[loop] = nest.getInductionVar();
  scf::YieldOp::create(
      b, sum(loops.drop_front(),
             llvm::to_vector_of<Value>(nest.getRegionIterArgs())));
  return llvm::to_vector_of<Value>(nest.getResults());
}

/// `count` elements, neighbours along `across`, whose first is at the point.
void ScalarNest::block(std::optional<unsigned> across, int64_t count) {
  unsigned out = op.getShaped().size() - 1;
  unsigned first = op.getLhs().size() + op.getRhs().size();
  neighbours.clear();
  along = across;
  for (int64_t k = 0; across && k < count; ++k)
    neighbours.push_back(
        k ? arith::AddIOp::create(b, point[*across], index(k)).getResult()
          : point[*across]);
  SmallVector<Value> sums;
  for (int64_t k = 0; k < count; ++k) {
    moveTo(k);
    sums.push_back(op.getAccumulate()
                       ? elements(out, 1).front()
                       : elementConstant(b, op.getLoc(), op.getZero()));
  }
  sums = sum(inner, sums);
  for (auto [k, value] : llvm::enumerate(sums)) {
    moveTo(k);
    SmallVector<Value> arguments{value};
    llvm::append_range(arguments, elements(first, op.getExtras().size()));
    Value result = inlined(op.getEpilogue(), arguments, true);
    memref::StoreOp::create(b, result, op.getOut(), place(out));
  }
}

/// Runs `body` with a loop's index as the point's.
void ScalarNest::over(unsigned loop, Value lower, Value upper, int64_t step,
                      llvm::function_ref<void()> body) {
  auto nest = scf::ForOp::create(b, lower, upper, index(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(nest.getBody());
  point[loop] = nest.getInductionVar();
  body();
}

void ScalarNest::outer(ArrayRef<unsigned> loops) {
  if (loops.empty())
    return block(std::nullopt, 1);
  unsigned loop = loops.front();
  if (loops.size() > 1)
    return over(loop, zeroIndex, extents[loop], 1,
                [&] { outer(loops.drop_front()); });
  Value whole = arith::SubIOp::create(
      b, extents[loop],
      arith::RemUIOp::create(b, extents[loop], index(kNeighbours)));
  over(loop, zeroIndex, whole, kNeighbours, [&] { block(loop, kNeighbours); });
  over(loop, whole, extents[loop], 1, [&] { block(loop, 1); });
}

/// Inside another parallel loop, or too little for a second thread to pay.
bool ScalarNest::staysSerial() {
  if (op->getParentOfType<scf::ParallelOp>() ||
      op->getParentOfType<scf::ForallOp>())
    return true;
  int64_t work = 1;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    int64_t known = op.getStaticExtent(loop);
    if (ShapedType::isDynamic(known) || llvm::MulOverflow(work, known, work))
      return false;
  }
  return work <= int64_t(1) << 16; // as for elementwise ops
}

void ScalarNest::emit() {
  zeroIndex = index(0);
  oneIndex = index(1);
  SmallVector<unsigned> loops;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    extents.push_back(extent(loop));
    (op.isSum(loop) ? inner : loops).push_back(loop);
  }
  point.resize(extents.size());
  if (loops.size() < 2 || staysSerial())
    return outer(loops);
  auto parallel = scf::ParallelOp::create(b, ValueRange{zeroIndex},
                                          ValueRange{extents[loops.front()]},
                                          ValueRange{oneIndex});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(parallel.getBody());
  point[loops.front()] = parallel.getInductionVars()[0];
  outer(ArrayRef(loops).drop_front());
}

void noodle::emitScalarNest(FusedContractOp op) { ScalarNest(op).emit(); }
