//===- SplitElementwise.cpp - blocks of large linalg ops ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "../Rows/VectorNest.h"

#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLESPLITELEMENTWISEPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Iterations of a block, about what fills a first-level cache with f32.
static constexpr int64_t kBlockWork = 8192;
/// The least extent of a block of contiguous columns: a page of f32, the reach
/// of hardware prefetch.
static constexpr int64_t kBlockColumns = 1024;
/// Rows of a transposing op's block: several tiles.
static constexpr int64_t kBlockRows = 64;
/// Iterations that one partial sum is over. Large enough that waking a thread
/// (2 us) is a hundredth of it. A guess.
static constexpr int64_t kPartialWork = 1 << 17;
/// What an unknown extent is taken for.
static constexpr int64_t kUnknown = 256;

namespace {
struct Splitter {
  linalg::GenericOp op;
  int64_t serialWork;
  SmallVector<int64_t> extents;

  Splitter(linalg::GenericOp op, int64_t serialWork)
      : op(op), serialWork(serialWork), extents(op.getStaticLoopRanges()) {}

  int64_t guess(unsigned loop) {
    return ShapedType::isDynamic(extents[loop])
               ? kUnknown
               : std::max<int64_t>(extents[loop], 1);
  }
  /// Iterations of all loops but one.
  int64_t besides(unsigned loop) {
    int64_t work = 1;
    for (unsigned other = 0; other < extents.size(); ++other)
      if (other != loop && __builtin_mul_overflow(work, guess(other), &work))
        return std::numeric_limits<int64_t>::max();
    return work;
  }
  bool mayBeLarge();
  void run();
  void cut(unsigned loop, int64_t size);
  void sumInParts(unsigned loop, Operation *combiner);
};
} // namespace

/// Whether the op may do more than `serialWork` iterations.
bool Splitter::mayBeLarge() {
  if (!op.hasPureBufferSemantics() || op.getNumLoops() == 0 ||
      op->getParentOfType<scf::ParallelOp>())
    return false;
  for (AffineMap map : op.getIndexingMapsArray())
    if (!map.isProjectedPermutation(/*allowZeroInResults=*/true))
      return false;
  int64_t work = 1;
  for (int64_t extent : extents) {
    // Splitting doubles an op's code and with it the time to compile. Unknown
    // vectors are rarely long enough to be worth that; those that were of
    // higher rank are.
    if (ShapedType::isDynamic(extent))
      return op.getNumLoops() > 1 ||
             llvm::any_of(op->getOperands(), [](Value operand) {
               return operand.getDefiningOp<memref::CollapseShapeOp>();
             });
    if (__builtin_mul_overflow(work, extent, &work))
      return true;
  }
  return work > serialWork;
}

void Splitter::run() {
  auto isParallel = [&](unsigned loop) {
    if (op.getIteratorTypesArray()[loop] != utils::IteratorType::parallel)
      return false;
    for (OpOperand &init : op.getDpsInitsMutable())
      if (!op.getMatchingIndexingMap(&init).isFunctionOfDim(loop))
        return false;
    return true;
  };
  // What vectors run along is not cut into blocks shorter than a page, and not
  // at all where sums over rows would then read little pieces of them.
  auto vectors = planVectors(op, /*vectorBytes=*/32, /*streamBytes=*/0);
  std::optional<unsigned> columns;
  if (vectors && !vectors->along)
    columns = vectors->vector;
  bool sumsRows = vectors && vectors->sum;
  // The outermost loop, in blocks that fill a cache.
  for (unsigned loop = 0; loop < extents.size(); ++loop) {
    if (extents[loop] == 1 || (sumsRows && loop == columns))
      continue;
    if (!isParallel(loop))
      break;
    int64_t size = std::max<int64_t>(1, kBlockWork / besides(loop));
    if (loop == columns)
      size = std::max(size, kBlockColumns);
    if (planTranspose(op, /*vectorBytes=*/32, /*streamBytes=*/0))
      size = std::max(size, kBlockRows);
    return cut(loop, size);
  }
  // Sums over rows: long rows are cut into columns, others summed up in parts.
  if (sumsRows && !ShapedType::isDynamic(extents[*columns]) &&
      extents[*columns] >= 4 * kBlockColumns)
    return cut(*columns, kBlockColumns);
  if (op.getNumDpsInits() != 1)
    return;
  for (unsigned loop = 0; loop < extents.size(); ++loop)
    if (extents[loop] != 1 && !isParallel(loop)) {
      if (Operation *combiner = findCombiner(op, 0))
        sumInParts(loop, combiner);
      return;
    }
}

