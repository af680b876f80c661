//===- Strassen.cpp - seven products where eight are written --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Winograd's form of Strassen's product (Higham 2002, 23.1): 7 products of
// quarters and 15 additions.
//
//   S1 = A21 + A22   T1 = B12 - B11   P1 = A11 B11   P5 = S1 T1
//   S2 = S1 - A11    T2 = B22 - T1    P2 = A12 B21   P6 = S2 T2
//   S3 = A11 - A21   T3 = B22 - B12   P3 = S4 B22    P7 = S3 T3
//   S4 = A12 - S2    T4 = T2 - B21    P4 = A22 T4
//   C11 = P1 + P2    C12 = P1 + P6 + P5 + P3
//   C21 = P1 + P6 + P7 - P4           C22 = P1 + P6 + P7 + P5
//
// The innermost level leaves additions to the emitter: S is added up while it
// is packed, and all but one addition to C is an epilogue or an accumulation. T
// is formed in memory: panels of few columns out of four matrices at once walk
// more pages than the TLB holds (2048 floats on Zen 4: 167 ms, with T in memory
// 144 ms). A level around it forms S in memory too, so that what it hands on is
// one matrix each, in the order of
// Boyer, Dumas, Pernet and Zhou ("Memory efficient scheduling of
// Strassen-Winograd's matrix multiplication algorithm", 2009, table 1).
//
//===----------------------------------------------------------------------===//
#include "Strassen.h"

#include "PlainProduct.h"

#include "noodle/Dialect/Semiring.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

Value Strassen::extent(const Matrix &matrix, unsigned dim) {
  unsigned at = matrix.transposed ? 1 - dim : dim;
  return memref::DimOp::create(b, matrix.buffer, at);
}

Matrix Strassen::part(const Matrix &matrix, OpFoldResult row,
                      OpFoldResult column, OpFoldResult rows,
                      OpFoldResult columns) {
  SmallVector<OpFoldResult> offsets{row, column}, sizes{rows, columns},
      steps(2, b.getIndexAttr(1));
  if (matrix.transposed) {
    std::swap(offsets[0], offsets[1]);
    std::swap(sizes[0], sizes[1]);
  }
  return {memref::SubViewOp::create(b, matrix.buffer, offsets, sizes, steps),
          matrix.transposed};
}

Quarters Strassen::quarters(const Matrix &matrix, OpFoldResult rows,
                            OpFoldResult columns) {
  OpFoldResult zero = b.getIndexAttr(0);
  return {part(matrix, zero, zero, rows, columns),
          part(matrix, zero, columns, rows, columns),
          part(matrix, rows, zero, rows, columns),
          part(matrix, rows, columns, rows, columns)};
}

Value Strassen::bytesOf(ImplicitLocOpBuilder &b, Type element, Value rows,
                        Value columns) {
  // Whole cache lines: all matrices begin with one.
  constexpr int64_t line = 64;
  auto constant = [&](int64_t value) {
    return arith::ConstantIndexOp::create(b, value).getResult();
  };
  Value count = b.createOrFold<arith::MulIOp>(rows, columns);
  Value bytes = b.createOrFold<arith::MulIOp>(
      count, constant(noodle::elementBytes(element)));
  Value lines = b.createOrFold<arith::DivUIOp>(
      b.createOrFold<arith::AddIOp>(bytes, constant(line - 1)), constant(line));
  return b.createOrFold<arith::MulIOp>(lines, constant(line));
}

