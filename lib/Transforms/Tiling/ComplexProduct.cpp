//===- ComplexProduct.cpp - complex contractions as real ones -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A complex number is two neighbouring reals, so that an m x k matrix is one of
// m x 2k reals, with a loop `s` over parts. With B' of 2k x 2n reals, whose
// rows are those of B and of iB in turn,
//
//   sum over k, s of A(m, k s) B'(k s, n r) = part r of C(m, n):
//
//   re a re b + im a (-im b) = re ab,   re a im b + im a re b = im ab.
//
// These are the multiplications and additions that complex ones consist of, at
// the speed of real tiles and without shuffles: 2 m k n products of reals for
// each part. Only B' is copied.
//
//===----------------------------------------------------------------------===//
#include "ComplexProduct.h"
#include "PlainProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

/// Rows, and products, from which the copy of the other operand is repaid: a
/// guess.
static constexpr int64_t kLeastRows = 4, kLeastProducts = 512;

static FloatType partOf(Type type) {
  auto complex = dyn_cast<ComplexType>(type);
  return complex ? dyn_cast<FloatType>(complex.getElementType()) : FloatType();
}

namespace {

class Real {
public:
  explicit Real(FusedContractOp op) : op(op), b(op.getLoc(), op) {}
  FusedContractOp run();
  /// Whether it is repaid, and which operand is copied.
  bool plan();

private:
  bool has(unsigned operand, unsigned loop) {
    return op.getMap(operand).isFunctionOfDim(loop);
  }
  Value extent(unsigned loop) {
    auto [operand, dim] = op.getExtentSource(loop);
    return memref::DimOp::create(b, op.getShaped()[operand], int64_t(dim));
  }
  /// The copied operand's loops: those of all, of the sum, of the output, each
  /// in the order of the operand that has them beside it.
  void orderLoops();
  Value copied();
  void fill(Value both);
  /// A complex buffer as one of reals, with the parts as another dimension.
  Value parts(Value buffer);

  FusedContractOp op;
  ImplicitLocOpBuilder b;
  unsigned copy = 1, kept = 0;
  SmallVector<unsigned> outer, inner, columns;
};

} // namespace

bool Real::plan() {
  FloatType part = partOf(op.getSumType());
  auto semiring = op.getSemiring().getKind();
  if (!part || part.getWidth() < 32 || semiring != SemiringKind::PlusTimes)
    return false;
  // What is fused becomes passes of its own: all of it has one type then.
  for (Value value : op.getShaped())
    if (getElementTypeOrSelf(value) != op.getSumType())
      return false;
  unsigned lhs = op.getLhs().size(), rhs = op.getRhs().size();
  if (lhs == 0 || rhs == 0)
    return false;
  AffineMap out = op.getMap(op.getIndexingMaps().size() - 1);
  auto sideHas = [&](bool right, unsigned loop) {
    for (unsigned k = right ? lhs : 0; k < (right ? lhs + rhs : lhs); ++k)
      if (has(k, loop))
        return true;
    return false;
  };
  // Neighbours of the output are the copied operand's.
  for (AffineExpr expr : out.getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      unsigned loop = dim.getPosition();
      if (sideHas(false, loop) != sideHas(true, loop))
        copy = sideHas(true, loop) ? 1 : 0;
    }
  kept = 1 - copy;
  int64_t rows = 1, products = 1;
  bool known = true;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    int64_t extent = op.getStaticExtent(loop);
    if (ShapedType::isDynamic(extent)) {
      known = false;
      if (!op.isSum(loop) && sideHas(kept, loop) && !sideHas(copy, loop))
        rows = std::max(rows, kLeastRows);
      continue;
    }
    if (llvm::MulOverflow(products, extent, products))
      products = INT64_MAX;
    if (!op.isSum(loop) && sideHas(kept, loop) && !sideHas(copy, loop))
      rows = std::min(rows * extent, int64_t(1) << 30);
  }
  return rows >= kLeastRows && (!known || products >= kLeastProducts);
}

void Real::orderLoops() {
  unsigned out = op.getIndexingMaps().size() - 1;
  auto add = [&](unsigned by, SmallVectorImpl<unsigned> &to, auto wanted) {
    for (AffineExpr expr : op.getMap(by).getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
        unsigned loop = dim.getPosition();
        if (has(copy, loop) && wanted(loop) &&
            !llvm::is_contained(outer, loop) &&
            !llvm::is_contained(inner, loop) &&
            !llvm::is_contained(columns, loop))
          to.push_back(loop);
      }
  };
  add(out, outer, [&](unsigned loop) { return has(kept, loop); });
  add(kept, inner, [&](unsigned loop) { return op.isSum(loop); });
  add(copy, inner, [&](unsigned loop) { return op.isSum(loop); });
  add(out, columns, [&](unsigned) { return true; });
}

