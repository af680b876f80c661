//===- Passes.td - how each op is executed ---------------------*- td -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_STRATEGY_PASSES
#define NOODLE_STRATEGY_PASSES

include "mlir/Pass/PassBase.td"

def NoodleSelectStrategyPass
    : Pass<"noodle-select-strategy", "::mlir::ModuleOp"> {
  let summary = "choose a strategy for every op";
  let description = [{
    Every op gets `strategy` and `noodle.why`. A strategy that the op names is
    kept where it can be had; an op without a compiled form gets `reference`.
    The module gets `noodle.sites`: for each op its text, place, strategy,
    reason, flops and bytes as sums of products of sizes.

    With `target=cuda` every op that has a kernel gets `gpu`, with
    `target=auto` those that make the program end first as predicted: kernel,
    host and transfer times for the sizes that types and `#noodle.stats` tell.
    What the host would have done is then in `noodle.fallback`, the times are in
    the reason and in `noodle.sites`.

    Precondition: elaborated ops with sites. Postcondition: no op has the
    strategy `auto`.

    Example:

    ```mlir
    %c = noodle.contract "ij,j->i" (%a, %x) {noodle.site = 0 : i64}
      : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
    ```

    gets `strategy = #noodle.strategy<sparse>, noodle.why = "operand 0 is sparse"`.
  }];
  let options = [Option<"strategy", "strategy", "std::string",
                        /*default=*/"\"auto\"",
                        "strategy of ops that name none: auto, reference, "
                        "loops, tiled, strassen, sparse, gpu or library">,
                 Option<"target", "target", "std::string",
                        /*default=*/"\"cpu\"",
                        "where ops run: cpu, cuda or auto">,
                 Option<"chip", "chip", "std::string",
                        /*default=*/"\"sm_80\"",
                        "device that predictions are for">,
                 Option<"vectorBytes", "vector-bytes", "int64_t",
                        /*default=*/"32",
                        "bytes of a vector register that predictions are for">,
                 Option<"strassenFrom", "strassen-from", "int64_t",
                        /*default=*/"0",
                        "least extent that strassen halves; 0: as measured">];
  let dependentDialects = ["::mlir::noodle::NoodleDialect"];
}

#endif // NOODLE_STRATEGY_PASSES