Value Strassen::scratch(ImplicitLocOpBuilder &b, Type element, Value rows,
                        Value columns, Value inner, int64_t levels, bool sums) {
  Value bytes = sums ? bytesOf(b, element, rows, columns)
                     : arith::ConstantIndexOp::create(b, 0).getResult();
  auto plus = [&](Value some) {
    bytes = b.createOrFold<arith::AddIOp>(bytes, some);
  };
  Value two = arith::ConstantIndexOp::create(b, 2);
  for (; levels > 0; --levels) {
    for (Value *size : {&rows, &columns, &inner})
      *size = b.createOrFold<arith::DivUIOp>(*size, two);
    if (levels > 1)
      plus(bytesOf(b, element, rows, inner));
    plus(bytesOf(b, element, inner, columns));
    plus(bytesOf(b, element, rows, columns));
  }
  return bytes;
}

Matrix Strassen::allocate(OpFoldResult rows, OpFoldResult columns,
                          bool transposed) {
  if (transposed)
    std::swap(rows, columns);
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  for (OpFoldResult size : {rows, columns}) {
    shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
    if (ShapedType::isDynamic(shape.back()))
      dynamic.push_back(cast<Value>(size));
  }
  auto type = MemRefType::get(shape, like.getSumType());
  Value matrix = memref::ViewOp::create(b, type, memory, used, dynamic);
  Value bytes =
      bytesOf(b, like.getSumType(),
              getValueOrCreateConstantIndexOp(b, b.getLoc(), rows),
              getValueOrCreateConstantIndexOp(b, b.getLoc(), columns));
  used = b.createOrFold<arith::AddIOp>(used, bytes);
  return {matrix, transposed};
}

//===----------------------------------------------------------------------===//
// Additions
//===----------------------------------------------------------------------===//

Value Strassen::add(OpBuilder &at, Location loc, Value x, Value y) {
  Type type = getElementTypeOrSelf(x.getType());
  if (isa<FloatType>(type))
    return arith::AddFOp::create(at, loc, x, y);
  if (isa<ComplexType>(type))
    return complex::AddOp::create(at, loc, x, y);
  if (type.isInteger(1))
    return arith::XOrIOp::create(at, loc, x, y);
  return arith::AddIOp::create(at, loc, x, y);
}

Value Strassen::sub(OpBuilder &at, Location loc, Value x, Value y) {
  Type type = getElementTypeOrSelf(x.getType());
  if (isa<FloatType>(type))
    return arith::SubFOp::create(at, loc, x, y);
  if (isa<ComplexType>(type))
    return complex::SubOp::create(at, loc, x, y);
  // In GF(2) every element is its own opposite.
  if (type.isInteger(1))
    return arith::XOrIOp::create(at, loc, x, y);
  return arith::SubIOp::create(at, loc, x, y);
}

/// Whether neighbours along the last dimension are neighbours in memory.
static bool isUnit(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  int64_t offset;
  SmallVector<int64_t> strides;
  return succeeded(type.getStridesAndOffset(strides, offset)) &&
         strides.back() == 1;
}

