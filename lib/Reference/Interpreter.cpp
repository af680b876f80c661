//===- Interpreter.cpp - runs one function --------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

namespace mlir::noodle::reference {

/// Moves the arguments in, checked against the function's type.
static LogicalResult enter(Machine &machine, func::FuncOp function,
                           std::vector<Value> arguments,
                           SmallVectorImpl<Slot> &slots) {
  FunctionType type = function.getFunctionType();
  if (arguments.size() != type.getNumInputs())
    return machine.fail(function, NOODLE_RT_INVALID_ARGUMENT,
                        "function '" + function.getName() + "' takes " +
                            Twine(type.getNumInputs()) + " arguments, but " +
                            Twine(arguments.size()) + " are given");
  for (auto [k, argument] : llvm::enumerate(arguments)) {
    if (Scalar *scalar = std::get_if<Scalar>(&argument)) {
      slots.push_back(*scalar);
    } else {
      TensorRef tensor =
          machine.adopt(function, std::get<Tensor>(std::move(argument)));
      if (!tensor)
        return failure();
      slots.push_back(std::move(tensor));
    }
    if (failed(machine.conforms(function, slots.back(), type.getInput(k),
                                NOODLE_RT_INVALID_ARGUMENT,
                                "argument #" + Twine(k))))
      return failure();
  }
  return success();
}

Outcome interpret(func::FuncOp function, std::vector<Value> arguments,
                  std::vector<Value> &results, const Options &options) {
  Machine machine(options);
  SmallVector<Slot> slots, returned;
  results.clear();
  if (failed(enter(machine, function, std::move(arguments), slots)))
    return machine.result();
  if (failed(machine.call(function, function, slots, returned)))
    return machine.result();
  slots.clear();
  for (Slot &slot : returned) {
    if (Scalar *scalar = std::get_if<Scalar>(&slot)) {
      results.push_back(*scalar);
      continue;
    }
    TensorRef &tensor = std::get<TensorRef>(slot);
    if (tensor.use_count() == 1)
      results.push_back(std::move(*tensor));
    else
      results.push_back(*tensor);
  }
  return machine.result();
}

} // namespace mlir::noodle::reference