static Value extentOf(ImplicitLocOpBuilder &b, linalg::GenericOp op,
                      unsigned loop) {
  SmallVector<Range> ranges =
      cast<linalg::LinalgOp>(op.getOperation()).createLoopRanges(b, b.getLoc());
  return getValueOrCreateConstantIndexOp(b, b.getLoc(), ranges[loop].size);
}

void Splitter::cut(unsigned loop, int64_t size) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  Value extent = extentOf(b, op, loop);
  Value block = arith::ConstantIndexOp::create(b, size);
  auto blocks = scf::ParallelOp::create(
      b, ValueRange{arith::ConstantIndexOp::create(b, 0)}, ValueRange{extent},
      ValueRange{block});
  b.setInsertionPointToStart(blocks.getBody());
  Value start = blocks.getInductionVars().front();
  Value count =
      arith::MinSIOp::create(b, block, arith::SubIOp::create(b, extent, start));
  sliceLoop(b, op, loop, start, count, blocks);
  op.erase();
}

/// An operand that is a matrix with `loop` along its rows, where another
/// operand lies along the matrix's other loop: lines that one pass brings in
/// are gone before the next reads on in them.
static OpOperand *crossed(linalg::GenericOp op, unsigned loop) {
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap map = op.getMatchingIndexingMap(input);
    if (map.getNumResults() != 2 || !isContiguous(op, *input, loop))
      continue;
    auto rows = dyn_cast<AffineDimExpr>(map.getResult(0));
    for (OpOperand *other : op.getDpsInputOperands())
      if (rows && isContiguous(op, *other, rows.getPosition()))
        return input;
  }
  return nullptr;
}

/// The sum in tiles, of each of which the crossed operand is transposed first:
/// 4 times as fast as reading across 2048 x 2048 f64 on one core of a Zen 4.
/// `loop` has at most kBlockRows iterations.
static void transposeTiles(linalg::GenericOp op, unsigned loop,
                           OpOperand &crossed) {
  ImplicitLocOpBuilder b(op.getLoc(), op);
  unsigned number = crossed.getOperandNumber();
  unsigned rows =
      cast<AffineDimExpr>(op.getMatchingIndexingMap(&crossed).getResult(0))
          .getPosition();
  auto type = cast<MemRefType>(crossed.get().getType());
  Value buffer = memref::AllocOp::create(
      b, MemRefType::get({kBlockRows, kBlockRows}, type.getElementType()));
  Value extent = extentOf(b, op, rows), width = extentOf(b, op, loop);
  Value size = arith::ConstantIndexOp::create(b, kBlockRows);
  auto tiles =
      scf::ForOp::create(b, arith::ConstantIndexOp::create(b, 0), extent, size);
  b.setInsertionPointToStart(tiles.getBody());
  Value start = tiles.getInductionVar();
  Value count =
      arith::MinSIOp::create(b, size, arith::SubIOp::create(b, extent, start));
  linalg::GenericOp piece = sliceLoop(b, op, rows, start, count, tiles);
  b.setInsertionPoint(piece);
  Attribute zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  Value turned = memref::SubViewOp::create(
      b, buffer, ArrayRef<OpFoldResult>{zero, zero},
      ArrayRef<OpFoldResult>{width, count}, ArrayRef<OpFoldResult>{one, one});
  AffineMap identity = b.getMultiDimIdentityMap(2);
  AffineMap across =
      AffineMap::getPermutationMap(ArrayRef<unsigned>{1, 0}, b.getContext());
  SmallVector<utils::IteratorType> kinds(2, utils::IteratorType::parallel);
  linalg::GenericOp::create(b, TypeRange(), piece->getOperand(number), turned,
                            ArrayRef{across, identity}, kinds,
                            [](OpBuilder &b, Location loc, ValueRange args) {
                              linalg::YieldOp::create(b, loc, args[0]);
                            });
  piece->setOperand(number, turned);
  SmallVector<AffineMap> maps = piece.getIndexingMapsArray();
  maps[number] = AffineMap::get(
      piece.getNumLoops(), 0,
      {b.getAffineDimExpr(loop), b.getAffineDimExpr(rows)}, b.getContext());
  piece.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
  op.erase();
}