void Strassen::pass(ArrayRef<Matrix> in, ArrayRef<Matrix> out, Sums sums) {
  Type element = like.getSumType();
  // Vectors of i1 are packed bits, and there are none of complex numbers.
  bool wide = element.isIntOrFloat() && !element.isInteger(1) &&
              llvm::all_of(in, [](Matrix m) { return isUnit(m.buffer); }) &&
              llvm::all_of(out, [](Matrix m) { return isUnit(m.buffer); });
  int64_t lanes =
      wide ? std::max<int64_t>(2, vectorBytes * 8 /
                                      element.getIntOrFloatBitWidth())
           : 1;
  auto vector = VectorType::get({lanes}, element);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value step = arith::ConstantIndexOp::create(b, lanes);
  auto [rowCount, columnCount] = sizes(out.front());
  Value rows = getValueOrCreateConstantIndexOp(b, b.getLoc(), rowCount);
  Value columns = getValueOrCreateConstantIndexOp(b, b.getLoc(), columnCount);
  auto loop = scf::ParallelOp::create(b, ValueRange{zero}, ValueRange{rows},
                                      ValueRange{one});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value row = loop.getInductionVars().front();
  // One vector or element, of as many lanes as are left.
  auto elements = [&](Value column, Value mask) {
    SmallVector<Value> read;
    Value at[] = {row, column};
    for (const Matrix &matrix : in) {
      if (!wide)
        read.push_back(memref::LoadOp::create(b, matrix.buffer, at));
      else if (!mask)
        read.push_back(vector::LoadOp::create(b, vector, matrix.buffer, at));
      else
        read.push_back(vector::MaskedLoadOp::create(
            b, vector, matrix.buffer, at, mask,
            arith::ConstantOp::create(b, vector, b.getZeroAttr(vector))));
    }
    for (auto [matrix, sum] : llvm::zip(out, sums(b, b.getLoc(), read))) {
      if (!wide)
        memref::StoreOp::create(b, sum, matrix.buffer, at);
      else if (!mask)
        vector::StoreOp::create(b, sum, matrix.buffer, at);
      else
        vector::MaskedStoreOp::create(b, matrix.buffer, at, mask, sum);
    }
  };
  auto along = [&](Value from, Value to, llvm::function_ref<void(Value)> body) {
    auto inner = scf::ForOp::create(b, from, to, step);
    OpBuilder::InsertionGuard inside(b);
    b.setInsertionPointToStart(inner.getBody());
    body(inner.getInductionVar());
  };
  // What fills no vector is behind `whole`.
  auto known = getConstantIntValue(columnCount);
  Value rest, whole = columns;
  if (wide && !(known && *known % lanes == 0)) {
    rest = b.createOrFold<arith::RemUIOp>(columns, step);
    whole = b.createOrFold<arith::SubIOp>(columns, rest);
  }
  along(zero, whole, [&](Value column) { elements(column, Value()); });
  if (rest)
    along(whole, columns, [&](Value column) {
      Value mask = vector::CreateMaskOp::create(
          b, VectorType::get({lanes}, b.getI1Type()), rest);
      elements(column, mask);
    });
}

