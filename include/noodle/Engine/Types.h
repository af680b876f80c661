//===- Types.h - signatures and op sites of a program -----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ENGINE_TYPES_H
#define NOODLE_ENGINE_TYPES_H

#include "noodle-rt/abi.h"

#include <string>
#include <vector>

namespace noodle::engine {

/// Type of a parameter or a result.
struct TensorType {
  noodle_rt_layout layout = NOODLE_RT_DENSE;
  noodle_rt_type element = NOODLE_RT_F64;
  uint8_t positionWidth = 0;    ///< bytes, 4 or 8; 0 when dense
  uint8_t coordinateWidth = 0;  ///< bytes, 4 or 8; 0 when dense
  std::vector<int64_t> extents; ///< -1 is dynamic
  uint8_t blockRows = 0;        ///< BSR only, as blockColumns
  uint8_t blockColumns = 0;

  bool sparse() const {
    return layout != NOODLE_RT_SCALAR && layout != NOODLE_RT_DENSE;
  }
  /// CSR of rank 1: the only row of a matrix, which the kernel takes it for.
  bool sparseVector() const {
    return layout == NOODLE_RT_CSR && extents.size() == 1;
  }
  /// COO and DCSR: the kernel gets and gives CSR, see noodle-rt/rows.h.
  bool listsRows() const {
    return layout == NOODLE_RT_COO || layout == NOODLE_RT_DCSR;
  }
  bool dynamic() const;
  /// Such as "f64", "tensor<?x4xf32>" or "csr tensor<?x?xf64>".
  std::string str() const;
  bool operator==(const TensorType &) const = default;
};

/// A dimension of a parameter or a result.
struct SpaceMember {
  uint8_t result = 0;
  uint32_t index = 0, dimension = 0;
  bool operator==(const SpaceMember &) const = default;
};

/// A public function of a program.
struct Signature {
  std::string name;
  std::vector<TensorType> parameters;
  std::vector<TensorType> results;
  /// Dimensions whose indices a call may number anew, see
  /// noodle/Algebra/IndexSpaces.h, and by parameter why its rows are not among
  /// them.
  std::vector<std::vector<SpaceMember>> spaces;
  std::vector<std::string> rowsNeeded;
  bool operator==(const Signature &) const = default;
};

/// coefficient * sizes[a] * sizes[b] * ..
struct CostTerm {
  double coefficient = 0;
  std::vector<uint32_t> factors; ///< indices into Site::sizes
  bool operator==(const CostTerm &) const = default;
};

/// Sum of `terms` for these sizes.
double evaluateCost(const std::vector<CostTerm> &terms, const int64_t *sizes,
                    int64_t count);

/// A dense contraction as a batch of matrix products: each group of its loops
/// is a product of sizes. Empty traits: the op is none.
struct ProductSite {
  std::vector<uint32_t> batch, rows, columns, inner; ///< as factors are
  std::vector<int64_t> traits; ///< what noodle/Cost/DenseCost.h reads
  int64_t vectorBytes = 0;     ///< of the CPU that code is for
  bool operator==(const ProductSite &) const = default;
};

/// A tensor on the way of a contraction of many.
struct PlanNode {
  std::string letters; ///< of its dimensions
  double entries = 0;
  double products = 0;           ///< that make it; 0 for an operand
  int32_t left = -1, right = -1; ///< nodes before it that it is made of
  bool operator==(const PlanNode &) const = default;
};

/// What the laws made of an op, see docs/Laws.md. Numbers are as planned, with
/// extents that nothing told as planning took them.
struct SitePlan {
  std::string text;            ///< laws by number; empty: none
  std::vector<PlanNode> nodes; ///< operands, then products; the last the result
  double productsBefore = 0, productsAfter = 0; ///< multiplications
  double bytesBefore = 0, bytesAfter = 0;       ///< read and written
  double peakBefore = 0, peakAfter = 0; ///< bytes of results alive at once
  bool operator==(const SitePlan &) const = default;
};

/// An op of the program as the receipt tells of it.
struct Site {
  int64_t id = 0;
  std::string op, text, place, strategy, why;
  /// A law that the permission it names would have let be used.
  std::string lost;
  SitePlan plan;
  std::vector<CostTerm> flops, bytes;
  std::vector<std::string> sizes; ///< what noodle_ir_mark passes, in order
  ProductSite product;
  bool operator==(const Site &) const = default;
};

const char *layoutName(noodle_rt_layout layout); ///< "csr"; "?" if unknown

} // namespace noodle::engine

#endif // NOODLE_ENGINE_TYPES_H