/// Sums over blocks of the loop side by side, then their sum. The blocks' size
/// is fixed, so that sums do not depend on the threads.
void Splitter::sumInParts(unsigned loop, Operation *combiner) {
  int64_t size = std::max<int64_t>(kBlockRows, kPartialWork / besides(loop));
  if (crossed(op, loop))
    size = kBlockRows;
  if (!ShapedType::isDynamic(extents[loop]) && extents[loop] < 2 * size)
    return;
  ImplicitLocOpBuilder b(op.getLoc(), op);
  auto index = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  };
  Value extent = extentOf(b, op, loop), zero = index(0), one = index(1);
  Value block = index(size);
  Value parts = ShapedType::isDynamic(extents[loop])
                    ? arith::CeilDivSIOp::create(b, extent, block).getResult()
                    : index((extents[loop] + size - 1) / size).getResult();
  OpOperand &init = *op.getDpsInitOperand(0);
  auto type = cast<MemRefType>(init.get().getType());
  unsigned rank = type.getRank();

  SmallVector<int64_t> shape{
      getConstantIntValue(parts).value_or(ShapedType::kDynamic)};
  llvm::append_range(shape, type.getShape());
  SmallVector<Value> dynamic;
  if (ShapedType::isDynamic(shape.front()))
    dynamic.push_back(parts);
  for (unsigned d = 0; d < rank; ++d)
    if (type.isDynamicDim(d))
      dynamic.push_back(memref::DimOp::create(b, init.get(), d));
  Value sums = memref::AllocOp::create(
      b, MemRefType::get(shape, type.getElementType()), dynamic);
  Value neutral =
      arith::ConstantOp::create(b, *arith::getNeutralElement(combiner));

  auto loops = scf::ParallelOp::create(b, ValueRange{zero}, ValueRange{parts},
                                       ValueRange{one});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loops.getBody());
    Value part = loops.getInductionVars().front();
    SmallVector<OpFoldResult> offsets(rank + 1, b.getIndexAttr(0)),
        strides(rank + 1, b.getIndexAttr(1)), sizes{b.getIndexAttr(1)};
    offsets[0] = part;
    for (unsigned d = 0; d < rank; ++d)
      sizes.push_back(memref::getMixedSize(b, b.getLoc(), init.get(), d));
    auto view = cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
        type.getShape(), cast<MemRefType>(sums.getType()), offsets, sizes,
        strides));
    Value own =
        memref::SubViewOp::create(b, view, sums, offsets, sizes, strides);
    SmallVector<AffineMap> maps{
        AffineMap::get(rank, 0, b.getContext()),
        AffineMap::getMultiDimIdentityMap(rank, b.getContext())};
    SmallVector<utils::IteratorType> kinds(rank, utils::IteratorType::parallel);
    linalg::GenericOp::create(b, TypeRange(), ValueRange{neutral},
                              ValueRange{own}, maps, kinds,
                              [](OpBuilder &b, Location loc, ValueRange args) {
                                linalg::YieldOp::create(b, loc, args[0]);
                              });
    Value start = arith::MulIOp::create(b, part, block);
    Value count = arith::MinSIOp::create(
        b, block, arith::SubIOp::create(b, extent, start));
    linalg::GenericOp piece = sliceLoop(b, op, loop, start, count, loops);
    piece.getDpsInitOperand(0)->set(own);
    if (OpOperand *operand = crossed(piece, loop))
      transposeTiles(piece, loop, *operand);
  }
  // The sum of the parts, in their order.
  SmallVector<AffineExpr> kept;
  for (unsigned d = 0; d < rank; ++d)
    kept.push_back(b.getAffineDimExpr(d + 1));
  SmallVector<AffineMap> maps{
      AffineMap::getMultiDimIdentityMap(rank + 1, b.getContext()),
      AffineMap::get(rank + 1, 0, kept, b.getContext())};
  SmallVector<utils::IteratorType> kinds(rank + 1,
                                         utils::IteratorType::parallel);
  kinds[0] = utils::IteratorType::reduction;
  Value old = op.getRegion().front().getArgument(init.getOperandNumber());
  bool first = combiner->getOperand(0) == old;
  linalg::GenericOp::create(
      b, TypeRange(), ValueRange{sums}, ValueRange{init.get()}, maps, kinds,
      [&](OpBuilder &b, Location loc, ValueRange args) {
        IRMapping mapping;
        mapping.map(combiner->getOperand(!first), args[1]);
        mapping.map(combiner->getOperand(first), args[0]);
        Operation *sum = b.clone(*combiner, mapping);
        linalg::YieldOp::create(b, loc, sum->getResult(0));
      });
  op.erase();
}

namespace {
struct SplitElementwise
    : noodle::impl::NoodleSplitElementwisePassBase<SplitElementwise> {
  using NoodleSplitElementwisePassBase::NoodleSplitElementwisePassBase;

  void runOnOperation() override {
    SmallVector<linalg::GenericOp> work;
    // What is known to be empty has no blocks that a subview could show.
    getOperation().walk([&](linalg::GenericOp op) {
      if (!llvm::is_contained(op.getStaticLoopRanges(), 0))
        work.push_back(op);
    });
    for (linalg::GenericOp op : work) {
      Splitter splitter(op, serialWork);
      if (splitter.mayBeLarge())
        splitter.run();
    }
  }
};
} // namespace