std::pair<OpFoldResult, OpFoldResult> Strassen::sizes(const Matrix &matrix) {
  auto type = cast<MemRefType>(matrix.buffer.getType());
  auto size = [&](unsigned dim) -> OpFoldResult {
    return type.isDynamicDim(dim)
               ? OpFoldResult(
                     memref::DimOp::create(b, matrix.buffer, dim).getResult())
               : OpFoldResult(b.getIndexAttr(type.getDimSize(dim)));
  };
  return {size(0), size(1)};
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

void Strassen::product(ArrayRef<Matrix> lhs, ArrayRef<Matrix> rhs,
                       const Matrix &out, ArrayRef<Matrix> extras,
                       bool accumulate, Sum lhsSum, Sum rhsSum, Sum end) {
  AffineExpr m = b.getAffineDimExpr(0), n = b.getAffineDimExpr(1),
             k = b.getAffineDimExpr(2);
  SmallVector<AffineMap> maps;
  auto map = [&](const Matrix &matrix, AffineExpr rows, AffineExpr columns) {
    if (matrix.transposed)
      std::swap(rows, columns);
    maps.push_back(AffineMap::get(3, 0, {rows, columns}, b.getContext()));
  };
  auto buffers = [](ArrayRef<Matrix> matrices) {
    return llvm::map_to_vector(matrices, [](Matrix m) { return m.buffer; });
  };
  for (const Matrix &matrix : lhs)
    map(matrix, m, k);
  for (const Matrix &matrix : rhs)
    map(matrix, k, n);
  for (const Matrix &matrix : extras)
    map(matrix, m, n);
  map(out, m, n);
  auto op = FusedContractOp::create(
      b, TypeRange(), buffers(lhs), buffers(rhs), buffers(extras), ValueRange(),
      out.buffer, b.getAffineMapArrayAttr(maps), like.getSemiring(),
      like.getZero(), accumulate);
  op->setDiscardableAttrs(like->getDiscardableAttrDictionary());
  setSchedule(op, "tiled");
  auto fill = [&](Region &region, size_t count, Sum sum) {
    OpBuilder::InsertionGuard guard(b);
    SmallVector<Type> types(count, like.getSumType());
    Block *block = b.createBlock(&region, {}, types,
                                 SmallVector<Location>(count, b.getLoc()));
    SmallVector<Value> values(block->getArguments());
    YieldOp::create(b, sum ? sum(b, b.getLoc(), values) : values.front());
  };
  fill(op.getLhsBody(), lhs.size(), lhsSum);
  fill(op.getRhsBody(), rhs.size(), rhsSum);
  fill(op.getEpilogue(), 1 + extras.size(), end);
  IRMapping none;
  like.getCombine().cloneInto(&op.getCombine(), none);
}

void Strassen::innermost(const Matrix &a, const Matrix &bm, const Matrix &c) {
  auto [h, w, d] = halves(a, c);
  Quarters A = quarters(a, h, d), B = quarters(bm, d, w), C = quarters(c, h, w);
  Matrix x = allocate(h, w, c.transposed), t = allocate(d, w, bm.transposed);
  using Values = ArrayRef<Value>;
  Sum plus = [](OpBuilder &o, Location l, Values v) {
    return add(o, l, v[0], v[1]);
  };
  Sum minus = [](OpBuilder &o, Location l, Values v) {
    return sub(o, l, v[0], v[1]);
  };
  // (v0 + v1) - v2, v3 - ((v0 + v1) - v2) and v0 - (v1 - v2).
  Sum s2 = [](OpBuilder &o, Location l, Values v) {
    return sub(o, l, add(o, l, v[0], v[1]), v[2]);
  };
  Sum s4 = [](OpBuilder &o, Location l, Values v) {
    return sub(o, l, v[3], sub(o, l, add(o, l, v[0], v[1]), v[2]));
  };
  Sum t2 = [](OpBuilder &o, Location l, Values v) {
    return sub(o, l, v[0], sub(o, l, v[1], v[2]));
  };
  // The product and two sums: what is there less the product.
  Sum less = [](OpBuilder &o, Location l, Values v) {
    return sub(o, l, add(o, l, v[1], v[2]), v[0]);
  };
  auto formT = [&](ArrayRef<Matrix> of, const Sum &sum) {
    pass(of, t, [&](OpBuilder &o, Location l, Values v) {
      return SmallVector<Value>{sum(o, l, v)};
    });
  };
  product(A.q11, B.q11, x, {}, false, {}, {}, {});             // P1
  product(A.q12, B.q21, C.q11, x, false, {}, {}, plus);        // P2: C11
  formT({B.q22, B.q12}, minus);                                // T3
  product({A.q11, A.q21}, t, C.q22, {}, false, minus, {}, {}); // P7
  formT({B.q22, B.q12, B.q11}, t2);
  product({A.q21, A.q22, A.q11}, t, x, {}, true, s2, {}, {}); // P6
  formT({t, B.q21}, minus);                                   // T4
  product(A.q22, t, C.q21, {C.q22, x}, false, {}, {}, less);  // P4: C21
  formT({B.q12, B.q11}, minus);                               // T1
  product({A.q21, A.q22}, t, x, {}, true, plus, {}, {});      // P5
  product({A.q21, A.q22, A.q11, A.q12}, B.q22, C.q12, x, false, s4, {},
          plus); // P3: C12
  pass({C.q22, x}, C.q22, [](OpBuilder &o, Location l, Values v) {
    return SmallVector<Value>{add(o, l, v[0], v[1])};
  });
}

void Strassen::outer(const Matrix &a, const Matrix &bm, const Matrix &c,
                     int64_t levels) {
  auto [h, w, d] = halves(a, c);
  Quarters A = quarters(a, h, d), B = quarters(bm, d, w), C = quarters(c, h, w);
  Matrix s = allocate(h, d, a.transposed), t = allocate(d, w, bm.transposed),
         x = allocate(h, w, c.transposed);
  using Values = ArrayRef<Value>;
  auto one = [&](const Matrix &out, const Matrix &p, const Matrix &q,
                 bool minus) {
    pass({p, q}, out, [minus](OpBuilder &o, Location l, Values v) {
      return SmallVector<Value>{minus ? sub(o, l, v[0], v[1])
                                      : add(o, l, v[0], v[1])};
    });
  };
  auto times = [&](const Matrix &p, const Matrix &q, const Matrix &out) {
    call(p, q, out, levels - 1);
  };
  one(s, A.q11, A.q21, true);
  one(t, B.q22, B.q12, true);
  times(s, t, C.q21); // P7
  one(s, A.q21, A.q22, false);
  one(t, B.q12, B.q11, true);
  times(s, t, C.q22); // P5
  one(s, s, A.q11, true);
  one(t, B.q22, t, true);
  times(s, t, C.q12); // P6
  one(s, A.q12, s, true);
  times(s, B.q22, C.q11); // P3
  times(A.q11, B.q11, x); // P1
  // All that P1, P6, P7, P5 and P3 add up to, in one pass.
  pass({x, C.q12, C.q21, C.q22, C.q11}, {C.q21, C.q22, C.q12},
       [](OpBuilder &o, Location l, Values v) {
         Value u2 = add(o, l, v[0], v[1]), u3 = add(o, l, u2, v[2]);
         Value u4 = add(o, l, u2, v[3]);
         return SmallVector<Value>{u3, add(o, l, u3, v[3]),
                                   add(o, l, u4, v[4])};
       });
  one(t, t, B.q21, true);
  times(A.q22, t, C.q11); // P4
  one(C.q21, C.q21, C.q11, true);
  times(A.q12, B.q21, C.q11); // P2
  one(C.q11, x, C.q11, false);
}

std::array<OpFoldResult, 3> Strassen::halves(const Matrix &a, const Matrix &c) {
  auto half = [&](const Matrix &matrix, unsigned dim) -> OpFoldResult {
    unsigned at = matrix.transposed ? 1 - dim : dim;
    auto type = cast<MemRefType>(matrix.buffer.getType());
    if (!type.isDynamicDim(at))
      return b.getIndexAttr(type.getDimSize(at) / 2);
    Value two = arith::ConstantIndexOp::create(b, 2);
    return arith::DivUIOp::create(b, extent(matrix, dim), two).getResult();
  };
  return {half(c, 0), half(c, 1), half(a, 1)};
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// The type of any matrix of these extents that lies like this one: what is
/// known is that neighbours are neighbours.
static MemRefType anyLike(Matrix matrix) {
  auto type = cast<MemRefType>(matrix.buffer.getType());
  SmallVector<int64_t> strides(2, ShapedType::kDynamic);
  if (isUnit(matrix.buffer))
    strides[1] = 1;
  return MemRefType::get(
      type.getShape(), type.getElementType(),
      StridedLayoutAttr::get(type.getContext(), ShapedType::kDynamic, strides));
}

void Strassen::call(const Matrix &a, const Matrix &bm, const Matrix &c,
                    int64_t levels) {
  const Matrix *all[] = {&a, &bm, &c};
  SmallVector<Type> types;
  SmallVector<Value> operands;
  unsigned transposed = 0;
  for (auto [k, matrix] : llvm::enumerate(all)) {
    MemRefType type = anyLike(*matrix);
    types.push_back(type);
    transposed |= unsigned(matrix->transposed) << k;
    operands.push_back(matrix->buffer.getType() == type
                           ? matrix->buffer
                           : memref::CastOp::create(b, type, matrix->buffer));
  }
  types.append({memory.getType(), b.getIndexType()});
  operands.append({memory, used});
  auto signature = b.getFunctionType(types, {});
  for (Known known : functions)
    if (known.levels == levels && known.transposed == transposed &&
        known.function.getFunctionType() == signature) {
      func::CallOp::create(b, known.function, operands);
      return;
    }
  func::FuncOp function;
  {
    OpBuilder::InsertionGuard guard(b);
    auto parent = like->getParentOfType<func::FuncOp>();
    b.clearInsertionPoint();
    function = func::FuncOp::create(b, (parent.getName() + ".strassen").str(),
                                    signature);
    function.setPrivate();
    table.insert(function, std::next(Block::iterator(parent)));
    functions.push_back({function, levels, transposed});
    Block *entry = function.addEntryBlock();
    b.setInsertionPointToStart(entry);
    SmallVector<Matrix> matrices;
    for (auto [k, matrix] : llvm::enumerate(all))
      matrices.push_back({entry->getArgument(k), matrix->transposed});
    Value outerMemory = memory, outerUsed = used;
    memory = entry->getArgument(3);
    used = entry->getArgument(4);
    if (levels == 1)
      innermost(matrices[0], matrices[1], matrices[2]);
    else
      outer(matrices[0], matrices[1], matrices[2], levels);
    func::ReturnOp::create(b);
    memory = outerMemory;
    used = outerUsed;
  }
  func::CallOp::create(b, function, operands);
}

void Strassen::whole(const Matrix &a, const Matrix &bm, const Matrix &c,
                     int64_t levels) {
  int64_t unit = int64_t(1) << levels;
  OpFoldResult zero = b.getIndexAttr(0);
  struct Cut {
    OpFoldResult all, main, rest;
    bool even = false; ///< there is no rest
  };
  auto cut = [&](const Matrix &matrix, unsigned dim) {
    unsigned at = matrix.transposed ? 1 - dim : dim;
    auto type = cast<MemRefType>(matrix.buffer.getType());
    if (!type.isDynamicDim(at)) {
      int64_t size = type.getDimSize(at), rest = size % unit;
      return Cut{b.getIndexAttr(size), b.getIndexAttr(size - rest),
                 b.getIndexAttr(rest), rest == 0};
    }
    Value size = extent(matrix, dim);
    Value rest = arith::RemUIOp::create(
        b, size, arith::ConstantIndexOp::create(b, unit));
    Value main = arith::SubIOp::create(b, size, rest);
    return Cut{size, main, rest};
  };
  Cut m = cut(c, 0), n = cut(c, 1), k = cut(a, 1);
  Matrix main = part(c, zero, zero, m.main, n.main);
  call(part(a, zero, zero, m.main, k.main),
       part(bm, zero, zero, k.main, n.main), main, levels);
  // What is left over is thin: the end of the sum, then columns, then rows.
  auto peel = [&](const Cut &cut, llvm::function_ref<void()> emit) {
    if (cut.even)
      return;
    if (isa<Attribute>(cut.rest))
      return emit();
    Value none = arith::ConstantIndexOp::create(b, 0);
    Value some = arith::CmpIOp::create(b, arith::CmpIPredicate::ne,
                                       cast<Value>(cut.rest), none);
    auto branch = scf::IfOp::create(b, some, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(branch.thenYield());
    emit();
  };
  peel(k, [&] {
    product(part(a, zero, k.main, m.main, k.rest),
            part(bm, k.main, zero, k.rest, n.main), main, {},
            /*accumulate=*/true, {}, {}, {});
  });
  peel(n, [&] {
    product(a, part(bm, zero, n.main, k.all, n.rest),
            part(c, zero, n.main, m.all, n.rest), {}, false, {}, {}, {});
  });
  peel(m, [&] {
    product(part(a, m.main, zero, m.rest, k.all),
            part(bm, zero, zero, k.all, n.main),
            part(c, m.main, zero, m.rest, n.main), {}, false, {}, {}, {});
  });
}
