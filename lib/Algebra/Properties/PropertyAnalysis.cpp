//===- PropertyAnalysis.cpp - what ops make of properties -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Algebra/Properties.h"

#include "noodle/Algebra/Passes.h"
#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEINFERPROPERTIESPASS
#include "noodle/Algebra/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Constants above this many entries are not looked into.
static constexpr int64_t kMostEntries = 4096;

/// Of square matrices: what a sum, a product by a scalar and powers keep.
static constexpr Properties kTriangles =
    PropZero | PropDiagonal | PropLower | PropUpper;
/// What a product of two such matrices has again.
static constexpr Properties kProducts =
    kTriangles | PropIdentity | PropOrthogonal | PropPermutation |
    PropFunction | PropRowStochastic | PropNonneg | PropNonsingular;

static Properties transposed(Properties p) {
  Properties result =
      p & (PropZero | PropIdentity | PropDiagonal | PropUnitDiag |
           PropSymmetric | PropSpd | PropOrthogonal | PropPermutation |
           PropNonneg | PropNonsingular | PropToeplitz | PropCirculant);
  if (p & PropLower)
    result |= PropUpper;
  if (p & PropUpper)
    result |= PropLower;
  return result;
}

/// A product of two matrices over numbers.
static Properties product(Properties a, Properties b) {
  Properties result = a & b & kProducts;
  if (a & b & (PropLower | PropUpper))
    result |= a & b & PropUnitDiag;
  if ((a | b) & PropZero)
    result |= PropZero;
  if (a & PropIdentity)
    result |= b;
  if (b & PropIdentity)
    result |= a;
  return result;
}

/// Zero and one are the numbers 0 and 1.
static bool overNumbers(SemiringAttr semiring) {
  switch (semiring.getKind()) {
  case SemiringKind::PlusTimes:
  case SemiringKind::OrAnd:
  case SemiringKind::XorAnd:
  case SemiringKind::MaxTimes:
    return true;
  default:
    return false;
  }
}

static Properties ofContract(ContractOp op, PropertyAnalysis &analysis) {
  if (op.getMask() || op.getInit() || !overNumbers(op.getSemiring()))
    return 0;
  ContractSpec spec = op.getSpec();
  auto swapped = [](ArrayRef<unsigned> letters, ArrayRef<unsigned> output) {
    return letters[0] == output[1] && letters[1] == output[0];
  };
  if (spec.output.size() != 2 || spec.output[0] == spec.output[1])
    return 0;
  if (spec.operands.size() == 1 && spec.letterCount() == 2) {
    Properties p = analysis.of(op.getInputs()[0]);
    if (spec.operands[0] == spec.output)
      return p;
    if (spec.operands[0].size() == 2 && swapped(spec.operands[0], spec.output))
      return transposed(p);
    return 0;
  }
  if (spec.operands.size() != 2 || spec.letterCount() != 3 ||
      spec.operands[0].size() != 2 || spec.operands[1].size() != 2)
    return 0;
  // Letter 2 is summed; rows come from one operand, columns from the other.
  Properties found[2];
  Value values[2];
  bool turned[2];
  for (unsigned k : {0u, 1u}) {
    ArrayRef<unsigned> letters = spec.operands[k];
    int64_t at = llvm::find(letters, 2u) - letters.begin();
    if (at > 1)
      return 0;
    unsigned side = letters[1 - at];
    if (side > 1)
      return 0;
    Properties p = analysis.of(op.getInputs()[k]);
    // Rows want (row, sum), columns (sum, column).
    turned[side] = side == 0 ? at == 0 : at == 1;
    found[side] = turned[side] ? transposed(p) : p;
    values[side] = op.getInputs()[k];
  }
  if (!values[0] || !values[1])
    return 0;
  Properties result = product(found[0], found[1]);
  // Sums of a semiring that is no ring, or wraps, are no sums of numbers.
  SemiringKind kind = op.getSemiring().getKind();
  bool real = kind == SemiringKind::PlusTimes &&
              isa<FloatType>(op.getType().getElementType());
  if (!real)
    result &= ~(PropNonsingular | PropOrthogonal);
  if (kind != SemiringKind::PlusTimes)
    result &= ~PropRowStochastic;
  if (!real && kind == SemiringKind::PlusTimes)
    result &= ~PropNonneg; // integers wrap
  if (values[0] == values[1] && turned[0] != turned[1])
    result |= PropSymmetric;
  return result;
}

