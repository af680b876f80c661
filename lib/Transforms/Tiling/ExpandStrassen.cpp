//===- ExpandStrassen.cpp - contractions of strategy strassen -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "PlainProduct.h"
#include "Strassen.h"

#include "noodle/Cost/StrassenPlan.h"
#include "noodle/Dialect/Semiring.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEEXPANDSTRASSENPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// The loop that a map's result is; nothing for a constant.
static std::optional<unsigned> loopOf(AffineExpr expr) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dim.getPosition();
  return std::nullopt;
}

namespace {

/// The loops of a product of matrices.
struct Roles {
  std::optional<unsigned> rows, columns, inner;
  SmallVector<unsigned> batch;
};

/// Nothing where the op is no such product.
std::optional<Roles> rolesOf(FusedContractOp op) {
  Roles roles;
  unsigned lhsCount = op.getLhs().size(), rhsCount = op.getRhs().size();
  unsigned out = op.getIndexingMaps().size() - 1;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    // Loops of one iteration are where they are by an index of 0.
    if (op.getStaticExtent(loop) == 1)
      continue;
    bool inLhs = false, inRhs = false, once = true;
    auto look = [&](unsigned operand) {
      auto times =
          llvm::count_if(op.getMap(operand).getResults(),
                         [&](AffineExpr expr) { return loopOf(expr) == loop; });
      once &= times <= 1;
      return times > 0;
    };
    for (unsigned k = 0; k < lhsCount; ++k)
      inLhs |= look(k);
    for (unsigned k = 0; k < rhsCount; ++k)
      inRhs |= look(lhsCount + k);
    bool inOut = look(out);
    if (inLhs && inRhs && inOut) {
      roles.batch.push_back(loop);
      continue;
    }
    std::optional<unsigned> *role = inLhs && inOut   ? &roles.rows
                                    : inRhs && inOut ? &roles.columns
                                    : inLhs && inRhs ? &roles.inner
                                                     : nullptr;
    if (!role || *role || !once)
      return std::nullopt;
    *role = loop;
  }
  if (!roles.rows || !roles.columns || !roles.inner)
    return std::nullopt;
  return roles;
}

/// Whether sums have opposites: of floats too, as far as rounding lets them.
bool isRing(FusedContractOp op) {
  SemiringKind kind = op.getSemiring().getKind();
  Type sum = op.getSumType();
  for (Region *body : {&op.getLhsBody(), &op.getRhsBody()})
    if (body->front().back().getOperand(0).getType() != sum)
      return false;
  if (kind == SemiringKind::XorAnd)
    return sum.isInteger(1);
  return kind == SemiringKind::PlusTimes;
}

class Expander {
public:
  Expander(FusedContractOp op, SymbolTable &table, int64_t from,
           int64_t vectorBytes)
      : op(op), table(table),
        from(from > 0 ? from : strassenFrom(elementBytes(op.getSumType()))),
        vectorBytes(vectorBytes), b(op.getLoc(), op) {}

  /// Leaves the op as it is where it has no such form.
  void run();

private:
  OpFoldResult extent(unsigned loop) {
    int64_t known = op.getStaticExtent(loop);
    if (!ShapedType::isDynamic(known))
      return b.getIndexAttr(known);
    auto [operand, dim] = op.getExtentSource(loop);
    return memref::DimOp::create(b, op.getShaped()[operand], dim).getResult();
  }
  /// The matrix of an operand at the current setting of the batch loops.
  Matrix matrix(unsigned operand, unsigned rows, unsigned columns);
  /// The form where its temporaries are granted; whether they were.
  Value attempt(int64_t levels);
  /// The same with as many levels as `smallest` allows, at most `levels`.
  Value attemptFor(Value smallest, int64_t levels);
  void emit(int64_t levels, Value memory);
  void form(int64_t levels, Value memory);

  FusedContractOp op;
  SymbolTable &table;
  SmallVector<StrassenFunction> functions;
  const int64_t from, vectorBytes;
  ImplicitLocOpBuilder b;
  Roles roles;
  SmallVector<Value> at; ///< per loop, of the batch
};

} // namespace

Matrix Expander::matrix(unsigned operand, unsigned rows, unsigned columns) {
  Value buffer = op.getShaped()[operand];
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<OpFoldResult> offsets, sizes;
  SmallVector<int64_t> shape;
  Matrix result;
  for (auto [d, expr] : llvm::enumerate(op.getMap(operand).getResults())) {
    std::optional<unsigned> loop = loopOf(expr);
    if (loop && (*loop == rows || *loop == columns)) {
      if (shape.empty())
        result.transposed = *loop == columns;
      offsets.push_back(b.getIndexAttr(0));
      sizes.push_back(
          type.isDynamicDim(d)
              ? OpFoldResult(memref::DimOp::create(b, buffer, d).getResult())
              : b.getIndexAttr(type.getDimSize(d)));
      shape.push_back(type.getDimSize(d));
      continue;
    }
    offsets.push_back(loop && at[*loop] ? OpFoldResult(at[*loop])
                                        : b.getIndexAttr(0));
    sizes.push_back(b.getIndexAttr(1));
  }
  SmallVector<OpFoldResult> steps(offsets.size(), b.getIndexAttr(1));
  result.buffer = buffer;
  if (shape.size() != offsets.size())
    result.buffer = memref::SubViewOp::create(
        b,
        cast<MemRefType>(memref::SubViewOp::inferRankReducedResultType(
            shape, type, offsets, sizes, steps)),
        buffer, offsets, sizes, steps);
  return result;
}

