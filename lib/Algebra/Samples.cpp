//===- Samples.cpp - values on which laws are tried -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Samples.h"

#include "llvm/Support/Format.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::noodle;
using reference::Scalar;
using reference::Tensor;
using samples::Column;

namespace {

bool isComplex(const Scalar &value) {
  return std::holds_alternative<std::complex<float>>(value) ||
         std::holds_alternative<std::complex<double>>(value);
}

std::complex<double> number(const Scalar &value) {
  return std::visit(
      []<typename T>(T held) -> std::complex<double> {
        if constexpr (requires { held.imag(); })
          return {held.real(), held.imag()};
        else
          return double(held);
      },
      value);
}

/// The distance from 1 to the next number of the type.
double epsilonOf(const Scalar &value) {
  if (std::holds_alternative<::noodle::rt::Half>(value))
    return 0x1p-10;
  if (std::holds_alternative<::noodle::rt::Brain>(value))
    return 0x1p-7;
  return std::holds_alternative<float>(value) ||
                 std::holds_alternative<std::complex<float>>(value)
             ? std::numeric_limits<float>::epsilon()
             : std::numeric_limits<double>::epsilon();
}

} // namespace

std::string samples::text(const Scalar &value) {
  std::string out;
  llvm::raw_string_ostream stream(out);
  if (auto *i = std::get_if<int64_t>(&value))
    stream << *i;
  else if (std::complex<double> z = number(value); isComplex(value))
    stream << llvm::format("(%g, %g)", z.real(), z.imag());
  else
    stream << llvm::format("%g", z.real());
  return out;
}

bool samples::close(const Scalar &a, const Scalar &b) {
  if (auto *i = std::get_if<int64_t>(&a))
    return *i == std::get<int64_t>(b);
  std::complex<double> x = number(a), y = number(b);
  double scale = 1.0;
  for (double part : {x.real(), x.imag(), y.real(), y.imag()})
    if (std::isfinite(part))
      scale = std::max(scale, std::fabs(part));
  auto same = [&](double p, double q) {
    if (!std::isfinite(p) || !std::isfinite(q))
      return p == q || (std::isnan(p) && std::isnan(q));
    return std::fabs(p - q) <= 64 * scale * epsilonOf(a);
  };
  return same(x.real(), y.real()) && same(x.imag(), y.imag());
}

Column samples::samplesOf(noodle_rt_type type, bool negative) {
  Column column;
  if (type == NOODLE_RT_I1)
    return {int64_t(0), int64_t(1)};
  for (double value : {0.0, 1.0, -1.0, 2.0, 3.0, 0.5, -3.25, 7.0}) {
    if (value < 0 && !negative)
      continue;
    Scalar sample;
    switch (type) {
    case NOODLE_RT_F64:
      sample = value;
      break;
    case NOODLE_RT_F32:
      sample = float(value);
      break;
    case NOODLE_RT_F16:
      sample = ::noodle::rt::Half(value);
      break;
    case NOODLE_RT_BF16:
      sample = ::noodle::rt::Brain(value);
      break;
    case NOODLE_RT_C64:
      sample = std::complex<float>(float(value), float(value) - 1.0f);
      break;
    case NOODLE_RT_C128:
      sample = std::complex<double>(value, value - 1.0);
      break;
    default:
      sample = int64_t(value);
    }
    auto same = [&](const Scalar &old) { return close(old, sample); };
    if (std::none_of(column.begin(), column.end(), same))
      column.push_back(sample);
  }
  return column;
}

Tensor samples::columnTensor(noodle_rt_type type, const Column &column) {
  Tensor tensor;
  tensor.type = type;
  tensor.extents = {int64_t(column.size())};
  tensor.values.resize(column.size() * noodle_rt_element_bytes(type));
  for (size_t k = 0; k < column.size(); ++k)
    tensor.set(int64_t(k), column[k]);
  return tensor;
}

Column samples::tensorColumn(const Tensor &tensor) {
  Column column;
  for (int64_t k = 0; k < tensor.size(); ++k)
    column.push_back(tensor.get(k));
  return column;
}
