//===- Semiring.cpp - what is known of each semiring ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Semiring.h"

#include "noodle/Dialect/SparseForms.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

bool noodle::isNarrowFloat(Type type) { return type.isF16() || type.isBF16(); }

noodle_rt_type noodle::runtimeType(Type type) {
  auto complex = dyn_cast<ComplexType>(type);
  Type part = complex ? complex.getElementType() : type;
  if (part.isF32())
    return complex ? NOODLE_RT_C64 : NOODLE_RT_F32;
  if (part.isF64())
    return complex ? NOODLE_RT_C128 : NOODLE_RT_F64;
  if (type.isSignlessInteger(1))
    return NOODLE_RT_I1;
  if (type.isSignlessInteger(8))
    return NOODLE_RT_I8;
  if (type.isSignlessInteger(32))
    return NOODLE_RT_I32;
  if (type.isSignlessInteger(64))
    return NOODLE_RT_I64;
  if (type.isF16())
    return NOODLE_RT_F16;
  if (type.isBF16())
    return NOODLE_RT_BF16;
  return type.isIndex() ? NOODLE_RT_INDEX : 0;
}

bool noodle::isElementType(Type type) {
  return !type.isIndex() && runtimeType(type) != 0;
}

int64_t noodle::elementBytes(Type type) {
  if (noodle_rt_type known = runtimeType(type))
    return noodle_rt_element_bytes(known);
  // Integers of other widths, in maps and semirings of the compiler's own.
  return (type.getIntOrFloatBitWidth() + 7) / 8;
}

Type noodle::defaultAccumulator(SemiringAttr semiring, Type element) {
  SemiringKind kind = semiring.getKind();
  if (kind == SemiringKind::User)
    return element;
  if (isNarrowFloat(element))
    return Float32Type::get(element.getContext());
  // Elsewhere the zero is the type's extreme value: i8's is no zero of i32.
  if (element.isInteger(8) &&
      (kind == SemiringKind::PlusTimes || kind == SemiringKind::MaxTimes))
    return IntegerType::get(element.getContext(), 32);
  return element;
}

Type noodle::reductionType(SemiringAttr semiring, Type element) {
  return element.isInteger() ? element : defaultAccumulator(semiring, element);
}

bool noodle::isElementAttr(Attribute attr) {
  return isa<FloatAttr, IntegerAttr, complex::NumberAttr>(attr);
}

//===----------------------------------------------------------------------===//
// Resolution and laws
//===----------------------------------------------------------------------===//

/// Why a built-in semiring is not defined for a type; empty where it is.
static StringRef whyIllegal(SemiringKind kind, Type type) {
  bool boolean = type.isInteger(1);
  if (isa<ComplexType>(type))
    return kind == SemiringKind::PlusTimes ? ""
           : kind == SemiringKind::OrAnd || kind == SemiringKind::XorAnd
               ? "its type is i1"
               : "complex numbers have no order; plus_times is their semiring";
  switch (kind) {
  case SemiringKind::OrAnd:
  case SemiringKind::XorAnd:
    return boolean ? "" : "its type is i1";
  case SemiringKind::LogPlus:
    return isa<FloatType>(type) ? "" : "its types are floats";
  case SemiringKind::PlusTimes:
    return boolean ? "its types are floats, integers and complex numbers; "
                     "or_and and xor_and are the semirings of i1"
                   : "";
  default:
    return boolean ? "i1 has no order; or_and and xor_and are its semirings"
                   : "";
  }
}

FailureOr<Semiring>
Semiring::resolve(SemiringAttr attr, Type elementType, Operation *from,
                  function_ref<InFlightDiagnostic()> emitError) {
  SemiringOp symbol;
  if (attr.getKind() == SemiringKind::User)
    symbol = SymbolTable::lookupNearestSymbolFrom<SemiringOp>(from,
                                                              attr.getSymbol());
  return resolve(attr, elementType, symbol, emitError);
}

FailureOr<Semiring>
Semiring::resolve(SemiringAttr attr, Type elementType, SemiringOp symbol,
                  function_ref<InFlightDiagnostic()> emitError) {
  Semiring semiring;
  semiring.attr = attr;
  semiring.type = elementType;
  semiring.op = symbol;
  Type scalar = getElementTypeOrSelf(elementType);
  if (attr.getKind() != SemiringKind::User) {
    StringRef why = whyIllegal(attr.getKind(), scalar);
    if (!why.empty())
      return emitError() << "semiring " << stringifySemiringKind(attr.getKind())
                         << " is not defined for " << scalar << ": " << why;
    return semiring;
  }
  if (!symbol)
    return emitError() << "no noodle.semiring is named " << attr.getSymbol();
  if (symbol.getElementType() != scalar)
    return emitError() << "semiring " << attr.getSymbol() << " is defined for "
                       << symbol.getElementType() << ", not for " << scalar;
  return semiring;
}

