//===- Output.cpp - results to files, to people, and compared ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Binding.h"

#include "noodle-rt/blocks.h"
#include "noodle-rt/narrow.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace noodle::engine {

namespace io = rt::io;

Status checkOutput(const std::string &path, const TensorType &type,
                   const std::string &what) {
  auto refuse = [&](const std::string &why) {
    return Status::error(Code::InvalidArgument, what + " is a " + type.str() +
                                                    ", and '" + path + "' " +
                                                    why);
  };
  if (path.ends_with(".npy"))
    return type.sparse() ? refuse("holds dense arrays; write it to a .mtx file")
                         : Status();
  if (!path.ends_with(".mtx"))
    return refuse("ends neither in .npy nor in .mtx");
  if (type.layout == NOODLE_RT_SCALAR || type.extents.empty() ||
      type.extents.size() > 2)
    return refuse("holds matrices; write it to a .npy file");
  return {};
}

Status writeResults(const std::vector<std::string> &paths,
                    const std::vector<noodle_rt_tensor> &results) {
  std::vector<std::unique_ptr<io::Output>> outputs;
  auto failed = [](const io::Error &error) {
    return Status::error(Code::IoError, error.message, error.place);
  };
  for (size_t k = 0; k < paths.size(); ++k) {
    if (io::Error error = io::openOutput(paths[k], outputs.emplace_back());
        !error.ok())
      return failed(error);
    // A sparse vector is a column there, as a dense one is.
    noodle_rt_tensor column = results[k];
    if (column.layout == NOODLE_RT_CSR && column.rank == 1) {
      column.layout = NOODLE_RT_CSC;
      column.rank = 2;
      column.extents[1] = 1;
    }
    io::Error error = paths[k].ends_with(".mtx")
                          ? io::writeMtx(*outputs[k], column)
                          : io::writeNpy(*outputs[k], results[k]);
    if (!error.ok())
      return failed(error);
  }
  for (auto &output : outputs)
    if (io::Error error = output->commit(); !error.ok())
      return failed(error);
  return {};
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

namespace {

struct Element {
  enum Kind { Integer, Real, Complex } kind;
  std::complex<double> number;
  int64_t integer = 0;
};

Element elementAt(const noodle_rt_tensor &tensor, int64_t k) {
  auto read = [&](auto value) {
    std::memcpy(&value,
                static_cast<const char *>(tensor.values) +
                    k * int64_t(sizeof value),
                sizeof value);
    return value;
  };
  switch (tensor.type) {
  case NOODLE_RT_F16:
    return {Element::Real, double(float(read(rt::Half())))};
  case NOODLE_RT_BF16:
    return {Element::Real, double(float(read(rt::Brain())))};
  case NOODLE_RT_F32:
    return {Element::Real, double(read(float()))};
  case NOODLE_RT_F64:
    return {Element::Real, read(double())};
  case NOODLE_RT_C64:
    return {Element::Complex, read(std::complex<float>())};
  case NOODLE_RT_C128:
    return {Element::Complex, read(std::complex<double>())};
  case NOODLE_RT_I1:
    return {Element::Integer, 0, read(uint8_t())};
  case NOODLE_RT_I8:
    return {Element::Integer, 0, read(int8_t())};
  case NOODLE_RT_I32:
    return {Element::Integer, 0, read(int32_t())};
  default:
    return {Element::Integer, 0, read(int64_t())};
  }
}

std::string textOf(const Element &element) {
  if (element.kind == Element::Integer)
    return std::to_string(element.integer);
  char text[64];
  if (element.kind == Element::Complex)
    std::snprintf(text, sizeof text, "%.6g%+.6gi", element.number.real(),
                  element.number.imag());
  else
    std::snprintf(text, sizeof text, "%.6g", element.number.real());
  return text;
}

bool sparse(const noodle_rt_tensor &tensor) {
  return tensor.layout != NOODLE_RT_SCALAR && tensor.layout != NOODLE_RT_DENSE;
}

/// BSR as CSR, with buffers in `space`; other tensors as they are.
noodle_rt_tensor entriesOf(const noodle_rt_tensor &tensor,
                           rt::SparseSpace &space) {
  return tensor.layout == NOODLE_RT_BSR ? rt::expandBlocks(tensor, space)
                                        : tensor;
}

int64_t countOf(const noodle_rt_tensor &tensor) {
  int64_t count = 1;
  for (int k = 0; k < tensor.rank; ++k)
    count *= tensor.extents[k];
  return count;
}

constexpr int64_t kShown = 8; // entries or rows of a summary

std::string typeText(const noodle_rt_tensor &tensor) {
  TensorType type;
  type.layout = tensor.layout;
  type.element = tensor.type;
  type.blockRows = tensor.block_rows;
  type.blockColumns = tensor.block_columns;
  type.extents.assign(tensor.extents, tensor.extents + tensor.rank);
  return type.str();
}

} // namespace

std::string summarize(const noodle_rt_tensor &given) {
  if (given.layout == NOODLE_RT_SCALAR)
    return textOf(elementAt(given, 0)) + " : " + typeText(given) + "\n";
  std::string text = typeText(given);
  rt::SparseSpace space;
  noodle_rt_tensor tensor = entriesOf(given, space);
  if (sparse(tensor)) {
    int64_t shown = 0;
    text += ", " + std::to_string(tensor.stored) + " stored\n";
    for (rt::EntryCursor at(tensor); at.more() && shown < kShown;
         at.next(), ++shown) {
      text += "  (";
      if (given.rank > 1)
        text += std::to_string(at.row()) + ", ";
      text += std::to_string(at.column()) + ") " +
              textOf(elementAt(tensor, at.entry())) + "\n";
    }
    if (shown < tensor.stored)
      text += "  ..\n";
    return text;
  }
  int64_t count = countOf(tensor);
  int64_t width = tensor.rank ? tensor.extents[tensor.rank - 1] : 1;
  text += "\n";
  if (count == 0)
    return text;
  for (int64_t row = 0; row < count / width; ++row) {
    if (row == kShown) {
      text += "  ..\n";
      break;
    }
    text += " ";
    for (int64_t j = 0; j < std::min(width, kShown); ++j)
      text += " " + textOf(elementAt(tensor, row * width + j));
    text += width > kShown ? " ..\n" : "\n";
  }
  return text;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

namespace {

bool agree(const Element &a, const Element &b, double tolerance) {
  if (a.kind == Element::Integer)
    return a.integer == b.integer;
  double parts[2][2] = {{a.number.real(), b.number.real()},
                        {a.number.imag(), b.number.imag()}};
  double scale = 1.0;
  for (auto &part : parts)
    for (double value : part)
      if (std::isfinite(value))
        scale = std::max(scale, std::fabs(value));
  for (auto [x, y] : parts) {
    if (std::isnan(x) || std::isnan(y)) {
      if (!std::isnan(x) || !std::isnan(y))
        return false;
    } else if (x != y && !(std::fabs(x - y) <= tolerance * scale)) {
      return false; // infinities are equal or too far apart
    }
  }
  return true;
}

std::string differ(const std::string &where, const Element &a,
                   const Element &b) {
  return "entry " + where + " is " + textOf(a) + " and " + textOf(b);
}

std::string compareSparse(const noodle_rt_tensor &left,
                          const noodle_rt_tensor &right, double tolerance) {
  rt::SparseSpace spaces[2];
  noodle_rt_tensor a = entriesOf(left, spaces[0]);
  noodle_rt_tensor b = entriesOf(right, spaces[1]);
  std::complex<double> nothing = 0;
  noodle_rt_tensor absent = {};
  absent.type = a.type;
  absent.values = &nothing; // all bits 0
  Element zero = elementAt(absent, 0);
  auto placeOf = [](const rt::EntryCursor &at) {
    return at.more() ? std::pair(at.line(), at.coordinate())
                     : std::pair(INT64_MAX, INT64_MAX);
  };
  rt::EntryCursor p(a), q(b);
  while (p.more() || q.more()) {
    auto here = placeOf(p), there = placeOf(q);
    bool hasA = here <= there, hasB = there <= here;
    Element x = hasA ? elementAt(a, p.entry()) : zero;
    Element y = hasB ? elementAt(b, q.entry()) : zero;
    const rt::EntryCursor &at = hasA ? p : q;
    if (!agree(x, y, tolerance))
      return differ("(" + std::to_string(at.row()) + ", " +
                        std::to_string(at.column()) + ")",
                    x, y);
    if (hasA)
      p.next();
    if (hasB)
      q.next();
  }
  return {};
}

} // namespace

// Sums may be formed in another order: some tens of roundings for f32 and f64,
// a few of the one that f16 and bf16 end with.
double checkTolerance(noodle_rt_type type) {
  switch (type) {
  case NOODLE_RT_BF16:
    return 3e-2;
  case NOODLE_RT_F16:
    return 4e-3;
  case NOODLE_RT_F32:
  case NOODLE_RT_C64:
    return 1e-4;
  default:
    return 1e-9;
  }
}

std::string compareResults(const noodle_rt_tensor &a, const noodle_rt_tensor &b,
                           double tolerance) {
  if (a.type != b.type || a.layout != b.layout || a.rank != b.rank ||
      !std::equal(a.extents, a.extents + a.rank, b.extents))
    return "one is " + typeText(a) + ", the other " + typeText(b);
  if (sparse(a))
    return compareSparse(a, b, tolerance);
  for (int64_t k = 0, count = countOf(a); k < count; ++k) {
    Element x = elementAt(a, k), y = elementAt(b, k);
    if (agree(x, y, tolerance))
      continue;
    std::string where;
    for (int64_t d = a.rank, rest = k; d-- > 0; rest /= a.extents[d])
      where = std::to_string(rest % a.extents[d]) +
              (where.empty() ? "" : ", ") + where;
    return differ("(" + where + ")", x, y);
  }
  return {};
}

} // namespace noodle::engine
