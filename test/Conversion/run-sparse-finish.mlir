// What a map does to each entry of a sparse product is done as the entry is
// finished: one pass and no second matrix. Not so where the product itself is
// wanted too, or where the map asks for a value from outside.
// REQUIRES: noodle-jit
// DEFINE: %{run} = noodle-jit %s --check --strict --arg %S/Inputs/c55.mtx
// RUN: noodle-jit %s -e layer --emit=scheduled | FileCheck %s --check-prefix=FUSED
// RUN: %{run} -e layer | FileCheck %s
// RUN: %{run} -e masked | FileCheck %s --check-prefix=MASKED
// RUN: %{run} -e both | FileCheck %s --check-prefix=BOTH
// RUN: %{run} -e scaled --arg 3.0 | FileCheck %s
// RUN: noodle-jit %s -e sampled --check --strict --arg %S/Inputs/c55.mtx --arg rand:1:5x3 | FileCheck %s --check-prefix=MASKED
// FUSED-LABEL: func.func @layer
// FUSED-NOT: noodle.copy_run
// FUSED: arith.minimumf
// FUSED-NOT: noodle.copy_run
// FUSED-LABEL: func.func @masked
// FUSED-NOT: noodle.copy_run
// FUSED: math.absf
// FUSED-NOT: noodle.copy_run
// FUSED-LABEL: func.func @both
// FUSED: noodle.copy_run
// CHECK: csr tensor<5x5xf64>, 17 stored
// MASKED: csr tensor<5x5xf64>
// BOTH: csr tensor<5x5xf64>, 17 stored
// BOTH: csr tensor<5x5xf64>, 17 stored

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
!a = tensor<?x?xf64, #csr>

func.func @layer(%a: !a) -> !a {
  %p = noodle.matmul %a, %a : !a, !a -> !a
  %r = noodle.map (%p) {over = #noodle.over<stored>} : (!a) -> !a {
  ^bb0(%v: f64):
    %bias = arith.constant -0.3 : f64
    %most = arith.constant 2.0 : f64
    %s = arith.addf %v, %bias : f64
    %m = arith.minimumf %s, %most : f64
    noodle.yield %m : f64
  }
  return %r : !a
}
func.func @masked(%a: !a) -> !a {
  %p = noodle.contract "ij,jk->ik" (%a, %a) mask(%a : !a) : (!a, !a) -> !a
  %r = noodle.map (%p) {over = #noodle.over<stored>} : (!a) -> !a {
  ^bb0(%v: f64):
    %s = math.absf %v : f64
    noodle.yield %s : f64
  }
  return %r : !a
}
func.func @both(%a: !a) -> (!a, !a) {
  %p = noodle.matmul %a, %a : !a, !a -> !a
  %r = noodle.map (%p) {over = #noodle.over<stored>} : (!a) -> !a {
  ^bb0(%v: f64):
    %s = arith.mulf %v, %v : f64
    noodle.yield %s : f64
  }
  return %p, %r : !a, !a
}
func.func @scaled(%a: !a, %by: f64) -> !a {
  %p = noodle.matmul %a, %a : !a, !a -> !a
  %r = noodle.map (%p, %by) {over = #noodle.over<stored>} : (!a, f64) -> !a {
  ^bb0(%v: f64, %b: f64):
    %s = arith.mulf %v, %b : f64
    noodle.yield %s : f64
  }
  return %r : !a
}
func.func @sampled(%a: !a, %x: tensor<?x?xf64>) -> !a {
  %p = noodle.contract "ij,ik,jk->ij" (%a, %x, %x) : (!a, tensor<?x?xf64>, tensor<?x?xf64>) -> !a
  %r = noodle.map (%p) {over = #noodle.over<stored>} : (!a) -> !a {
  ^bb0(%v: f64):
    %s = arith.subf %v, %v : f64
    noodle.yield %s : f64
  }
  return %r : !a
}
