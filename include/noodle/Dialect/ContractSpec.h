//===- ContractSpec.h - a contraction's equation, parsed ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_CONTRACTSPEC_H
#define NOODLE_DIALECT_CONTRACTSPEC_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace mlir::noodle {

/// An einsum equation: letters are numbered in order of first appearance in
/// the output and then in the operands, so letters [0, output.size()) are the
/// output's, in order.
struct ContractSpec {
  SmallVector<std::string> letters;            ///< names
  SmallVector<SmallVector<unsigned>> operands; ///< letters of each operand
  SmallVector<unsigned> output;                ///< letters of the output

  /// Parses "ij,jk->ik" or "row0 row1, row1 row2 -> row0 row2". The output is
  /// required. Errors say what is wrong and at which character.
  static FailureOr<ContractSpec>
  parse(StringRef equation, function_ref<InFlightDiagnostic()> emitError);

  /// The equation in canonical form: letters where all names are single
  /// letters, else names separated by spaces.
  std::string str() const;

  unsigned letterCount() const { return letters.size(); }
  bool inOutput(unsigned letter) const { return letter < output.size(); }
  /// Whether some operand has the letter (else it is a free output letter).
  bool inOperands(unsigned letter) const;

  /// Static extent of every letter for these operand types and result type:
  /// ShapedType::kDynamic where unknown. Static extents of 1 give way to
  /// others. Fails through emitError where static extents disagree, naming
  /// operand and letter.
  FailureOr<SmallVector<int64_t>>
  extents(ArrayRef<RankedTensorType> operandTypes, RankedTensorType resultType,
          function_ref<InFlightDiagnostic()> emitError) const;
};

} // namespace mlir::noodle

#endif // NOODLE_DIALECT_CONTRACTSPEC_H
