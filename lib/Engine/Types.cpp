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
    return noodle_rt_element_name(element);
  std::string text = sparse() ? std::string(layoutName(layout)) + " " : "";
  if (layout == NOODLE_RT_BSR)
    text += "(" + std::to_string(blockRows) + "x" +
            std::to_string(blockColumns) + ") ";
  text += "tensor<";
  for (int64_t extent : extents)
    text += (extent < 0 ? "?" : std::to_string(extent)) + "x";
  return text + noodle_rt_element_name(element) + ">";
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
  case NOODLE_RT_COO:
    return "coo";
  case NOODLE_RT_DCSR:
    return "dcsr";
  case NOODLE_RT_BSR:
    return "bsr";
  }
  return "?";
}

} // namespace noodle::engine
