//===- ContractionOrder.h - in which order to contract ----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds a cheap order in which to contract a network of tensors two at a time.
// Knows nothing of MLIR. Thread-safe: functions of their arguments alone; equal
// arguments give equal orders, for searches count moves and not seconds.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ALGEBRA_CONTRACTIONORDER_H
#define NOODLE_ALGEBRA_CONTRACTIONORDER_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <limits>
#include <vector>

namespace mlir::noodle {

/// Tensors by the letters of their dimensions. A letter may be in any number of
/// tensors; those that the output lacks are summed over.
struct ContractionNetwork {
  llvm::SmallVector<double> extents; ///< per letter, at least 1
  llvm::SmallVector<llvm::SmallVector<unsigned>> operands;
  llvm::SmallVector<unsigned> output;
  /// Per operand, the share of entries that are stored; empty: all are dense.
  llvm::SmallVector<double> density;
  /// Whether every step's result stores all its entries.
  bool denseResults = false;
  /// Letters that may not be sliced.
  llvm::SmallVector<unsigned> whole;
};

/// Contracts two tensors. Numbers count the operands first and then the results
/// of the steps before.
struct ContractionStep {
  unsigned lhs, rhs;
};

struct ContractionOrder {
  llvm::SmallVector<ContractionStep> steps; ///< one fewer than operands
  /// Multiplications of all steps together, over all slices.
  double flops = 0;
  /// Entries of the largest result of a step, of one slice.
  double largest = 0;
  /// Letters that are fixed to one index at a time; all steps run once for each
  /// setting of them and the results are added up or laid side by side.
  llvm::SmallVector<unsigned> sliced;
  /// How it was found: "as written", "chain", "subsets", "greedy", "annealed".
  llvm::StringRef method;
  /// Whether no order costs less (of orders without slices).
  bool optimal = false;
};

/// How much searching is worth; a network of 100 tensors takes about 1 ms with
/// Least, 10 ms with Quick and 1 s with Thorough on one Zen 5 core.
enum class OrderEffort { Least, Quick, Thorough };

struct OrderOptions {
  OrderEffort effort = OrderEffort::Quick;
  /// No step's result may have more entries, if slicing can help it.
  double mostEntries = std::numeric_limits<double>::infinity();
  /// Of a path of tensors, joins neighbours only, also where the order written
  /// is as cheap and does not.
  bool neighbours = false;
  uint64_t seed = 1;
};

/// The cheapest order found, never costlier than the one written.
ContractionOrder orderContractions(const ContractionNetwork &network,
                                   const OrderOptions &options = {});

/// The letters of the operands, then of what each step makes: those that other
/// tensors or the output still need.
std::vector<llvm::SmallVector<unsigned>>
lettersOf(const ContractionNetwork &network, const ContractionOrder &order);

/// Stored entries of the operands, then of what each step makes, of one slice;
/// of sparse ones as expected where entries lie anywhere.
std::vector<double> entriesOf(const ContractionNetwork &network,
                              const ContractionOrder &order);

/// Puts the steps in the order, of those that make the same results, that has
/// the fewest entries alive at once, and returns how many: results of steps,
/// the last among them, of one slice. After the orders of Sethi and Ullman's
/// register allocation (J. ACM 17, 1970).
double arrangeSteps(const ContractionNetwork &network, ContractionOrder &order);

/// The first with the second, the result with the third and so on.
ContractionOrder orderAsWritten(const ContractionNetwork &network);

/// Flops and largest result of `order`, from its steps and sliced letters.
void priceOrder(const ContractionNetwork &network, ContractionOrder &order);

} // namespace mlir::noodle

#endif // NOODLE_ALGEBRA_CONTRACTIONORDER_H