void Expander::form(int64_t levels, Value memory) {
  Strassen strassen(b, op, table, functions, vectorBytes, memory);
  Matrix lhs = matrix(0, *roles.rows, *roles.inner),
         rhs = matrix(1, *roles.inner, *roles.columns),
         out = matrix(2, *roles.rows, *roles.columns), sums = out;
  if (op.getAccumulate())
    sums = strassen.allocate(extent(*roles.rows), extent(*roles.columns),
                             out.transposed);
  strassen.whole(lhs, rhs, sums, levels);
  if (op.getAccumulate())
    strassen.addTo(out, sums);
}

/// The form at each setting of the batch.
void Expander::emit(int64_t levels, Value memory) {
  at.assign(op.getNumLoops(), Value());
  OpBuilder::InsertionGuard guard(b);
  for (unsigned loop : roles.batch) {
    Value zero = arith::ConstantIndexOp::create(b, 0);
    Value one = arith::ConstantIndexOp::create(b, 1);
    Value end = getValueOrCreateConstantIndexOp(b, b.getLoc(), extent(loop));
    auto nest = scf::ForOp::create(b, zero, end, one);
    b.setInsertionPointToStart(nest.getBody());
    at[loop] = nest.getInductionVar();
  }
  form(levels, memory);
}

Value Expander::attempt(int64_t levels) {
  auto size = [&](unsigned loop) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), extent(loop));
  };
  Value bytes = Strassen::scratch(b, op.getSumType(), size(*roles.rows),
                                  size(*roles.columns), size(*roles.inner),
                                  levels, op.getAccumulate());
  auto type = MemRefType::get({ShapedType::kDynamic}, b.getI8Type());
  // Canonicalization would make it a static one, without its attribute.
  std::optional<int64_t> known = getConstantIntValue(bytes);
  auto block =
      known
          ? memref::AllocOp::create(b, MemRefType::get({*known}, b.getI8Type()))
          : memref::AllocOp::create(b, type, ValueRange{bytes});
  auto site = op->getAttrOfType<IntegerAttr>("noodle.site");
  block->setAttr("noodle.optional", site ? site : b.getI64IntegerAttr(-1));
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(b, block);
  Value memory = block;
  if (known)
    memory = memref::CastOp::create(b, type, memory);
  Value granted = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, address,
                                        arith::ConstantIndexOp::create(b, 0));
  auto branch = scf::IfOp::create(b, granted, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(branch.thenYield());
  emit(levels, memory);
  return granted;
}

Value Expander::attemptFor(Value smallest, int64_t levels) {
  if (levels == 0)
    return arith::ConstantIntOp::create(b, 0, 1);
  int64_t needed = std::max<int64_t>(from, 2) << (levels - 1);
  Value enough =
      arith::CmpIOp::create(b, arith::CmpIPredicate::uge, smallest,
                            arith::ConstantIndexOp::create(b, needed));
  auto branch = scf::IfOp::create(b, TypeRange(b.getI1Type()), enough,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(b, attempt(levels));
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(b, attemptFor(smallest, levels - 1));
  return branch.getResult(0);
}

void Expander::run() {
  std::optional<Roles> found = rolesOf(op);
  if (!found || !isRing(op))
    return;
  roles = *found;
  int64_t least = std::numeric_limits<int64_t>::max();
  SmallVector<unsigned> unknown;
  for (unsigned loop : {*roles.rows, *roles.columns, *roles.inner}) {
    int64_t size = op.getStaticExtent(loop);
    if (ShapedType::isDynamic(size))
      unknown.push_back(loop);
    else
      least = std::min(least, size);
  }
  int64_t most = strassenLevels(least, from);
  if (most == 0)
    return;
  op = makePlain(op);
  b.setInsertionPoint(op);
  Value formed;
  if (unknown.empty()) {
    formed = attempt(most);
  } else {
    // As often as the run's extents allow.
    Value smallest;
    for (unsigned loop : unknown) {
      Value size = getValueOrCreateConstantIndexOp(b, b.getLoc(), extent(loop));
      smallest = smallest
                     ? arith::MinUIOp::create(b, smallest, size).getResult()
                     : size;
    }
    formed = attemptFor(smallest, most);
  }
  auto otherwise = scf::IfOp::create(b, formed, /*withElseRegion=*/true);
  op->moveBefore(otherwise.elseYield());
}

namespace {
struct ExpandStrassen
    : noodle::impl::NoodleExpandStrassenPassBase<ExpandStrassen> {
  using NoodleExpandStrassenPassBase::NoodleExpandStrassenPassBase;

  void runOnOperation() override {
    SmallVector<FusedContractOp> work;
    getOperation().walk([&](FusedContractOp op) {
      if (scheduleOf(op) == "strassen")
        work.push_back(op);
    });
    if (work.empty())
      return;
    SymbolTable table(getOperation());
    for (FusedContractOp op : work) {
      setSchedule(op, "tiled");
      Expander(op, table, from, vectorBytes).run();
    }
  }
};
} // namespace
