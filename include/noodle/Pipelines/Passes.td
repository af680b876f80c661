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

def NoodleWhenPresentPass
    : Pass<"noodle-when-present", "::mlir::ModuleOp"> {
  let summary = "run passes on modules that have ops for them";
  let description = [{
    Runs the pipelines if the module has an op that is named, or of a dialect
    that is named. A name after `-` is of an op that does not count, a dialect
    after `!` is of a type that does. A greedy rewrite that finds nothing walks a
    module several times and takes 0.1 to 0.5 ms; asking takes one walk.

    Precondition: any module. Postcondition: that of the pipelines.

    Example: with `ops=math,-math.fma passes=builtin.module(noodle-expand-math)`
    a module with

    ```mlir
    %y = math.fma %a, %b, %c : f32
    ```

    and no other op of `math` is left as it is.
  }];
  let options = [
    ListOption<"ops", "ops", "std::string", "ops and dialects to look for">,
    ListOption<"passes", "passes", "OpPassManager",
               "pipelines on the module, such as builtin.module(cse)">];
}

#endif // NOODLE_PIPELINES_PASSES
