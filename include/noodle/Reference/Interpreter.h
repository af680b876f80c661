//===- Interpreter.h - the reference interpreter --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Naive index loops over every noodle op: the definition of their meaning, the
// oracle of differential tests, and the last fallback of the engine.
//
// Sums are formed in index order: the letters of a contraction that are summed
// over nest in order of first appearance, each runs upwards, and the sum begins
// with the semiring's zero. Floats are rounded to their type after every
// operation; those of f16 and bf16 are f32's, so they are rounded to that
// first. Functions of the math dialect are computed by libm in double. Where
// arith leaves a result open (poison), a shift by too much gives 0 and a float
// that no integer holds saturates (NaN gives 0); integers wrap whatever their
// overflow flags say. Undefined behaviour, such as a division by zero, ends the
// run with an Outcome.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_REFERENCE_INTERPRETER_H
#define NOODLE_REFERENCE_INTERPRETER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "noodle-rt/abi.h"
#include "noodle-rt/narrow.h"
#include <complex>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace mlir::noodle::reference {

/// One element: integers of every width and index as int64 (i1 as 0 or 1,
/// others sign-extended), floats in a type of their own.
using Scalar = std::variant<int64_t, double, float, ::noodle::rt::Half,
                            ::noodle::rt::Brain, std::complex<float>,
                            std::complex<double>>;

/// A tensor by value. Dense: `values` in row-major order. Sparse (CSR, CSC):
/// `positions` and `coordinates` as in noodle_rt_tensor, widened to 64 bits.
/// Elements are kept in a buffer of the element's own type.
struct Tensor {
  noodle_rt_type type = NOODLE_RT_F64;
  noodle_rt_layout layout = NOODLE_RT_DENSE;
  std::vector<int64_t> extents;
  std::vector<std::byte> values;
  std::vector<int64_t> positions;
  std::vector<int64_t> coordinates;

  int64_t size() const; ///< number of values held
  Scalar get(int64_t k) const;
  void set(int64_t k, const Scalar &value);
};

using Value = std::variant<Scalar, Tensor>;

/// Copies a borrowed tensor or scalar in; it is taken as validated.
Value fromRuntime(const noodle_rt_tensor &tensor);

/// How an interpretation ends; `status` 0 is success.
struct Outcome {
  noodle_rt_status status = NOODLE_RT_OK;
  std::string message; ///< "file:line:col: ..." where the op has a place
  bool ok() const { return status == NOODLE_RT_OK; }
};

struct Options {
  /// Asked at every loop iteration of the program, and at least once in 1024
  /// steps inside an op; a status other than 0 ends the run.
  std::function<noodle_rt_status()> poll;
  /// Bytes of tensors alive at once; 0: no limit.
  int64_t memoryLimit = 0;
};

/// Runs `function` of its module on `arguments`. Arguments must have the
/// function's types (element type, layout, rank, static extents): a mismatch is
/// an Outcome, never undefined. Thread-compatible: the module is only read.
Outcome interpret(func::FuncOp function, std::vector<Value> arguments,
                  std::vector<Value> &results, const Options &options = {});

} // namespace mlir::noodle::reference

#endif // NOODLE_REFERENCE_INTERPRETER_H