SemiringTraits Semiring::traits() const {
  SemiringTraits traits;
  // Parts of complex numbers are floats.
  traits.exact = isa<IntegerType>(getElementTypeOrSelf(type));
  switch (kind()) {
  case SemiringKind::PlusTimes:
    traits.ring = true;
    break;
  case SemiringKind::MinPlus:
  case SemiringKind::MaxPlus:
  case SemiringKind::MaxTimes:
    traits.idempotent = true;
    break;
  case SemiringKind::MaxMin:
  case SemiringKind::MinMax:
  case SemiringKind::OrAnd:
    traits.idempotent = true;
    traits.exact = true;
    break;
  case SemiringKind::XorAnd:
    traits.ring = true;
    break;
  case SemiringKind::LogPlus:
    break;
  case SemiringKind::User: {
    SemiringTrait declared = SemiringOp(op).getTraits();
    auto has = [&](SemiringTrait trait) {
      return bitEnumContainsAll(declared, trait);
    };
    traits.associative = has(SemiringTrait::Associative);
    traits.commutative = has(SemiringTrait::Commutative);
    traits.distributive = has(SemiringTrait::Distributive);
    traits.annihilating = has(SemiringTrait::Annihilating);
    traits.idempotent = has(SemiringTrait::Idempotent);
    break;
  }
  }
  return traits;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

namespace {
enum class Special { Zero, One, Lowest, Highest };
} // namespace

/// 0, 1, or the extreme value of a scalar type: an infinity for floats. Complex
/// numbers have no extreme.
static TypedAttr specialAttr(Type type, Special special) {
  if (auto complex = dyn_cast<ComplexType>(type)) {
    return complex::NumberAttr::get(complex, special == Special::One, 0.0);
  }
  if (auto floats = dyn_cast<FloatType>(type)) {
    const llvm::fltSemantics &semantics = floats.getFloatSemantics();
    switch (special) {
    case Special::Zero:
      return FloatAttr::get(type, APFloat::getZero(semantics));
    case Special::One:
      return FloatAttr::get(type, APFloat::getOne(semantics));
    case Special::Lowest:
    case Special::Highest:
      return FloatAttr::get(
          type, APFloat::getInf(semantics, special == Special::Lowest));
    }
  }
  unsigned width = type.getIntOrFloatBitWidth();
  switch (special) {
  case Special::Zero:
    return IntegerAttr::get(type, APInt::getZero(width));
  case Special::One:
    return IntegerAttr::get(type, APInt(width, 1));
  case Special::Lowest:
    return IntegerAttr::get(type, APInt::getSignedMinValue(width));
  case Special::Highest:
    return IntegerAttr::get(type, APInt::getSignedMaxValue(width));
  }
  llvm_unreachable("covered");
}

static Special zeroOf(SemiringKind kind) {
  switch (kind) {
  case SemiringKind::MinPlus:
  case SemiringKind::MinMax:
    return Special::Highest;
  case SemiringKind::MaxPlus:
  case SemiringKind::MaxMin:
  case SemiringKind::LogPlus:
    return Special::Lowest;
  default:
    return Special::Zero;
  }
}

static Special oneOf(SemiringKind kind) {
  switch (kind) {
  case SemiringKind::MinPlus:
  case SemiringKind::MaxPlus:
  case SemiringKind::LogPlus:
    return Special::Zero;
  case SemiringKind::MaxMin:
    return Special::Highest;
  case SemiringKind::MinMax:
    return Special::Lowest;
  default:
    return Special::One;
  }
}

/// A constant of a scalar or vector type.
static Value constant(OpBuilder &builder, Location loc, Type type,
                      TypedAttr value) {
  if (auto number = dyn_cast<complex::NumberAttr>(value)) {
    auto part = cast<ComplexType>(type).getElementType();
    return complex::ConstantOp::create(
        builder, loc, type,
        builder.getArrayAttr({FloatAttr::get(part, number.getReal()),
                              FloatAttr::get(part, number.getImag())}));
  }
  if (auto shaped = dyn_cast<ShapedType>(type))
    value = DenseElementsAttr::get(shaped, Attribute(value));
  return arith::ConstantOp::create(builder, loc, value);
}

static Value constant(OpBuilder &builder, Location loc, Type type,
                      Special special) {
  return constant(builder, loc, type,
                  specialAttr(getElementTypeOrSelf(type), special));
}

Value noodle::elementConstant(OpBuilder &builder, Location loc,
                              TypedAttr value) {
  return constant(builder, loc, value.getType(), value);
}

TypedAttr noodle::zeroElement(Type type) {
  return specialAttr(type, Special::Zero);
}

/// Copies a region of a user-defined semiring to the insertion point.
static Value inlineRegion(OpBuilder &builder, Region &region,
                          ValueRange arguments) {
  Block &block = region.front();
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  for (Operation &op : block.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookupOrDefault(block.getTerminator()->getOperand(0));
}

Value Semiring::zero(OpBuilder &builder, Location loc) const {
  if (kind() == SemiringKind::User)
    return inlineRegion(builder, SemiringOp(op).getZero(), {});
  return constant(builder, loc, type, zeroOf(kind()));
}

Value Semiring::one(OpBuilder &builder, Location loc) const {
  if (kind() == SemiringKind::User)
    return inlineRegion(builder, SemiringOp(op).getOne(), {});
  return constant(builder, loc, type, oneOf(kind()));
}

TypedAttr Semiring::zeroAttr() const {
  if (kind() != SemiringKind::User)
    return specialAttr(getElementTypeOrSelf(type), zeroOf(kind()));
  Operation *yield = SemiringOp(op).getZero().front().getTerminator();
  TypedAttr value;
  if (matchPattern(yield->getOperand(0), m_Constant(&value)))
    return value;
  return {};
}

//===----------------------------------------------------------------------===//
// Scalar code
//===----------------------------------------------------------------------===//

static bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

static bool isComplex(Value value) {
  return isa<ComplexType>(getElementTypeOrSelf(value.getType()));
}

static Value select(OpBuilder &builder, Location loc, Value condition, Value a,
                    Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}

/// The smaller or larger value. For floats NaN wins, and which of two zeros
/// comes out is open. `a < b ? a : b` is one x86 instruction and yields b where
/// either is NaN; asking whether a is costs two more. arith.minimumf, which
/// also orders the zeros, takes seven.
static Value extremum(OpBuilder &builder, Location loc, Value a, Value b,
                      bool isMin) {
  if (!isFloat(a)) {
    if (isMin)
      return arith::MinSIOp::create(builder, loc, a, b);
    return arith::MaxSIOp::create(builder, loc, a, b);
  }
  Value first = arith::CmpFOp::create(
      builder, loc, isMin ? CmpFPredicate::OLT : CmpFPredicate::OGT, a, b);
  Value ordered = select(builder, loc, first, a, b);
  Value isNaN = arith::CmpFOp::create(builder, loc, CmpFPredicate::UNO, a, a);
  return select(builder, loc, isNaN, a, ordered);
}

/// a + b for min_plus and max_plus. Integers saturate, and the zero of the
/// semiring annihilates.
static Value boundedAdd(OpBuilder &builder, Location loc, Value a, Value b,
                        Special zero) {
  if (isFloat(a))
    return arith::AddFOp::create(builder, loc, a, b);
  Type type = a.getType();
  auto number = [&](int64_t value) {
    Type scalar = getElementTypeOrSelf(type);
    return constant(builder, loc, type, IntegerAttr::get(scalar, value));
  };
  unsigned width = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
  Value highest = constant(builder, loc, type, Special::Highest);
  // The sum overflowed where its sign differs from that of both a and b.
  Value sum = arith::AddIOp::create(builder, loc, a, b);
  Value flipA = arith::XOrIOp::create(builder, loc, a, sum);
  Value flipB = arith::XOrIOp::create(builder, loc, b, sum);
  Value flips = arith::AndIOp::create(builder, loc, flipA, flipB);
  Value overflows =
      arith::CmpIOp::create(builder, loc, CmpIPredicate::slt, flips, number(0));
  // Then it becomes the extreme value with a's sign.
  Value sign = arith::ShRSIOp::create(builder, loc, a, number(width - 1));
  Value extreme = arith::XOrIOp::create(builder, loc, sign, highest);
  Value saturated = select(builder, loc, overflows, extreme, sum);
  // One comparison finds a zero on either side: nothing lies beyond it.
  Value zeroValue = zero == Special::Highest
                        ? highest
                        : constant(builder, loc, type, Special::Lowest);
  Value beyond = extremum(builder, loc, a, b, zero == Special::Lowest);
  Value annihilates =
      arith::CmpIOp::create(builder, loc, CmpIPredicate::eq, beyond, zeroValue);
  return select(builder, loc, annihilates, zeroValue, saturated);
}

/// log(exp a + exp b) = max + log1p(exp(-|a - b|)), never overflowing.
static Value logAdd(OpBuilder &builder, Location loc, Value a, Value b) {
  Value greater = arith::CmpFOp::create(builder, loc, CmpFPredicate::OGT, a, b);
  Value max = select(builder, loc, greater, a, b);
  Value difference = arith::SubFOp::create(builder, loc, a, b);
  Value distance = math::AbsFOp::create(builder, loc, difference);
  Value exponent = arith::NegFOp::create(builder, loc, distance);
  // Equal infinities are at distance 0, where the subtraction gives NaN.
  Value equal = arith::CmpFOp::create(builder, loc, CmpFPredicate::OEQ, a, b);
  Value zero = constant(builder, loc, a.getType(), Special::Zero);
  exponent = select(builder, loc, equal, zero, exponent);
  Value power = math::ExpOp::create(builder, loc, exponent);
  Value log = math::Log1pOp::create(builder, loc, power);
  return arith::AddFOp::create(builder, loc, max, log);
}

Value Semiring::add(OpBuilder &builder, Location loc, Value a, Value b) const {
  switch (kind()) {
  case SemiringKind::PlusTimes:
    if (isComplex(a))
      return complex::AddOp::create(builder, loc, a, b);
    if (isFloat(a))
      return arith::AddFOp::create(builder, loc, a, b);
    return arith::AddIOp::create(builder, loc, a, b);
  case SemiringKind::MinPlus:
  case SemiringKind::MinMax:
    return extremum(builder, loc, a, b, /*isMin=*/true);
  case SemiringKind::MaxPlus:
  case SemiringKind::MaxTimes:
  case SemiringKind::MaxMin:
    return extremum(builder, loc, a, b, /*isMin=*/false);
  case SemiringKind::OrAnd:
    return arith::OrIOp::create(builder, loc, a, b);
  case SemiringKind::XorAnd:
    return arith::XOrIOp::create(builder, loc, a, b);
  case SemiringKind::LogPlus:
    return logAdd(builder, loc, a, b);
  case SemiringKind::User:
    return inlineRegion(builder, SemiringOp(op).getAdd(), {a, b});
  }
  llvm_unreachable("covered");
}

Value Semiring::mul(OpBuilder &builder, Location loc, Value a, Value b) const {
  switch (kind()) {
  case SemiringKind::PlusTimes:
  case SemiringKind::MaxTimes:
    if (isComplex(a))
      return complex::MulOp::create(builder, loc, a, b);
    if (isFloat(a))
      return arith::MulFOp::create(builder, loc, a, b);
    return arith::MulIOp::create(builder, loc, a, b);
  case SemiringKind::MinPlus:
  case SemiringKind::MaxPlus:
    return boundedAdd(builder, loc, a, b, zeroOf(kind()));
  case SemiringKind::MaxMin:
    return extremum(builder, loc, a, b, /*isMin=*/true);
  case SemiringKind::MinMax:
    return extremum(builder, loc, a, b, /*isMin=*/false);
  case SemiringKind::OrAnd:
  case SemiringKind::XorAnd:
    return arith::AndIOp::create(builder, loc, a, b);
  case SemiringKind::LogPlus:
    return arith::AddFOp::create(builder, loc, a, b);
  case SemiringKind::User:
    return inlineRegion(builder, SemiringOp(op).getMul(), {a, b});
  }
  llvm_unreachable("covered");
}

/// `element`, or the vector of it that has the shape of `type`.
static Type likeShape(Type type, Type element) {
  if (auto shaped = dyn_cast<ShapedType>(type))
    return shaped.clone(element);
  return element;
}

/// Float to integer: saturates, NaN gives 0. The cast itself only ever sees
/// values in range, because outside it is poison.
static Value floatToInteger(OpBuilder &builder, Location loc, Value value,
                            Type to) {
  // The bounds of an integer type may lie beyond a narrow float's range.
  if (isNarrowFloat(getElementTypeOrSelf(value.getType())))
    value = convertElement(
        builder, loc, value,
        likeShape(value.getType(), Float32Type::get(to.getContext())));
  Type from = value.getType();
  auto floats = cast<FloatType>(getElementTypeOrSelf(from));
  unsigned width = getElementTypeOrSelf(to).getIntOrFloatBitWidth();
  // -2^(width-1) and 2^(width-1) are exact in every float type; the greatest
  // integer, one less, need not be.
  auto bound = [&](bool lowest) {
    APFloat limit(floats.getFloatSemantics());
    limit.convertFromAPInt(lowest ? APInt::getSignedMinValue(width)
                                  : APInt::getOneBitSet(width, width - 1),
                           /*IsSigned=*/lowest, APFloat::rmNearestTiesToEven);
    return constant(builder, loc, from, FloatAttr::get(floats, limit));
  };
  auto compare = [&](CmpFPredicate predicate, Value bound) -> Value {
    return arith::CmpFOp::create(builder, loc, predicate, value, bound);
  };
  Value low = bound(true), high = bound(false);
  Value aboveLow = compare(CmpFPredicate::OGE, low);
  Value belowHigh = compare(CmpFPredicate::OLT, high);
  Value inRange = arith::AndIOp::create(builder, loc, aboveLow, belowHigh);
  Value safe = select(builder, loc, inRange, value,
                      constant(builder, loc, from, Special::Zero));
  Value cast = arith::FPToSIOp::create(builder, loc, to, safe);
  cast = select(builder, loc, compare(CmpFPredicate::OLT, low),
                constant(builder, loc, to, Special::Lowest), cast);
  return select(builder, loc, compare(CmpFPredicate::OGE, high),
                constant(builder, loc, to, Special::Highest), cast);
}

/// To and from complex numbers, scalars only.
static Value convertComplex(OpBuilder &builder, Location loc, Value value,
                            Type to) {
  auto from = dyn_cast<ComplexType>(value.getType());
  auto complex = dyn_cast<ComplexType>(to);
  if (!complex) { // i1
    Value zero = constant(builder, loc, from, Special::Zero);
    return complex::NotEqualOp::create(builder, loc, value, zero);
  }
  Type part = complex.getElementType();
  auto convertPart = [&](Value of) {
    return convertElement(builder, loc, of, part);
  };
  Value real, imaginary;
  if (from) {
    Type held = from.getElementType();
    real = convertPart(complex::ReOp::create(builder, loc, held, value));
    imaginary = convertPart(complex::ImOp::create(builder, loc, held, value));
  } else {
    real = convertPart(value);
    imaginary = constant(builder, loc, part, Special::Zero);
  }
  return complex::CreateOp::create(builder, loc, to, real, imaginary);
}

Value noodle::convertElement(OpBuilder &builder, Location loc, Value value,
                             Type to) {
  Type from = value.getType();
  if (from == to)
    return value;
  Type scalarFrom = getElementTypeOrSelf(from);
  Type scalarTo = getElementTypeOrSelf(to);
  if (isa<ComplexType>(scalarFrom) || isa<ComplexType>(scalarTo))
    return convertComplex(builder, loc, value, to);
  unsigned widthFrom = scalarFrom.getIntOrFloatBitWidth();
  unsigned widthTo = scalarTo.getIntOrFloatBitWidth();
  bool floatFrom = isa<FloatType>(scalarFrom);
  bool floatTo = isa<FloatType>(scalarTo);
  if (scalarTo.isInteger(1)) {
    Value zero = constant(builder, loc, from, Special::Zero);
    if (floatFrom)
      return arith::CmpFOp::create(builder, loc, CmpFPredicate::UNE, value,
                                   zero);
    return arith::CmpIOp::create(builder, loc, CmpIPredicate::ne, value, zero);
  }
  // Integers become f16 and bf16 by way of f32, and one of those the other.
  if (isNarrowFloat(scalarTo) && (!floatFrom || isNarrowFloat(scalarFrom)))
    return arith::TruncFOp::create(
        builder, loc, to,
        convertElement(
            builder, loc, value,
            likeShape(from, Float32Type::get(builder.getContext()))));
  if (scalarFrom.isInteger(1)) {
    if (floatTo)
      return arith::UIToFPOp::create(builder, loc, to, value);
    return arith::ExtUIOp::create(builder, loc, to, value);
  }
  if (floatFrom && !floatTo)
    return floatToInteger(builder, loc, value, to);
  if (!floatFrom && floatTo)
    return arith::SIToFPOp::create(builder, loc, to, value);
  if (floatFrom) {
    if (widthFrom < widthTo)
      return arith::ExtFOp::create(builder, loc, to, value);
    return arith::TruncFOp::create(builder, loc, to, value);
  }
  if (widthFrom < widthTo)
    return arith::ExtSIOp::create(builder, loc, to, value);
  return arith::TruncIOp::create(builder, loc, to, value);
}

//===----------------------------------------------------------------------===//
// Formats
//===----------------------------------------------------------------------===//

static RowList rowListOf(ArrayRef<sparse_tensor::LevelType> levels) {
  using sparse_tensor::buildLevelType, sparse_tensor::LevelPropNonDefault;
  using sparse_tensor::LevelFormat, sparse_tensor::LevelType;
  LevelType compressed(LevelFormat::Compressed);
  if (levels[0] == compressed && levels[1] == compressed)
    return RowList::DCSR;
  // Rows and columns in buffers of their own, as others hold them.
  if (levels[0] == buildLevelType(LevelFormat::Compressed,
                                  {LevelPropNonDefault::Nonunique}) &&
      levels[1] ==
          buildLevelType(LevelFormat::Singleton, {LevelPropNonDefault::SoA}))
    return RowList::COO;
  return RowList::None;
}

RowList noodle::getRowList(RankedTensorType type) {
  auto encoding = sparse_tensor::getSparseTensorEncoding(type);
  return encoding && type.getRank() == 2 ? rowListOf(encoding.getLvlTypes())
                                         : RowList::None;
}

RankedTensorType noodle::compressedRows(RankedTensorType type) {
  bool vector = type.getEncoding() && type.getRank() == 1;
  if ((!vector && getRowList(type) == RowList::None) ||
      failed(getSparseFormat(type)))
    return type;
  using sparse_tensor::LevelFormat;
  auto encoding = sparse_tensor::getSparseTensorEncoding(type);
  const sparse_tensor::LevelType levels[] = {LevelFormat::Dense,
                                             LevelFormat::Compressed};
  auto map = AffineMap::getMultiDimIdentityMap(2, type.getContext());
  auto rows = sparse_tensor::SparseTensorEncodingAttr::get(
      type.getContext(), levels, map, map, encoding.getPosWidth(),
      encoding.getCrdWidth());
  SmallVector<int64_t> shape(type.getShape());
  if (vector)
    shape.insert(shape.begin(), 1);
  return RankedTensorType::get(shape, type.getElementType(), rows);
}

FailureOr<SparseFormat> noodle::getSparseFormat(RankedTensorType type) {
  if (!type.getEncoding())
    return SparseFormat::Dense;
  auto encoding =
      dyn_cast<sparse_tensor::SparseTensorEncodingAttr>(type.getEncoding());
  using sparse_tensor::LevelFormat;
  std::optional<BlockShape> block = getBlockShape(type);
  if (!encoding ||
      (!block && int64_t(encoding.getLvlRank()) != type.getRank()) ||
      !encoding.getDimSlices().empty() || encoding.getExplicitVal() ||
      encoding.getImplicitVal())
    return failure();
  ArrayRef<sparse_tensor::LevelType> levels = encoding.getLvlTypes();
  auto narrow = [](unsigned width) {
    return width != 0 && width != 32 && width != 64;
  };
  if (narrow(encoding.getPosWidth()) || narrow(encoding.getCrdWidth()))
    return failure();
  if (block) {
    if (std::max(block->rows, block->columns) > kLongestBlock)
      return failure();
    return SparseFormat::CSR;
  }
  if (type.getRank() == 1 &&
      levels[0] == sparse_tensor::LevelType(LevelFormat::Compressed))
    return SparseFormat::CSR;
  if (type.getRank() != 2)
    return failure();
  if (rowListOf(levels) != RowList::None) {
    if (encoding.isIdentity())
      return SparseFormat::CSR;
    return failure();
  }
  if (levels[0] != sparse_tensor::LevelType(LevelFormat::Dense) ||
      levels[1] != sparse_tensor::LevelType(LevelFormat::Compressed))
    return failure();
  if (encoding.isIdentity())
    return SparseFormat::CSR;
  if (encoding.isPermutation())
    return SparseFormat::CSC;
  return failure();
}