void Real::fill(Value both) {
  SmallVector<unsigned> loops(outer);
  llvm::append_range(loops, inner);
  llvm::append_range(loops, columns);
  SmallVector<AffineExpr> dims(op.getNumLoops(), b.getAffineConstantExpr(0));
  for (auto [k, loop] : llvm::enumerate(loops))
    dims[loop] = b.getAffineDimExpr(k);
  AffineMap from =
      op.getMap(copy).replaceDimsAndSymbols(dims, {}, loops.size(), 0);
  AffineMap to = b.getMultiDimIdentityMap(loops.size());
  // B and iB: the halves of the dimension behind the sum's. As a subview that
  // dimension could be taken for another one of extent 1 where strides are
  // dynamic.
  auto type = cast<MemRefType>(both.getType());
  int64_t at = outer.size() + inner.size();
  SmallVector<OpFoldResult> sizes, strides;
  SmallVector<int64_t> shape, steps;
  OpFoldResult stride = b.getIndexAttr(1), half;
  auto times = [&](OpFoldResult x, OpFoldResult y) -> OpFoldResult {
    auto known = getConstantIntValue(x), factor = getConstantIntValue(y);
    if (known && factor)
      return b.getIndexAttr(*known * *factor);
    auto value = [&](OpFoldResult of) {
      return getValueOrCreateConstantIndexOp(b, b.getLoc(), of);
    };
    return arith::MulIOp::create(b, value(x), value(y)).getResult();
  };
  for (int64_t d = type.getRank(); d-- > 0;) {
    OpFoldResult size = b.getIndexAttr(type.getDimSize(d));
    if (type.isDynamicDim(d))
      size = memref::DimOp::create(b, both, d).getResult();
    if (d == at) {
      half = stride;
    } else {
      sizes.insert(sizes.begin(), size);
      strides.insert(strides.begin(), stride);
      shape.insert(shape.begin(), type.getDimSize(d));
      steps.insert(steps.begin(),
                   getConstantIntValue(stride).value_or(ShapedType::kDynamic));
    }
    stride = times(stride, size);
  }
  SmallVector<Value> halves;
  for (int64_t number : {0, 1}) {
    OpFoldResult offset = number ? half : OpFoldResult(b.getIndexAttr(0));
    auto part = MemRefType::get(
        shape, type.getElementType(),
        StridedLayoutAttr::get(
            b.getContext(),
            getConstantIntValue(offset).value_or(ShapedType::kDynamic), steps));
    halves.push_back(memref::ReinterpretCastOp::create(b, part, both, offset,
                                                       sizes, strides));
  }
  SmallVector<utils::IteratorType> iterators(loops.size(),
                                             utils::IteratorType::parallel);
  linalg::GenericOp::create(
      b, TypeRange(), ValueRange(op.getShaped()[copy]), halves,
      ArrayRef<AffineMap>{from, to, to}, iterators,
      [&](OpBuilder &body, Location loc, ValueRange arguments) {
        Value value = arguments.front();
        Value re = complex::ReOp::create(body, loc, value);
        Value im = complex::ImOp::create(body, loc, value);
        Value turned =
            complex::CreateOp::create(body, loc, value.getType(),
                                      arith::NegFOp::create(body, loc, im), re);
        linalg::YieldOp::create(body, loc, ValueRange{value, turned});
      });
}

Value Real::copied() {
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  auto add = [&](ArrayRef<unsigned> loops) {
    for (unsigned loop : loops) {
      shape.push_back(op.getStaticExtent(loop));
      if (ShapedType::isDynamic(shape.back()))
        dynamic.push_back(extent(loop));
    }
  };
  add(outer);
  add(inner);
  shape.push_back(2);
  add(columns);
  Value both =
      memref::AllocOp::create(b, MemRefType::get(shape, op.getSumType()),
                              dynamic, b.getI64IntegerAttr(64));
  fill(both);
  return both;
}

