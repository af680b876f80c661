//===- Passes.td - verifiers between the phases ----------------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_PIPELINES_PASSES
#define NOODLE_PIPELINES_PASSES

include "mlir/Pass/PassBase.td"

def NoodleVerifyBorderPass
    : Pass<"noodle-verify-border", "::mlir::ModuleOp"> {
  let summary = "refuse what may not leave a phase";
  let description = [{
    Reports the first op of each function that the named phase must not leave
    behind: an op of a dialect that later phases do not accept, a tensor where
    only buffers may be, an assertion, or a call of a symbol that
    `ir_symbols.def` does not list.

    Precondition: any module. Postcondition: the same module.

    Example: with `phase=llvm`,

    ```mlir
    llvm.func @puts(!llvm.ptr) -> i32
    ```

    is refused: kernels call only what the engine binds.
  }];
  let options = [Option<"phase", "phase", "std::string", /*default=*/"",
                        "phase whose output this is, as --emit names it">];
}

#endif // NOODLE_PIPELINES_PASSES
