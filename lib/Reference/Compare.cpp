//===- Compare.cpp - comparing and showing interpreted values -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Reference/Compare.h"

#include "Machine.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

namespace mlir::noodle::reference {

static void print(raw_ostream &os, const Scalar &value) {
  if (isComplex(value)) {
    bool wide = std::holds_alternative<std::complex<double>>(value);
    std::complex<double> number = toComplex(value);
    os << "("
       << llvm::format(wide ? "%.17g, %.17g" : "%.9g, %.9g", number.real(),
                       number.imag())
       << ")";
    return;
  }
  if (const int64_t *integer = std::get_if<int64_t>(&value))
    os << *integer;
  else if (const double *wide = std::get_if<double>(&value))
    os << llvm::format("%.17g", *wide);
  else
    os << llvm::format("%.9g", toDouble(value));
}

static StringRef layoutName(noodle_rt_layout layout) {
  return layout == NOODLE_RT_CSR   ? " csr"
         : layout == NOODLE_RT_CSC ? " csc"
                                   : "";
}

static bool agree(const Scalar &a, const Scalar &b,
                  const Tolerance &tolerance) {
  if (a.index() != b.index())
    return false;
  if (sameValue(a, b))
    return true;
  if (std::holds_alternative<int64_t>(a))
    return false;
  // Parts that are not finite must be the same; those that are may differ by
  // what the whole number allows.
  std::complex<double> x = toComplex(a), y = toComplex(b);
  double scale = 0;
  for (double part : {x.real(), x.imag(), y.real(), y.imag()})
    if (std::isfinite(part))
      scale = std::fmax(scale, std::fabs(part));
  auto close = [&](double p, double q) {
    if (!std::isfinite(p) || !std::isfinite(q))
      return sameValue(p, q);
    return std::fabs(p - q) <= tolerance.absolute + tolerance.relative * scale;
  };
  return close(x.real(), y.real()) && close(x.imag(), y.imag());
}

/// The stored entries of a sparse tensor by row.
static std::vector<Entry> byRow(const Tensor &tensor) {
  std::vector<Entry> entries;
  bool rows = tensor.layout == NOODLE_RT_CSR;
  for (int64_t major = 0, e = int64_t(tensor.positions.size()) - 1; major < e;
       ++major)
    for (int64_t k = tensor.positions[major]; k < tensor.positions[major + 1];
         ++k) {
      int64_t minor = tensor.coordinates[k];
      entries.push_back(
          {rows ? major : minor, rows ? minor : major, tensor.get(k)});
    }
  sortByRow(entries);
  return entries;
}

std::string compare(const Value &actual, const Value &expected,
                    const Tolerance &tolerance) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto differ = [&](ArrayRef<int64_t> index, const Scalar &a, const Scalar &b) {
    os << "element [";
    llvm::interleaveComma(index, os);
    os << "] is ";
    print(os, a);
    os << ", expected ";
    print(os, b);
  };
  if (actual.index() != expected.index())
    return "one is a scalar, the other a tensor";
  if (const Scalar *a = std::get_if<Scalar>(&actual)) {
    const Scalar &b = std::get<Scalar>(expected);
    if (agree(*a, b, tolerance))
      return "";
    os << "the scalar is ";
    print(os, *a);
    os << ", expected ";
    print(os, b);
    return text;
  }
  const Tensor &a = std::get<Tensor>(actual), &b = std::get<Tensor>(expected);
  if (a.type != b.type)
    return ("elements are " + Twine(noodle_rt_element_name(a.type)) +
            ", expected " + noodle_rt_element_name(b.type))
        .str();
  if (a.extents != b.extents)
    return "the shape is " + shapeText(a.extents) + ", expected " +
           shapeText(b.extents);

  Scalar absent = tolerance.absent.value_or(zeroScalar(a.type));
  if (isSparse(a) && isSparse(b)) {
    // A merge of the patterns: what neither stores is equal.
    std::vector<Entry> ea = byRow(a), eb = byRow(b);
    for (size_t i = 0, j = 0; i < ea.size() || j < eb.size();) {
      auto at = [](const std::vector<Entry> &list, size_t k) {
        return k < list.size() ? std::pair(list[k].row, list[k].column)
                               : std::pair(INT64_MAX, INT64_MAX);
      };
      auto pa = at(ea, i), pb = at(eb, j), place = std::min(pa, pb);
      Scalar x = pa == place ? ea[i++].value : absent;
      Scalar y = pb == place ? eb[j++].value : absent;
      if (!agree(x, y, tolerance)) {
        differ({place.first, place.second}, x, y);
        return text;
      }
    }
    return "";
  }
  if (isEmpty(a.extents))
    return "";
  SmallVector<int64_t> index(a.extents.size(), 0);
  int64_t k = 0;
  auto element = [&](const Tensor &tensor) {
    if (!isSparse(tensor))
      return tensor.get(k);
    int64_t at = findEntry(tensor, index[0], index[1]);
    return at >= 0 ? tensor.get(at) : absent;
  };
  do {
    Scalar x = element(a), y = element(b);
    if (!agree(x, y, tolerance)) {
      differ(index, x, y);
      return text;
    }
    ++k;
  } while (next(index, a.extents));
  return "";
}

std::string toString(const Value &value, int64_t limit) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (const Scalar *scalar = std::get_if<Scalar>(&value)) {
    print(os, *scalar);
    return text;
  }
  const Tensor &tensor = std::get<Tensor>(value);
  os << shapeText(tensor.extents) << " " << noodle_rt_element_name(tensor.type)
     << layoutName(tensor.layout) << " [";
  int64_t shown = std::min(limit, tensor.size());
  std::vector<Entry> entries;
  if (isSparse(tensor))
    entries = byRow(tensor);
  for (int64_t k = 0; k < shown; ++k) {
    if (k)
      os << ", ";
    if (isSparse(tensor))
      os << "(" << entries[k].row << ", " << entries[k].column << ") ";
    print(os, isSparse(tensor) ? entries[k].value : tensor.get(k));
  }
  if (shown < tensor.size())
    os << ", ... " << tensor.size() - shown << " more";
  os << "]";
  return text;
}

} // namespace mlir::noodle::reference
