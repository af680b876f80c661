//===- DenseForm.cpp - dense contractions as matrix products --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Strategy/DenseForm.h"

#include "noodle/Strategy/DeviceForm.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

//===----------------------------------------------------------------------===//
// Groups of letters
//===----------------------------------------------------------------------===//

namespace {

/// A contraction's letters as the emitter groups them. Tensors are taken to be
/// row-major, which arguments and fresh results are.
class Grouping {
public:
  Grouping(ContractOp op, DenseForm &form)
      : form(form), spec(op.getSpec()), count(op.getInputs().size()) {
    for (unsigned k = 0; k <= count; ++k)
      stepping.push_back(steppingLetters(op, k));
    extents = letterExtents(op);
  }
  void run();

private:
  bool has(unsigned operand, unsigned letter) const {
    return llvm::is_contained(stepping[operand], letter);
  }
  /// The letter whose neighbours are neighbours in memory; none on a diagonal.
  unsigned innermost(unsigned operand) const {
    ArrayRef<unsigned> letters = stepping[operand];
    if (letters.empty() || llvm::count(letters, letters.back()) > 1)
      return ~0u;
    return letters.back();
  }
  bool endsIn(unsigned operand, ArrayRef<unsigned> group) const {
    return llvm::is_contained(group, innermost(operand));
  }
  /// Whether the group is one loop through every tensor that has it.
  bool isEven(ArrayRef<unsigned> group) const;

  DenseForm &form;
  ContractSpec spec;
  unsigned count;
  SmallVector<SmallVector<unsigned>> stepping;
  SmallVector<int64_t> extents;
};

} // namespace

bool Grouping::isEven(ArrayRef<unsigned> group) const {
  if (group.size() < 2)
    return true;
  for (ArrayRef<unsigned> letters : stepping) {
    unsigned present = llvm::count_if(
        letters, [&](unsigned l) { return llvm::is_contained(group, l); });
    if (present == 0)
      continue;
    const unsigned *at = llvm::find(letters, group.front());
    if (present != group.size() || size_t(letters.end() - at) < group.size() ||
        !std::equal(group.begin(), group.end(), at))
      return false;
  }
  return true;
}

void Grouping::run() {
  unsigned rhs = 1, out = count;
  for (unsigned letter = 0; letter < spec.letterCount(); ++letter) {
    if (extents[letter] == 1)
      continue;
    bool inLhs = has(0, letter), inRhs = count > 1 && has(rhs, letter);
    (!spec.inOutput(letter) ? form.inner
     : inLhs == inRhs       ? form.batch
     : inLhs                ? form.rows
                            : form.columns)
        .push_back(letter);
  }
  unsigned last = innermost(out);
  bool change;
  if (form.columns.empty())
    change = !form.rows.empty() && endsIn(0, form.rows);
  else if (form.rows.empty())
    change = !endsIn(rhs, form.columns) && endsIn(rhs, form.inner);
  else if (llvm::is_contained(form.rows, last) ||
           llvm::is_contained(form.columns, last))
    change = llvm::is_contained(form.rows, last);
  else
    change = !endsIn(rhs, form.columns) && endsIn(0, form.rows);
  if (change) {
    std::swap(form.rows, form.columns);
    form.swapped = true;
  }
  // Inner letters are numbered as operand 0 has them, others as the output.
  bool evenRows = isEven(form.rows), evenColumns = isEven(form.columns),
       evenInner = isEven(form.inner);
  ProductShape &shape = form.shape;
  auto ends = [&](bool left, ArrayRef<unsigned> group) {
    unsigned operand = left == !form.swapped ? 0 : 1;
    return operand < count && endsIn(operand, group);
  };
  shape.lhsInnerContiguous = evenInner && ends(true, form.inner);
  shape.lhsRowsContiguous = evenRows && ends(true, form.rows);
  shape.rhsColumnsContiguous = evenColumns && ends(false, form.columns);
  shape.rhsInnerContiguous = evenInner && ends(false, form.inner);
  shape.outColumnsContiguous = evenColumns && endsIn(out, form.columns);
  shape.lhsComputed = !evenRows || !evenInner;
  shape.rhsComputed = !evenColumns || !evenInner;
}

//===----------------------------------------------------------------------===//
// The form
//===----------------------------------------------------------------------===//

static int64_t bytesOf(Type type) {
  if (auto complex = dyn_cast<ComplexType>(type))
    return 2 * bytesOf(complex.getElementType());
  return (type.getIntOrFloatBitWidth() + 7) / 8;
}

