//===- Arith.cpp - the arith dialect --------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Undefined behaviour (a division by zero, or of the least integer by -1) ends
// the run. Poison gets a value: 0 for a shift by the width or more, the nearest
// integer for a float no integer holds, and the wrapped result for overflow.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <cstring>

namespace mlir::noodle::reference {

/// Width of an integer type; index has 64 bits.
static unsigned widthOf(mlir::Value value) {
  Type type = getElementTypeOrSelf(value.getType());
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

static LogicalResult resourceConstant(Machine &machine, Operation *op,
                                      DenseResourceElementsAttr attr,
                                      Tensor &tensor) {
  AsmResourceBlob *blob = attr.getRawHandle().getBlob();
  if (!blob || blob->getData().size() != tensor.values.size())
    return machine.fail(op, NOODLE_RT_INVALID_ARGUMENT,
                        "the constant's resource has " +
                            Twine(blob ? blob->getData().size() : 0) +
                            " bytes, but its type needs " +
                            Twine(tensor.values.size()));
  if (!tensor.values.empty())
    std::memcpy(tensor.values.data(), blob->getData().data(),
                tensor.values.size());
  if (tensor.type == NOODLE_RT_I1)
    for (std::byte &bit : tensor.values)
      bit = std::byte(bit != std::byte(0));
  return success();
}

static LogicalResult constant(Machine &machine, Frame &frame,
                              arith::ConstantOp op) {
  Attribute attr = op.getValue();
  if (isa<FloatAttr, IntegerAttr>(attr)) {
    frame.set(op.getResult(), scalarFromAttr(attr));
    return success();
  }
  auto type = dyn_cast<RankedTensorType>(op.getType());
  auto elements = dyn_cast<ElementsAttr>(attr);
  if (!type || !elements || *layoutOf(type) != NOODLE_RT_DENSE)
    return machine.uncovered(op, "with this value");
  noodle_rt_type element = *elementType(type.getElementType());
  TensorRef tensor = machine.dense(op, element, type.getShape());
  if (!tensor)
    return failure();
  frame.set(op.getResult(), tensor);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr))
    return resourceConstant(machine, op, resource, *tensor);
  int64_t k = 0;
  if (isa<ComplexType>(type.getElementType())) {
    auto values = elements.tryGetValues<std::complex<APFloat>>();
    if (!values)
      return machine.uncovered(op, "with this value");
    for (const std::complex<APFloat> &value : *values) {
      if (failed(machine.step(op)))
        return failure();
      tensor->set(k++, scalarFromComplex(value));
    }
    return success();
  }
  if (isa<FloatType>(type.getElementType())) {
    auto values = elements.tryGetValues<APFloat>();
    if (!values)
      return machine.uncovered(op, "with this value");
    for (const APFloat &value : *values) {
      if (failed(machine.step(op)))
        return failure();
      tensor->set(k++, scalarFromFloat(value));
    }
    return success();
  }
  auto values = elements.tryGetValues<APInt>();
  if (!values)
    return machine.uncovered(op, "with this value");
  for (const APInt &value : *values) {
    if (failed(machine.step(op)))
      return failure();
    tensor->set(k++, element == NOODLE_RT_I1 ? int64_t(value.getBoolValue())
                                             : value.getSExtValue());
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

namespace {
/// What a binary integer op works on.
struct Integers {
  Machine &machine;
  Operation *op;
  unsigned width;
  int64_t a, b;
  uint64_t ua() const { return unsignedOf(a, width); }
  uint64_t ub() const { return unsignedOf(b, width); }
};
using IntegerFn = bool (*)(const Integers &, int64_t &);
} // namespace

/// A binary integer op; the result is wrapped to the operands' width.
template <IntegerFn fn>
static LogicalResult binaryInteger(Machine &machine, Frame &frame,
                                   Operation *op) {
  unsigned width = widthOf(op->getOperand(0));
  return elementwise(machine, frame, op, [&](ArrayRef<Scalar> in, Scalar &out) {
    int64_t value = 0;
    if (!fn({machine, op, width, std::get<int64_t>(in[0]),
             std::get<int64_t>(in[1])},
            value))
      return false;
    out = wrapInteger(value, width);
    return true;
  });
}

static bool isDivisor(const Integers &i, bool isSigned) {
  if (i.b == 0) {
    (void)i.machine.fail(i.op, NOODLE_RT_CHECK_FAILED,
                         "division by zero in '" +
                             i.op->getName().getStringRef() + "'");
    return false;
  }
  // i1's -1 is kept as 1, and its least value too.
  bool isLeast = i.width == 1
                     ? i.a == 1
                     : i.a == -1 - int64_t((uint64_t(1) << (i.width - 1)) - 1);
  bool isMinusOne = i.width == 1 ? i.b == 1 : i.b == -1;
  if (isSigned && isLeast && isMinusOne) {
    (void)i.machine.fail(i.op, NOODLE_RT_CHECK_FAILED,
                         "the quotient overflows in '" +
                             i.op->getName().getStringRef() + "'");
    return false;
  }
  return true;
}

static bool divSigned(const Integers &i, int64_t &out) {
  if (!isDivisor(i, true))
    return false;
  out = i.a / i.b;
  return true;
}
static bool remSigned(const Integers &i, int64_t &out) {
  if (!isDivisor(i, true))
    return false;
  out = i.a % i.b;
  return true;
}
static bool floorDivSigned(const Integers &i, int64_t &out) {
  if (!isDivisor(i, true))
    return false;
  out = i.a / i.b - (i.a % i.b != 0 && (i.a < 0) != (i.b < 0));
  return true;
}
static bool ceilDivSigned(const Integers &i, int64_t &out) {
  if (!isDivisor(i, true))
    return false;
  out = i.a / i.b + (i.a % i.b != 0 && (i.a < 0) == (i.b < 0));
  return true;
}
static bool divUnsigned(const Integers &i, int64_t &out) {
  if (!isDivisor(i, false))
    return false;
  out = int64_t(i.ua() / i.ub());
  return true;
}
static bool remUnsigned(const Integers &i, int64_t &out) {
  if (!isDivisor(i, false))
    return false;
  out = int64_t(i.ua() % i.ub());
  return true;
}
static bool ceilDivUnsigned(const Integers &i, int64_t &out) {
  if (!isDivisor(i, false))
    return false;
  out = int64_t(i.ua() / i.ub() + (i.ua() % i.ub() != 0));
  return true;
}

/// An i1 holds 0 or 1, but signed ops read 1 as -1.
static int64_t signedOf(int64_t value, unsigned width) {
  return width == 1 ? -value : value;
}

/// The integer ops that cannot fail, one lambda each.
#define NOODLE_INTEGER(EXPR)                                                   \
  binaryInteger<[](const Integers &i, int64_t &out) {                          \
    out = int64_t(EXPR);                                                       \
    return true;                                                               \
  }>

static bool compare(arith::CmpIPredicate predicate, int64_t a, int64_t b,
                    unsigned width) {
  uint64_t ua = unsignedOf(a, width), ub = unsignedOf(b, width);
  int64_t sa = signedOf(a, width), sb = signedOf(b, width);
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return sa < sb;
  case arith::CmpIPredicate::sle:
    return sa <= sb;
  case arith::CmpIPredicate::sgt:
    return sa > sb;
  case arith::CmpIPredicate::sge:
    return sa >= sb;
  case arith::CmpIPredicate::ult:
    return ua < ub;
  case arith::CmpIPredicate::ule:
    return ua <= ub;
  case arith::CmpIPredicate::ugt:
    return ua > ub;
  case arith::CmpIPredicate::uge:
    return ua >= ub;
  }
  return false;
}

static LogicalResult cmpInteger(Machine &machine, Frame &frame,
                                arith::CmpIOp op) {
  unsigned width = widthOf(op.getLhs());
  return elementwise(machine, frame, op, [&](ArrayRef<Scalar> in, Scalar &out) {
    out = int64_t(compare(op.getPredicate(), std::get<int64_t>(in[0]),
                          std::get<int64_t>(in[1]), width));
    return true;
  });
}

/// Ops with a low and a high, or sum and carry, result; scalars only.
static LogicalResult extended(Machine &machine, Frame &frame, Operation *op) {
  if (isa<RankedTensorType>(op->getResult(0).getType()))
    return machine.uncovered(op, "on tensors");
  unsigned width = widthOf(op->getOperand(0));
  int64_t a = frame.integer(op->getOperand(0));
  int64_t b = frame.integer(op->getOperand(1));
  bool isSigned = isa<arith::MulSIExtendedOp>(op);
  auto wide = [&](int64_t v) {
    return isSigned ? __int128(signedOf(v, width))
                    : __int128(unsignedOf(v, width));
  };
  bool isSum = isa<arith::AddUIExtendedOp>(op);
  // Shifts of unsigned values: a product of two 64-bit numbers fills 128 bits.
  unsigned __int128 full =
      isSum ? (unsigned __int128)(wide(a) + wide(b))
            : (unsigned __int128)wide(a) * (unsigned __int128)wide(b);
  frame.set(op->getResult(0), Scalar(wrapInteger(int64_t(full), width)));
  frame.set(op->getResult(1),
            Scalar(wrapInteger(int64_t(full >> width), isSum ? 1 : width)));
  return success();
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

template <typename F> struct FloatOps {
  static F add(F a, F b) { return a + b; }
  static F sub(F a, F b) { return a - b; }
  static F mul(F a, F b) { return a * b; }
  static F div(F a, F b) { return a / b; }
  static F rem(F a, F b) { return std::fmod(a, b); }
  // minimum and maximum propagate NaN and order -0 below 0; minnum and maxnum
  // give the other operand.
  static F minimum(F a, F b) {
    if (std::isnan(a) || std::isnan(b))
      return a + b;
    if (a == b)
      return std::signbit(a) ? a : b;
    return a < b ? a : b;
  }
  static F maximum(F a, F b) {
    if (std::isnan(a) || std::isnan(b))
      return a + b;
    if (a == b)
      return std::signbit(a) ? b : a;
    return a > b ? a : b;
  }
  static F minnum(F a, F b) {
    return std::isnan(a) ? b : std::isnan(b) ? a : minimum(a, b);
  }
  static F maxnum(F a, F b) {
    return std::isnan(a) ? b : std::isnan(b) ? a : maximum(a, b);
  }
};

template <float (*narrow)(float, float), double (*wide)(double, double)>
static LogicalResult binaryFloat(Machine &machine, Frame &frame,
                                 Operation *op) {
  return elementwise(machine, frame, op, [&](ArrayRef<Scalar> in, Scalar &out) {
    if (const double *a = std::get_if<double>(&in[0]))
      out = wide(*a, std::get<double>(in[1]));
    else
      out = roundedLike(in[0], narrow(toFloat(in[0]), toFloat(in[1])));
    return true;
  });
}
#define NOODLE_FLOAT(NAME)                                                     \
  binaryFloat<FloatOps<float>::NAME, FloatOps<double>::NAME>

static bool compare(arith::CmpFPredicate predicate, double a, double b) {
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case arith::CmpFPredicate::AlwaysFalse:
    return false;
  case arith::CmpFPredicate::OEQ:
    return !unordered && a == b;
  case arith::CmpFPredicate::OGT:
    return !unordered && a > b;
  case arith::CmpFPredicate::OGE:
    return !unordered && a >= b;
  case arith::CmpFPredicate::OLT:
    return !unordered && a < b;
  case arith::CmpFPredicate::OLE:
    return !unordered && a <= b;
  case arith::CmpFPredicate::ONE:
    return !unordered && a != b;
  case arith::CmpFPredicate::ORD:
    return !unordered;
  case arith::CmpFPredicate::UEQ:
    return unordered || a == b;
  case arith::CmpFPredicate::UGT:
    return unordered || a > b;
  case arith::CmpFPredicate::UGE:
    return unordered || a >= b;
  case arith::CmpFPredicate::ULT:
    return unordered || a < b;
  case arith::CmpFPredicate::ULE:
    return unordered || a <= b;
  case arith::CmpFPredicate::UNE:
    return unordered || a != b;
  case arith::CmpFPredicate::UNO:
    return unordered;
  case arith::CmpFPredicate::AlwaysTrue:
    return true;
  }
  return false;
}

static LogicalResult cmpFloat(Machine &machine, Frame &frame,
                              arith::CmpFOp op) {
  return elementwise(machine, frame, op, [&](ArrayRef<Scalar> in, Scalar &out) {
    out = int64_t(compare(op.getPredicate(), toDouble(in[0]), toDouble(in[1])));
    return true;
  });
}

static LogicalResult negate(Machine &machine, Frame &frame, Operation *op) {
  return elementwise(machine, frame, op, [](ArrayRef<Scalar> in, Scalar &out) {
    out = roundedLike(in[0], -toDouble(in[0]));
    return true;
  });
}

//===----------------------------------------------------------------------===//
// Select and casts
//===----------------------------------------------------------------------===//

static LogicalResult select(Machine &machine, Frame &frame,
                            arith::SelectOp op) {
  // A scalar condition chooses between values of any kind.
  if (op.getCondition().getType().isInteger(1)) {
    frame.set(op.getResult(),
              frame.get(frame.integer(op.getCondition()) ? op.getTrueValue()
                                                         : op.getFalseValue()));
    return success();
  }
  return elementwise(machine, frame, op, [](ArrayRef<Scalar> in, Scalar &out) {
    out = std::get<int64_t>(in[0]) ? in[1] : in[2];
    return true;
  });
}

/// The bits of a scalar, and a scalar of bits.
static int64_t bitsOf(const Scalar &value) {
  if (const float *narrow = std::get_if<float>(&value))
    return int64_t(llvm::bit_cast<uint32_t>(*narrow));
  if (const double *wide = std::get_if<double>(&value))
    return llvm::bit_cast<int64_t>(*wide);
  if (const auto *half = std::get_if<::noodle::rt::Half>(&value))
    return half->bits();
  if (const auto *brain = std::get_if<::noodle::rt::Brain>(&value))
    return brain->bits();
  return std::get<int64_t>(value);
}

static LogicalResult cast(Machine &machine, Frame &frame, Operation *op) {
  Type from = getElementTypeOrSelf(op->getOperand(0).getType());
  Type to = getElementTypeOrSelf(op->getResult(0).getType());
  bool toFloat = isa<FloatType>(to);
  unsigned fromWidth = isa<FloatType>(from) ? 0 : widthOf(op->getOperand(0));
  unsigned toWidth = toFloat ? 0 : widthOf(op->getResult(0));
  return elementwise(machine, frame, op, [&](ArrayRef<Scalar> in, Scalar &out) {
    const Scalar &v = in[0];
    if (isa<arith::ExtFOp, arith::TruncFOp>(op)) {
      out = convertScalar(v, *elementType(to));
    } else if (isa<arith::SIToFPOp>(op)) {
      int64_t value = signedOf(std::get<int64_t>(v), fromWidth);
      out = convertScalar(value, *elementType(to));
    } else if (isa<arith::UIToFPOp>(op)) {
      uint64_t value = unsignedOf(std::get<int64_t>(v), fromWidth);
      out = to.isF64() ? Scalar(double(value))
                       : convertScalar(float(value), *elementType(to));
    } else if (isa<arith::FPToSIOp, arith::FPToUIOp>(op)) {
      out = integerFromDouble(toDouble(v), toWidth, isa<arith::FPToSIOp>(op));
    } else if (isa<arith::BitcastOp>(op)) {
      int64_t bits = bitsOf(v);
      if (to.isF32())
        out = llvm::bit_cast<float>(uint32_t(bits));
      else if (to.isF64())
        out = llvm::bit_cast<double>(bits);
      else if (to.isF16())
        out = ::noodle::rt::Half::fromBits(uint16_t(bits));
      else if (to.isBF16())
        out = ::noodle::rt::Brain::fromBits(uint16_t(bits));
      else
        out = wrapInteger(bits, toWidth);
    } else {
      // extsi, extui, trunci, index_cast and index_castui.
      int64_t value = std::get<int64_t>(v);
      bool isUnsigned = isa<arith::ExtUIOp, arith::IndexCastUIOp>(op);
      out = wrapInteger(isUnsigned ? int64_t(unsignedOf(value, fromWidth))
                                   : signedOf(value, fromWidth),
                        toWidth);
    }
    return true;
  });
}

void addArithHandlers(Handlers &handlers) {
  using namespace arith;
  handlers.add<ConstantOp, constant>();
  handlers.add<CmpIOp, cmpInteger>();
  handlers.add<CmpFOp, cmpFloat>();
  handlers.add<SelectOp, select>();
  handlers.addAll<AddIOp>(NOODLE_INTEGER(uint64_t(i.a) + uint64_t(i.b)));
  handlers.addAll<SubIOp>(NOODLE_INTEGER(uint64_t(i.a) - uint64_t(i.b)));
  handlers.addAll<MulIOp>(NOODLE_INTEGER(uint64_t(i.a) * uint64_t(i.b)));
  handlers.addAll<AndIOp>(NOODLE_INTEGER(i.a & i.b));
  handlers.addAll<OrIOp>(NOODLE_INTEGER(i.a | i.b));
  handlers.addAll<XOrIOp>(NOODLE_INTEGER(i.a ^ i.b));
  handlers.addAll<ShLIOp>(
      NOODLE_INTEGER(i.ub() < i.width ? uint64_t(i.a) << i.ub() : 0));
  handlers.addAll<ShRUIOp>(
      NOODLE_INTEGER(i.ub() < i.width ? i.ua() >> i.ub() : 0));
  handlers.addAll<ShRSIOp>(
      NOODLE_INTEGER(i.ub() < i.width ? i.a >> i.ub() : 0));
  handlers.addAll<MaxSIOp>(NOODLE_INTEGER(
      signedOf(i.a, i.width) < signedOf(i.b, i.width) ? i.b : i.a));
  handlers.addAll<MinSIOp>(NOODLE_INTEGER(
      signedOf(i.b, i.width) < signedOf(i.a, i.width) ? i.b : i.a));
  handlers.addAll<MaxUIOp>(NOODLE_INTEGER(i.ua() < i.ub() ? i.b : i.a));
  handlers.addAll<MinUIOp>(NOODLE_INTEGER(i.ub() < i.ua() ? i.b : i.a));
  handlers.addAll<DivSIOp>(binaryInteger<divSigned>);
  handlers.addAll<RemSIOp>(binaryInteger<remSigned>);
  handlers.addAll<FloorDivSIOp>(binaryInteger<floorDivSigned>);
  handlers.addAll<CeilDivSIOp>(binaryInteger<ceilDivSigned>);
  handlers.addAll<DivUIOp>(binaryInteger<divUnsigned>);
  handlers.addAll<RemUIOp>(binaryInteger<remUnsigned>);
  handlers.addAll<CeilDivUIOp>(binaryInteger<ceilDivUnsigned>);
  handlers.addAll<AddUIExtendedOp, MulSIExtendedOp, MulUIExtendedOp>(extended);
  handlers.addAll<AddFOp>(NOODLE_FLOAT(add));
  handlers.addAll<SubFOp>(NOODLE_FLOAT(sub));
  handlers.addAll<MulFOp>(NOODLE_FLOAT(mul));
  handlers.addAll<DivFOp>(NOODLE_FLOAT(div));
  handlers.addAll<RemFOp>(NOODLE_FLOAT(rem));
  handlers.addAll<MinimumFOp>(NOODLE_FLOAT(minimum));
  handlers.addAll<MaximumFOp>(NOODLE_FLOAT(maximum));
  handlers.addAll<MinNumFOp>(NOODLE_FLOAT(minnum));
  handlers.addAll<MaxNumFOp>(NOODLE_FLOAT(maxnum));
  handlers.addAll<NegFOp>(negate);
  handlers
      .addAll<ExtFOp, TruncFOp, SIToFPOp, UIToFPOp, FPToSIOp, FPToUIOp, ExtSIOp,
              ExtUIOp, TruncIOp, IndexCastOp, IndexCastUIOp, BitcastOp>(cast);
}

} // namespace mlir::noodle::reference
