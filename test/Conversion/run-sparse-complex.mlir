// Sparse products of complex numbers in all three forms, beside the
// interpreter; and what one is said to cost: the terms of its rows.
// REQUIRES: noodle-jit
// DEFINE: %{run} = noodle-jit %s --check --strict --arg %S/Inputs/c55.mtx --arg rand:1:5 --arg rand:2:5x3
// RUN: %{run} | FileCheck %s
// RUN: %{run} --threads 3 | FileCheck %s
// CHECK: csr tensor<5x5xcomplex<f64>>
// CHECK: tensor<5xcomplex<f64>>
// CHECK: tensor<5x3xcomplex<f64>>
// CHECK: csr tensor<5x5xcomplex<f64>>
// CHECK: csr tensor<5x5xcomplex<f64>>

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
!a = tensor<?x?xcomplex<f64>, #csr>
!r = tensor<?x?xf64, #csr>
!v = tensor<?xcomplex<f64>>
!m = tensor<?x?xcomplex<f64>>
func.func @main(%r: !r, %x: tensor<?xf64>, %w: tensor<?x?xf64>) -> (!a, !v, !m, !a, !a) {
  %turned = noodle.convert %r : !r -> !a
  %a = noodle.map (%turned) {over = #noodle.over<stored>} : (!a) -> !a {
  ^bb0(%e: complex<f64>):
    %i = complex.constant [0.5, -2.0] : complex<f64>
    %t = complex.mul %e, %i : complex<f64>
    noodle.yield %t : complex<f64>
  }
  %v = noodle.convert %x : tensor<?xf64> -> !v
  %d = noodle.convert %w : tensor<?x?xf64> -> !m
  %product = noodle.matmul %a, %a : !a, !a -> !a
  %vector = noodle.matmul %a, %v : !a, !v -> !v
  %dense = noodle.matmul %a, %d : !a, !m -> !m
  %masked = noodle.contract "ij,jk->ik" (%a, %a) mask(%a : !a) : (!a, !a) -> !a
  %sampled = noodle.contract "ij,ik,jk->ij" (%a, %d, %d) : (!a, !m, !m) -> !a
  return %product, %vector, %dense, %masked, %sampled : !a, !v, !m, !a, !a
}
