//===- Complex.cpp - the complex dialect ----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products and quotients are the textbook's, whatever infinities they meet;
// each step is rounded to the parts' type. Functions are the library's in
// double, rounded once.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::noodle::reference {

namespace {
template <typename F> struct ComplexOps {
  using C = std::complex<F>;
  static C add(C x, C y) { return x + y; }
  static C sub(C x, C y) { return x - y; }
  static C mul(C x, C y) {
    F ac = x.real() * y.real(), bd = x.imag() * y.imag();
    F ad = x.real() * y.imag(), bc = x.imag() * y.real();
    return {ac - bd, ad + bc};
  }
  static C div(C x, C y) {
    F cc = y.real() * y.real(), dd = y.imag() * y.imag(), norm = cc + dd;
    F ac = x.real() * y.real(), bd = x.imag() * y.imag();
    F bc = x.imag() * y.real(), ad = x.real() * y.imag();
    F real = ac + bd, imaginary = bc - ad;
    return {real / norm, imaginary / norm};
  }
};
} // namespace

template <
    std::complex<float> (*narrow)(std::complex<float>, std::complex<float>),
    std::complex<double> (*wide)(std::complex<double>, std::complex<double>)>
static LogicalResult binary(Machine &machine, Frame &frame, Operation *op) {
  return elementwise(machine, frame, op, [](ArrayRef<Scalar> in, Scalar &out) {
    if (const auto *x = std::get_if<std::complex<float>>(&in[0]))
      out = narrow(*x, std::get<std::complex<float>>(in[1]));
    else
      out = wide(std::get<std::complex<double>>(in[0]),
                 std::get<std::complex<double>>(in[1]));
    return true;
  });
}
#define NOODLE_COMPLEX(NAME)                                                   \
  binary<ComplexOps<float>::NAME, ComplexOps<double>::NAME>

/// A function of the library, in double.
template <std::complex<double> (*fn)(const std::complex<double> &)>
static LogicalResult function(Machine &machine, Frame &frame, Operation *op) {
  noodle_rt_type type = *elementType(op->getResult(0).getType());
  return elementwise(machine, frame, op, [=](ArrayRef<Scalar> in, Scalar &out) {
    out = convertScalar(fn(toComplex(in[0])), type);
    return true;
  });
}

/// A real number of a complex one.
template <double (*fn)(const std::complex<double> &)>
static LogicalResult part(Machine &machine, Frame &frame, Operation *op) {
  noodle_rt_type type = *elementType(op->getResult(0).getType());
  return elementwise(machine, frame, op, [=](ArrayRef<Scalar> in, Scalar &out) {
    out = convertScalar(fn(toComplex(in[0])), type);
    return true;
  });
}

static LogicalResult equal(Machine &machine, Frame &frame, Operation *op) {
  bool negated = isa<complex::NotEqualOp>(op);
  return elementwise(machine, frame, op, [=](ArrayRef<Scalar> in, Scalar &out) {
    out = int64_t((toComplex(in[0]) == toComplex(in[1])) != negated);
    return true;
  });
}

static LogicalResult create(Machine &machine, Frame &frame,
                            complex::CreateOp op) {
  noodle_rt_type type = *elementType(op.getType());
  std::complex<double> value(toDouble(frame.scalar(op.getReal())),
                             toDouble(frame.scalar(op.getImaginary())));
  frame.set(op.getResult(), convertScalar(value, type));
  return success();
}

static LogicalResult constant(Machine &machine, Frame &frame,
                              complex::ConstantOp op) {
  ArrayAttr parts = op.getValue();
  frame.set(op.getResult(),
            scalarFromComplex({cast<FloatAttr>(parts[0]).getValue(),
                               cast<FloatAttr>(parts[1]).getValue()}));
  return success();
}

void addComplexHandlers(Handlers &handlers) {
  using namespace complex;
  using Number = std::complex<double>;
  handlers.add<ConstantOp, constant>();
  handlers.add<CreateOp, create>();
  handlers.addAll<AddOp>(NOODLE_COMPLEX(add));
  handlers.addAll<SubOp>(NOODLE_COMPLEX(sub));
  handlers.addAll<MulOp>(NOODLE_COMPLEX(mul));
  handlers.addAll<DivOp>(NOODLE_COMPLEX(div));
  handlers.addAll<ReOp>(part<[](const Number &z) { return z.real(); }>);
  handlers.addAll<ImOp>(part<[](const Number &z) { return z.imag(); }>);
  handlers.addAll<AbsOp>(part<[](const Number &z) { return std::abs(z); }>);
  handlers.addAll<AngleOp>(part<[](const Number &z) { return std::arg(z); }>);
  handlers.addAll<NegOp>(function<[](const Number &z) { return -z; }>);
  handlers.addAll<ConjOp>(
      function<[](const Number &z) { return std::conj(z); }>);
  handlers.addAll<ExpOp>(function<[](const Number &z) { return std::exp(z); }>);
  handlers.addAll<LogOp>(function<[](const Number &z) { return std::log(z); }>);
  handlers.addAll<SqrtOp>(
      function<[](const Number &z) { return std::sqrt(z); }>);
  handlers.addAll<EqualOp, NotEqualOp>(equal);
}

} // namespace mlir::noodle::reference