/// What acc' = acc (+) l (x) r takes, in multiply-adds of f32: measured at 256
/// on Zen 4, from a guess for log_plus and user-defined semirings. min_plus and
/// max_plus of integers saturate.
static double stepCost(SemiringKind kind, Type type) {
  bool isFloat = isa<FloatType>(type);
  switch (kind) {
  case SemiringKind::PlusTimes:
    return isFloat ? 1 : isa<ComplexType>(type) ? 2 : 1.3;
  case SemiringKind::MaxTimes:
    return isFloat ? 1.5 : 1.4;
  case SemiringKind::OrAnd:
  case SemiringKind::XorAnd:
    return 0.04; // words of bits: 3343 GFLOP/s at 1024
  case SemiringKind::LogPlus:
    return 60;
  case SemiringKind::User:
    return 4;
  default:
    return isFloat ? 2.1 : 5;
  }
}

/// The product of a group's extents; unknown where one is.
static int64_t product(ArrayRef<unsigned> group,
                       llvm::function_ref<int64_t(unsigned)> extent) {
  int64_t total = 1;
  for (unsigned letter : group) {
    int64_t one = extent(letter);
    if (one < 0 || __builtin_mul_overflow(total, one, &total))
      return ProductShape::kUnknown;
  }
  return total;
}

DenseForm noodle::denseForm(ContractOp op) {
  DenseForm form;
  Grouping(op, form).run();
  form.semiring = op.getSemiring().getKind();
  form.element = op.getAccumulatorType();
  FailureOr<Semiring> semiring = Semiring::resolve(
      op.getSemiring(), form.element, op, [&] { return op.emitOpError(); });
  if (succeeded(semiring))
    form.traits = semiring->traits();
  ProductShape &shape = form.shape;
  SmallVector<int64_t> extents = letterExtents(op);
  auto extent = [&](unsigned letter) {
    return ShapedType::isDynamic(extents[letter]) ? ProductShape::kUnknown
                                                  : extents[letter];
  };
  shape.batch = product(form.batch, extent);
  shape.rows = product(form.rows, extent);
  shape.columns = product(form.columns, extent);
  shape.inner = product(form.inner, extent);
  auto bytes = [&](unsigned operand) {
    int64_t stored = 1;
    if (operand < op.getInputs().size())
      stored = bytesOf(getElementTypeOrSelf(op.getInputs()[operand]));
    return std::max(stored, bytesOf(form.element));
  };
  shape.lhsBytes = bytes(form.swapped ? 1 : 0);
  shape.rhsBytes = bytes(form.swapped ? 0 : 1);
  shape.outBytes = bytesOf(op.getType().getElementType());
  shape.sumBytes = bytesOf(form.element);
  for (auto [k, input] : llvm::enumerate(op.getInputs()))
    if (getElementTypeOrSelf(input) != form.element)
      ((k == 0) == !form.swapped ? shape.lhsComputed : shape.rhsComputed) =
          true;
  shape.outHoldsSums = op.getType().getElementType() == form.element;
  shape.stepCost = stepCost(form.semiring, form.element);
  shape.lanesMayFold = form.semiring != SemiringKind::User;
  auto all = [&](auto is) {
    return form.semiring == SemiringKind::PlusTimes &&
           llvm::all_of(op.getInputs(), [&](Value input) {
             return is(getElementTypeOrSelf(input));
           });
  };
  if (form.element.isF32() && all([](Type type) { return type.isBF16(); }))
    form.narrow = NarrowFactors::Bf16;
  if (form.element.isInteger(32) && all([](Type t) { return t.isInteger(8); }))
    form.narrow = NarrowFactors::I8;
  return form;
}

ProductShape DenseForm::atSizes(ContractOp op, KnownSizes &sizes) const {
  ContractSpec spec = op.getSpec();
  SmallVector<int64_t> extents = letterExtents(op);
  for (auto [letter, extent] : llvm::enumerate(extents)) {
    if (!ShapedType::isDynamic(extent))
      continue;
    extent = ProductShape::kUnknown;
    for (auto [input, letters] : llvm::zip(op.getInputs(), spec.operands))
      for (auto [d, other] : llvm::enumerate(letters))
        if (other == letter && extent < 0)
          if (std::optional<int64_t> known = sizes.extent(input, d);
              known && *known != 1)
            extent = *known;
  }
  ProductShape at = shape;
  auto extent = [&](unsigned letter) { return extents[letter]; };
  at.batch = product(batch, extent);
  at.rows = product(rows, extent);
  at.columns = product(columns, extent);
  at.inner = product(inner, extent);
  return at;
}