/// Of a body that is one op on its arguments.
static Properties ofMap(MapOp op, PropertyAnalysis &analysis) {
  if (op.getBody().empty() || op.getType().getRank() != 2)
    return 0;
  Block &body = op.getBody().front();
  if (llvm::range_size(body.getOperations()) != 2)
    return 0;
  Operation &code = body.front();
  if (body.getTerminator()->getOperand(0) != code.getResult(0))
    return 0;
  SmallVector<Properties> operands;
  bool scalar = false;
  for (Value operand : code.getOperands()) {
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument)
      return 0;
    Value input = op.getInputs()[argument.getArgNumber()];
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!type) {
      scalar = true;
      continue;
    }
    if (type.getShape() != op.getType().getShape() || type.getEncoding())
      return 0;
    operands.push_back(analysis.of(input));
  }
  constexpr Properties linear =
      kTriangles | PropSymmetric | PropToeplitz | PropCirculant;
  if (isa<arith::NegFOp>(code) && operands.size() == 1)
    return operands[0] & linear;
  if (isa<arith::MulFOp, arith::MulIOp>(code) && scalar && operands.size() == 1)
    return operands[0] & linear & (isa<arith::MulIOp>(code) ? ~0u : ~PropZero);
  if (operands.size() != 2 || scalar)
    return 0;
  Properties all = operands[0] & operands[1], any = operands[0] | operands[1];
  if (isa<arith::AddFOp>(code))
    return all & (linear | PropNonneg | PropSpd);
  if (isa<arith::AddIOp, arith::SubFOp, arith::SubIOp>(code))
    return all & linear;
  // A zero times what is not finite is none.
  if (isa<arith::MulIOp>(code))
    return (all & linear) | (any & kTriangles);
  if (isa<arith::MulFOp>(code))
    return all & (linear | PropNonneg | PropUnitDiag);
  return 0;
}

static Properties ofConstant(DenseElementsAttr values, RankedTensorType type) {
  if (!type.hasStaticShape() || type.getNumElements() > kMostEntries ||
      type.getRank() != 2)
    return 0;
  bool floats = isa<FloatType>(type.getElementType());
  if (!floats && !isa<IntegerType>(type.getElementType()))
    return 0;
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  SmallVector<double> at;
  if (floats)
    for (const APFloat &value : values.getValues<APFloat>()) {
      APFloat wide = value;
      bool lost;
      wide.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
      at.push_back(wide.convertToDouble());
    }
  else
    for (const APInt &value : values.getValues<APInt>())
      at.push_back(value.getBitWidth() == 1 ? double(value.getBoolValue())
                                            : double(value.getSExtValue()));
  Properties p = PropZero | PropNonneg;
  bool square = rows == columns;
  if (square)
    p |= kTriangles | PropUnitDiag | PropSymmetric;
  bool function = true;
  SmallVector<int64_t> ones(columns, 0);
  for (int64_t i = 0; i < rows; ++i) {
    int64_t inRow = 0;
    for (int64_t j = 0; j < columns; ++j) {
      double value = at[i * columns + j];
      if (value != 0) {
        p &= ~PropZero;
        if (i != j)
          p &= ~PropDiagonal;
        if (i < j)
          p &= ~PropLower;
        if (i > j)
          p &= ~PropUpper;
      }
      if (!(value >= 0))
        p &= ~PropNonneg;
      if (i == j && value != 1)
        p &= ~PropUnitDiag;
      if (square && value != at[j * columns + i])
        p &= ~PropSymmetric;
      function &= value == 0 || value == 1;
      inRow += value == 1;
      ones[j] += value == 1;
    }
    function &= inRow == 1;
  }
  if (function) {
    p |= PropFunction;
    if (square && llvm::all_of(ones, [](int64_t n) { return n == 1; }))
      p |= PropPermutation;
  }
  return p;
}

