// A function of stored entries keeps their places: these are copied, and nothing
// is inserted one by one.
// REQUIRES: noodle-jit
// DEFINE: %{run} = noodle-jit %s --check --strict --arg %S/Inputs/c55.mtx
// RUN: noodle-jit %s -e rows --emit=scheduled | FileCheck %s --check-prefix=LOOPS
// RUN: %{run} -e rows | FileCheck %s
// RUN: %{run} -e columns | FileCheck %s --check-prefix=COLUMNS
// RUN: %{run} -e chain --arg 3.0 | FileCheck %s
// RUN: %{run} -e wide | FileCheck %s
// RUN: %{run} -e twice | FileCheck %s --check-prefix=TWICE
// RUN: noodle-jit %s -e empty --check --strict | FileCheck %s --check-prefix=EMPTY
// LOOPS-LABEL: func.func @rows
// LOOPS-NOT: memref.realloc
// LOOPS: scf.parallel
// LOOPS: noodle.copy_run
// LOOPS: noodle.copy_run
// LOOPS: memref.store {{.*}} memref<?xi1>
// LOOPS-NOT: memref.realloc
// LOOPS-LABEL: func.func @columns
// CHECK: csr tensor<5x5xi1>
// COLUMNS: csc tensor<5x5xi1>
// TWICE: csr tensor<5x5xf64>
// TWICE: csr tensor<5x5xi1>
// EMPTY: csr tensor<0x4xi1>, 0 stored

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed), posWidth = 32, crdWidth = 32}>
#wide = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
!r = tensor<?x?xf64, #csr>
!b = tensor<?x?xi1, #csr>

func.func @rows(%a: !r) -> !b {
  %e = noodle.map (%a) {over = #noodle.over<stored>} : (!r) -> !b {
  ^bb0(%v: f64):
    %one = arith.constant 1.0 : f64
    %t = arith.cmpf ogt, %v, %one : f64
    noodle.yield %t : i1
  }
  return %e : !b
}
func.func @columns(%a: tensor<?x?xf64, #csc>) -> tensor<?x?xi1, #csc> {
  %e = noodle.map (%a) {over = #noodle.over<stored>} : (tensor<?x?xf64, #csc>) -> tensor<?x?xi1, #csc> {
  ^bb0(%v: f64):
    %t = arith.constant true
    noodle.yield %t : i1
  }
  return %e : tensor<?x?xi1, #csc>
}
func.func @chain(%a: !r, %k: f64) -> !b {
  %m = noodle.map (%a, %k) {over = #noodle.over<stored>} : (!r, f64) -> !r {
  ^bb0(%v: f64, %by: f64):
    %t = arith.mulf %v, %by : f64
    noodle.yield %t : f64
  }
  %e = noodle.map (%m) {over = #noodle.over<stored>} : (!r) -> !b {
  ^bb0(%v: f64):
    %two = arith.constant 2.0 : f64
    %t = arith.cmpf ogt, %v, %two : f64
    noodle.yield %t : i1
  }
  return %e : !b
}
func.func @wide(%a: tensor<?x?xf64, #wide>) -> tensor<?x?xi1, #wide> {
  %e = noodle.map (%a) {over = #noodle.over<stored>} : (tensor<?x?xf64, #wide>) -> tensor<?x?xi1, #wide> {
  ^bb0(%v: f64):
    %t = arith.constant false
    noodle.yield %t : i1
  }
  return %e : tensor<?x?xi1, #wide>
}
func.func @twice(%a: !r) -> (!r, !b) {
  %m = noodle.map (%a) {over = #noodle.over<stored>} : (!r) -> !r {
  ^bb0(%v: f64):
    %t = arith.addf %v, %v : f64
    noodle.yield %t : f64
  }
  %e = noodle.map (%m) {over = #noodle.over<stored>} : (!r) -> !b {
  ^bb0(%v: f64):
    %two = arith.constant 2.0 : f64
    %t = arith.cmpf ogt, %v, %two : f64
    noodle.yield %t : i1
  }
  return %m, %e : !r, !b
}
func.func @empty() -> tensor<0x4xi1, #csr> {
  %a = arith.constant dense<0.0> : tensor<0x4xf64>
  %s = noodle.convert %a : tensor<0x4xf64> -> tensor<0x4xf64, #csr>
  %e = noodle.map (%s) {over = #noodle.over<stored>} : (tensor<0x4xf64, #csr>) -> tensor<0x4xi1, #csr> {
  ^bb0(%v: f64):
    %t = arith.constant true
    noodle.yield %t : i1
  }
  return %e : tensor<0x4xi1, #csr>
}
