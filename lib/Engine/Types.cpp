//===- Types.cpp - signatures and op sites of a program ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Engine/Types.h"

#include <algorithm>

namespace noodle::engine {

bool TensorType::dynamic() const {
  return std::any_of(extents.begin(), extents.end(),
                     [](int64_t extent) { return extent < 0; });
}

std::string TensorType::str() const {
  if (layout == NOODLE_RT_SCALAR)
    return elementName(element);
  std::string text = sparse() ? std::string(layoutName(layout)) + " " : "";
  text += "tensor<";
  for (int64_t extent : extents)
    text += (extent < 0 ? "?" : std::to_string(extent)) + "x";
  return text + elementName(element) + ">";
}

double evaluateCost(const std::vector<CostTerm> &terms, const int64_t *sizes,
                    int64_t count) {
  double sum = 0;
  for (const CostTerm &term : terms) {
    double product = term.coefficient;
    for (uint32_t factor : term.factors)
      product *= factor < count ? double(sizes[factor]) : 0.0;
    sum += product;
  }
  return sum;
}

const char *elementName(noodle_rt_type type) {
  switch (type) {
  case NOODLE_RT_I1:
    return "i1";
  case NOODLE_RT_I32:
    return "i32";
  case NOODLE_RT_I64:
    return "i64";
  case NOODLE_RT_F32:
    return "f32";
  case NOODLE_RT_F64:
    return "f64";
  case NOODLE_RT_INDEX:
    return "index";
  }
  return "?";
}

const char *layoutName(noodle_rt_layout layout) {
  switch (layout) {
  case NOODLE_RT_SCALAR:
    return "scalar";
  case NOODLE_RT_DENSE:
    return "dense";
  case NOODLE_RT_CSR:
    return "csr";
  case NOODLE_RT_CSC:
    return "csc";
  }
  return "?";
}

int64_t elementBytes(noodle_rt_type type) {
  switch (type) {
  case NOODLE_RT_I1:
    return 1;
  case NOODLE_RT_I32:
  case NOODLE_RT_F32:
    return 4;
  case NOODLE_RT_I64:
  case NOODLE_RT_F64:
  case NOODLE_RT_INDEX:
    return 8;
  }
  return 0;
}

} // namespace noodle::engine