Properties PropertyAnalysis::find(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  auto type = dyn_cast<RankedTensorType>(tensor.getType());
  if (!op || !type || type.getRank() != 2)
    return 0;
  if (auto assume = dyn_cast<AssumeOp>(op)) {
    Properties p = of(assume.getInput());
    for (Attribute name : assume.getProps())
      p |= parseProperty(cast<StringAttr>(name).getValue())
               .value_or(Property(0));
    return p;
  }
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return of(cast.getSource());
  if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
    auto constant = splat.getInput().getDefiningOp<arith::ConstantOp>();
    auto value =
        constant ? dyn_cast<FloatAttr>(constant.getValue()) : FloatAttr();
    return value && value.getValue().isPosZero() ? PropZero : 0;
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    auto values = dyn_cast<DenseElementsAttr>(constant.getValue());
    return values ? ofConstant(values, type) : 0;
  }
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    Properties p = of(transpose.getInput());
    return transpose.getPermutation()[0] == 1 ? transposed(p) : p;
  }
  if (auto convert = dyn_cast<ConvertOp>(op)) {
    // To another format: absent entries are 0 unless another value is stated.
    if (!convert.getAbsent() &&
        convert.getInput().getType().getElementType() == type.getElementType())
      return of(convert.getInput());
    return 0;
  }
  if (auto contract = dyn_cast<ContractOp>(op))
    return ofContract(contract, *this);
  if (auto map = dyn_cast<MapOp>(op))
    return ofMap(map, *this);
  if (auto kron = dyn_cast<KronOp>(op)) {
    if (!overNumbers(kron.getSemiring()))
      return 0;
    Properties a = of(kron.getLhs()), b = of(kron.getRhs());
    Properties result =
        a & b & (kProducts | PropUnitDiag | PropSymmetric | PropSpd);
    if (isa<IntegerType>(type.getElementType()))
      result &= ~(PropNonneg | PropRowStochastic | PropOrthogonal);
    // A block of zeros is one whatever is finite beside it.
    return result;
  }
  if (auto concat = dyn_cast<ConcatOp>(op)) {
    Properties all = ~0u;
    for (Value input : concat.getInputs())
      all &= of(input);
    return all & (concat.getAxis() == 0
                      ? PropZero | PropNonneg | PropFunction | PropRowStochastic
                      : PropZero | PropNonneg);
  }
  if (auto solve = dyn_cast<SolveOp>(op)) {
    if (solve.getRhs())
      return 0;
    Properties p = of(solve.getInput());
    Properties result =
        PropNonsingular |
        (p & (PropDiagonal | PropLower | PropUpper | PropIdentity |
              PropSymmetric | PropSpd | PropOrthogonal | PropPermutation));
    if (p & (PropLower | PropUpper))
      result |= p & PropUnitDiag;
    return result;
  }
  if (auto power = dyn_cast<MatrixPowerOp>(op)) {
    if (power.getRhs() ||
        power.getSemiring().getKind() != SemiringKind::PlusTimes ||
        !isa<FloatType>(type.getElementType()))
      return 0;
    Properties p = of(power.getInput());
    Properties result = p & (kProducts | PropSymmetric) & ~PropZero;
    if (p & (PropLower | PropUpper))
      result |= p & PropUnitDiag;
    return result;
  }
  if (auto closure = dyn_cast<ClosureOp>(op)) {
    if (closure.getRhs() ||
        closure.getSemiring().getKind() != SemiringKind::PlusTimes)
      return 0;
    return of(closure.getInput()) &
           (PropDiagonal | PropLower | PropUpper | PropSymmetric);
  }
  return 0;
}

Properties PropertyAnalysis::of(Value tensor) {
  if (auto it = known.find(tensor); it != known.end())
    return it->second;
  Properties found = closeProperties(find(tensor));
  known[tensor] = found;
  return found;
}

namespace {
struct InferProperties
    : noodle::impl::NoodleInferPropertiesPassBase<InferProperties> {
  void runOnOperation() override {
    PropertyAnalysis analysis;
    Builder builder(&getContext());
    getOperation()->walk([&](Operation *op) {
      if (op->getNumResults() != 1)
        return;
      if (Properties found = analysis.of(op->getResult(0)))
        op->setAttr("noodle.properties",
                    builder.getStringAttr(propertiesText(found)));
    });
  }
};
} // namespace
