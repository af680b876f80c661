// Rows of more than four entries, whose sums are lanes of a vector, beside the
// interpreter: over semirings and types, with NaN and infinities among what is
// multiplied, with something done to what is summed, and added to what there is.
// REQUIRES: noodle-jit
// DEFINE: %{run} = noodle-jit %s --check --strict --arg %S/Inputs/pattern.mtx --arg rand:3:40
// RUN: %{run} -e floats | FileCheck %s
// RUN: %{run} -e floats --threads 3 | FileCheck %s
// RUN: %{run} -e special | FileCheck %s
// RUN: %{run} -e narrow | FileCheck %s
// RUN: %{run} -e integers | FileCheck %s --check-prefix=INTEGERS
// CHECK-COUNT-4: tensor<20xf
// INTEGERS: tensor<20xi64>
// INTEGERS: tensor<20xi32>
// INTEGERS: tensor<20xi8>
// INTEGERS: tensor<20xi1>

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
!a = tensor<?x?xf64, #csr>
!v = tensor<?xf64>

func.func @floats(%a: !a, %x: !v) -> (!v, !v, !v, !v) {
  %y0 = noodle.matmul %a, %x {semiring = #noodle.semiring<plus_times>} : !a, !v -> !v
  %y1 = noodle.matmul %a, %x {semiring = #noodle.semiring<min_plus>} : !a, !v -> !v
  %y2 = noodle.matmul %a, %x {semiring = #noodle.semiring<max_plus>} : !a, !v -> !v
  %z = noodle.contract "ij,j->i" (%a, %x) into (%y0 : !v) {semiring = #noodle.semiring<max_plus>} : (!a, !v) -> !v
  %t = noodle.map (%z) : (!v) -> !v {
  ^bb0(%e: f64):
    %h = arith.constant 0.5 : f64
    %m = arith.mulf %e, %h : f64
    noodle.yield %m : f64
  }
  return %y0, %y1, %y2, %t : !v, !v, !v, !v
}
// Some elements are infinite, some not a number.
func.func @special(%a: !a, %x: !v) -> (!v, !v, !v, !v) {
  %s = noodle.map (%x) : (!v) -> !v {
  ^bb0(%e: f64):
    %zero = arith.constant 0.0 : f64
    %low = arith.constant 0.02 : f64
    %high = arith.constant 0.9 : f64
    %one = arith.constant 1.0 : f64
    %none = arith.divf %zero, %zero : f64
    %much = arith.divf %one, %zero : f64
    %isLow = arith.cmpf olt, %e, %low : f64
    %isHigh = arith.cmpf ogt, %e, %high : f64
    %p = arith.select %isLow, %none, %e : f64
    %q = arith.select %isHigh, %much, %p : f64
    noodle.yield %q : f64
  }
  %y0 = noodle.matmul %a, %s {semiring = #noodle.semiring<plus_times>} : !a, !v -> !v
  %y1 = noodle.matmul %a, %s {semiring = #noodle.semiring<min_plus>} : !a, !v -> !v
  %y2 = noodle.matmul %a, %s {semiring = #noodle.semiring<max_plus>} : !a, !v -> !v
  %z = noodle.contract "ij,j->i" (%a, %s) into (%y1 : !v) {semiring = #noodle.semiring<min_plus>} : (!a, !v) -> !v
  return %y0, %y1, %y2, %z : !v, !v, !v, !v
}
func.func @narrow(%a: !a, %x: !v) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf64>, tensor<?xf32>) {
  %b = noodle.convert %a : !a -> tensor<?x?xf32, #csr>
  %w = noodle.convert %x : !v -> tensor<?xf32>
  %y0 = noodle.matmul %b, %w : tensor<?x?xf32, #csr>, tensor<?xf32> -> tensor<?xf32>
  %y1 = noodle.matmul %b, %w {semiring = #noodle.semiring<min_plus>} : tensor<?x?xf32, #csr>, tensor<?xf32> -> tensor<?xf32>
  %y2 = noodle.contract "ij,j->i" (%a, %x) {semiring = #noodle.semiring<max_times>} : (!a, !v) -> !v
  %y3 = noodle.contract "ij,ij,j->i" (%b, %b, %w) : (tensor<?x?xf32, #csr>, tensor<?x?xf32, #csr>, tensor<?xf32>) -> tensor<?xf32>
  return %y0, %y1, %y2, %y3 : tensor<?xf32>, tensor<?xf32>, tensor<?xf64>, tensor<?xf32>
}
func.func @integers(%a: !a, %x: !v) -> (tensor<?xi64>, tensor<?xi32>, tensor<?xi8>, tensor<?xi1>) {
  %big = noodle.map (%x) : (!v) -> !v {
  ^bb0(%e: f64):
    %c = arith.constant 9.0 : f64
    %m = arith.mulf %e, %c : f64
    noodle.yield %m : f64
  }
  %a0 = noodle.convert %a : !a -> tensor<?x?xi64, #csr>
  %x0 = noodle.convert %big : !v -> tensor<?xi64>
  %y0 = noodle.matmul %a0, %x0 {semiring = #noodle.semiring<min_plus>} : tensor<?x?xi64, #csr>, tensor<?xi64> -> tensor<?xi64>
  %a1 = noodle.convert %a : !a -> tensor<?x?xi32, #csr>
  %x1 = noodle.convert %big : !v -> tensor<?xi32>
  %y1 = noodle.matmul %a1, %x1 : tensor<?x?xi32, #csr>, tensor<?xi32> -> tensor<?xi32>
  %a2 = noodle.convert %a : !a -> tensor<?x?xi8, #csr>
  %x2 = noodle.convert %big : !v -> tensor<?xi8>
  %y2 = noodle.matmul %a2, %x2 {semiring = #noodle.semiring<max_plus>} : tensor<?x?xi8, #csr>, tensor<?xi8> -> tensor<?xi8>
  %a3 = noodle.convert %a : !a -> tensor<?x?xi1, #csr>
  %x3 = noodle.convert %big : !v -> tensor<?xi1>
  %y3 = noodle.matmul %a3, %x3 {semiring = #noodle.semiring<or_and>} : tensor<?x?xi1, #csr>, tensor<?xi1> -> tensor<?xi1>
  return %y0, %y1, %y2, %y3 : tensor<?xi64>, tensor<?xi32>, tensor<?xi8>, tensor<?xi1>
}
