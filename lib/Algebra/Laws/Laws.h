//===- Laws.h - laws that properties make true ------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One family of laws is one file. A law is tried on an op, and says whether it
// replaced it. Its number and its name are those of docs/Laws.md.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ALGEBRA_LAWS_LAWS_H
#define NOODLE_LIB_ALGEBRA_LAWS_LAWS_H

#include "noodle/Algebra/Properties.h"
#include "noodle/Cost/KnownSizes.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::noodle {

/// An extent that nothing tells: of a matrix worth compiling for. A guess.
inline constexpr double kUnknownExtent = 256;

/// What laws ask, and how they say that they fired.
class LawContext {
public:
  explicit LawContext(MLIRContext *context) : rewriter(context) {}

  IRRewriter rewriter;
  PropertyAnalysis properties;
  KnownSizes sizes;

  /// The float policy of the op's function or module.
  static FPPolicy policyOf(Operation *op);
  /// Whether products of the semiring may be grouped anew: it is associative
  /// and distributive, and exact or the policy is `reassoc`.
  enum class Regroup { Never, NeedsPolicy, Free };
  Regroup regroup(Operation *op, SemiringAttr semiring, Type element);
  bool mayRegroup(Operation *op, SemiringAttr semiring, Type element) {
    return regroup(op, semiring, element) == Regroup::Free;
  }
  /// Whether products with a zero may be left out: its zero annihilates, and
  /// what is multiplied is no float or the policy allows it (0 * inf is NaN).
  bool mayDropZeros(Operation *op, SemiringAttr semiring, Type element);
  /// An extent, an unknown one as planning counts it.
  double extent(Value tensor, int64_t d);

  /// Replaces the op; the law is noted on the result's op, or on the function
  /// where the result is an old one.
  void replace(Operation *op, Value with, int number, StringRef law);

private:
  FailureOr<Semiring> resolve(Operation *op, SemiringAttr semiring,
                              Type element);
};

/// The letters of a matrix that is an operand of a contraction.
struct MatrixOperand {
  unsigned operand;       ///< its number
  unsigned first, second; ///< letters, which differ
};

/// Builds a contraction like `op`, with other operands.
ContractOp contractLike(LawContext &context, ContractOp op,
                        const ContractSpec &spec, ValueRange inputs,
                        Value init = {});
/// The spec without the letters that nothing has any more.
ContractSpec compacted(const ContractSpec &spec);

using Law = bool (*)(Operation *, LawContext &);

// ProductLaws.cpp: products with special matrices.
bool Contract_Identity(Operation *op, LawContext &context);
bool Contract_Zero(Operation *op, LawContext &context);
bool Contract_Diagonal(Operation *op, LawContext &context);
bool Contract_Discard(Operation *op, LawContext &context);
// MaskLaws.cpp: products of which few entries are needed.
bool Contract_Mask(Operation *op, LawContext &context);
// SumLaws.cpp: traces and sums.
bool Contract_Trace(Operation *op, LawContext &context);
bool Contract_LowRank(Operation *op, LawContext &context);
// SolverLaws.cpp: inverses, closures and powers.
bool Solve_Structure(Operation *op, LawContext &context);
bool Solve_Orthogonal(Operation *op, LawContext &context);
bool Contract_Inverse(Operation *op, LawContext &context);
bool Solve_Kron(Operation *op, LawContext &context);
bool Contract_Closure(Operation *op, LawContext &context);
bool Contract_Power(Operation *op, LawContext &context);

} // namespace mlir::noodle

#endif // NOODLE_LIB_ALGEBRA_LAWS_LAWS_H