Value Real::parts(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  FloatType part = partOf(type.getElementType());
  auto twice = [&](Value value) -> Value {
    Value two = arith::ConstantIndexOp::create(b, 2);
    return arith::MulIOp::create(b, value, two);
  };
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  bool strided = succeeded(type.getStridesAndOffset(strides, offset));
  assert(strided && "buffers of contractions are strided");
  (void)strided;
  auto data = memref::ExtractStridedMetadataOp::create(b, buffer);
  SmallVector<int64_t> shape(type.getShape());
  shape.push_back(2);
  SmallVector<OpFoldResult> sizes, steps;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    sizes.push_back(type.isDynamicDim(d) ? OpFoldResult(data.getSizes()[d])
                                         : b.getIndexAttr(type.getDimSize(d)));
    bool dynamic = ShapedType::isDynamic(strides[d]);
    steps.push_back(dynamic ? OpFoldResult(twice(data.getStrides()[d]))
                            : b.getIndexAttr(2 * strides[d]));
    strides[d] = dynamic ? strides[d] : 2 * strides[d];
  }
  sizes.push_back(b.getIndexAttr(2));
  steps.push_back(b.getIndexAttr(1));
  strides.push_back(1);
  bool moves = ShapedType::isDynamic(offset);
  OpFoldResult start = moves ? OpFoldResult(twice(data.getOffset()))
                             : b.getIndexAttr(2 * offset);
  auto base = cast<MemRefType>(data.getBaseBuffer().getType());
  // Both lower to the same descriptor, so that the cast cancels.
  Value reals = UnrealizedConversionCastOp::create(
                    b,
                    MemRefType::get(base.getShape(), part, base.getLayout(),
                                    base.getMemorySpace()),
                    data.getBaseBuffer())
                    .getResult(0);
  MemRefType result =
      type.getLayout().isIdentity()
          ? MemRefType::get(shape, part, MemRefLayoutAttrInterface(),
                            type.getMemorySpace())
          : MemRefType::get(shape, part,
                            StridedLayoutAttr::get(b.getContext(),
                                                   moves ? offset : 2 * offset,
                                                   strides),
                            type.getMemorySpace());
  return memref::ReinterpretCastOp::create(b, result, reals, start, sizes,
                                           steps);
}

FusedContractOp Real::run() {
  orderLoops();
  unsigned loops = op.getNumLoops(), out = op.getIndexingMaps().size() - 1;
  AffineExpr s = b.getAffineDimExpr(loops), r = b.getAffineDimExpr(loops + 1);
  auto with = [&](ArrayRef<AffineExpr> results, AffineExpr last) {
    SmallVector<AffineExpr> all(results);
    all.push_back(last);
    return AffineMap::get(loops + 2, 0, all, b.getContext());
  };
  SmallVector<AffineExpr> results;
  auto add = [&](ArrayRef<unsigned> list) {
    for (unsigned loop : list)
      results.push_back(b.getAffineDimExpr(loop));
  };
  add(outer);
  add(inner);
  results.push_back(s);
  add(columns);
  Value factors[2];
  AffineMap maps[2];
  factors[kept] = parts(op.getShaped()[kept]);
  maps[kept] = with(op.getMap(kept).getResults(), s);
  factors[copy] = parts(copied());
  maps[copy] = with(results, r);
  FloatType part = partOf(op.getSumType());
  auto real = FusedContractOp::create(
      b, TypeRange(), factors[0], factors[1], ValueRange(), ValueRange(),
      parts(op.getOut()),
      b.getAffineMapArrayAttr(
          {maps[0], maps[1], with(op.getMap(out).getResults(), r)}),
      op.getSemiring(), cast<TypedAttr>(b.getFloatAttr(part, 0.0)),
      op.getAccumulate());
  real->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  auto block = [&](Region &region, unsigned count) -> Block * {
    return b.createBlock(&region, {}, SmallVector<Type>(count, part),
                         SmallVector<Location>(count, b.getLoc()));
  };
  OpBuilder::InsertionGuard guard(b);
  for (Region *region :
       {&real.getLhsBody(), &real.getRhsBody(), &real.getEpilogue()})
    YieldOp::create(b, block(*region, 1)->getArguments());
  Block *combine = block(real.getCombine(), 3);
  Value product = arith::MulFOp::create(b, combine->getArgument(0),
                                        combine->getArgument(1));
  Value sum = arith::AddFOp::create(b, combine->getArgument(2), product);
  YieldOp::create(b, ValueRange(sum));
  op.erase();
  return real;
}

FusedContractOp noodle::makeReal(FusedContractOp op) {
  if (!Real(op).plan())
    return FusedContractOp();
  FusedContractOp plain = makePlain(op);
  Real real(plain);
  bool still = real.plan();
  assert(still && "taking out what is fused changes no loops");
  (void)still;
  return real.run();
}
