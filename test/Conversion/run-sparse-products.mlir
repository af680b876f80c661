// Every form of noodle.sparse_product, executed beside the interpreter, on one
// thread and on several; --strict refuses an op that has no compiled form.
// REQUIRES: noodle-jit
// DEFINE: %{threads} =
// DEFINE: %{run} = noodle-jit %s --check --strict --threads %{threads}
// REDEFINE: %{threads} = 1
// RUN: %{run} -e mul --arg %S/Inputs/a34.mtx --arg %S/Inputs/b45.mtx | FileCheck %s
// RUN: %{run} -e masked --arg %S/Inputs/a34.mtx --arg %S/Inputs/b45.mtx --arg %S/Inputs/m35.mtx | FileCheck %s
// RUN: %{run} -e totals --arg %S/Inputs/a34.mtx --arg %S/Inputs/b45.mtx --arg %S/Inputs/m35.mtx | FileCheck %s --check-prefix=TOTAL
// RUN: %{run} -e triangles --arg %S/Inputs/c55.mtx | FileCheck %s --check-prefix=TOTAL
// RUN: %{run} -e sampled --arg %S/Inputs/m35.mtx --arg rand:1:3x7 --arg rand:2:5x7 --arg rand:3:7x5 | FileCheck %s
// RUN: %{run} -e sampled --arg %S/Inputs/m35.mtx --arg rand:1:3x33 --arg rand:2:5x33 --arg rand:3:33x5 | FileCheck %s
// No terms, no entries: not the zeros of the semiring.
// RUN: %{run} -e sampled --arg %S/Inputs/m35.mtx --arg zeros:3x0 --arg zeros:5x0 --arg zeros:0x5 | FileCheck %s --check-prefix=EMPTY
// RUN: %{run} -e user --arg %S/Inputs/a34.mtx --arg %S/Inputs/b45.mtx --arg %S/Inputs/m35.mtx | FileCheck %s
// RUN: %{run} -e narrow --arg %S/Inputs/a34.mtx --arg %S/Inputs/b45.mtx --arg %S/Inputs/m35.mtx | FileCheck %s
// REDEFINE: %{threads} = 3
// RUN: %{run} -e masked --arg %S/Inputs/a34.mtx --arg %S/Inputs/b45.mtx --arg %S/Inputs/m35.mtx | FileCheck %s
// CHECK: cs{{[rc]}} tensor<3x5x{{.*}} stored
// TOTAL: tensor<
// EMPTY: csr tensor<3x5xf64>, 0 stored
// EMPTY: csr tensor<3x5xf64>, 0 stored
// EMPTY: csc tensor<3x5xf64>, 0 stored

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
!a = tensor<?x?xf64, #csr>
!c = tensor<?x?xf64, #csc>

func.func @mul(%a: !a, %b: !a) -> (!a, !c) {
  %y = noodle.matmul %a, %b : !a, !a -> !a
  %z = noodle.matmul %a, %b {semiring = #noodle.semiring<min_plus>} : !a, !a -> !c
  return %y, %z : !a, !c
}
func.func @masked(%a: !a, %b: !a, %m: !a) -> (!a, !a, !a, !a) {
  %y = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : !a) : (!a, !a) -> !a
  %v = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : !a) {mask_valued} : (!a, !a) -> !a
  %z = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : !a) {mask_complement, semiring = #noodle.semiring<max_plus>} : (!a, !a) -> !a
  %w = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : !a) {mask_complement, mask_valued} : (!a, !a) -> !a
  return %y, %v, %z, %w : !a, !a, !a, !a
}
func.func @totals(%a: !a, %b: !a, %m: !a) -> (tensor<f64>, tensor<?xf64>, tensor<?xf64>, !a) {
  %y = noodle.contract "ij,jk,ik->" (%a, %b, %m) : (!a, !a, !a) -> tensor<f64>
  %v = noodle.contract "ij,jk,ik->i" (%a, %b, %m) : (!a, !a, !a) -> tensor<?xf64>
  %w = noodle.contract "ij,jk,ik->k" (%a, %b, %m) {semiring = #noodle.semiring<min_plus>} : (!a, !a, !a) -> tensor<?xf64>
  %x = noodle.contract "ij,jk,ik->ik" (%a, %b, %m) : (!a, !a, !a) -> !a
  return %y, %v, %w, %x : tensor<f64>, tensor<?xf64>, tensor<?xf64>, !a
}
func.func @triangles(%l: tensor<?x?xf64, #csr>) -> tensor<f64> {
  %y = noodle.contract "ij,ik,jk->" (%l, %l, %l) : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<f64>
  return %y : tensor<f64>
}
func.func @sampled(%s: !a, %u: tensor<?x?xf64>, %v: tensor<?x?xf64>, %t: tensor<?x?xf64>) -> (!a, !a, !c) {
  %y = noodle.contract "ij,ik,jk->ij" (%s, %u, %v) : (!a, tensor<?x?xf64>, tensor<?x?xf64>) -> !a
  %z = noodle.contract "ik,kj->ij" (%u, %t) mask(%s : !a) {semiring = #noodle.semiring<max_plus>} : (tensor<?x?xf64>, tensor<?x?xf64>) -> !a
  %w = noodle.contract "ij,ik,jk->ij" (%s, %u, %v) {semiring = #noodle.semiring<min_plus>} : (!a, tensor<?x?xf64>, tensor<?x?xf64>) -> !c
  return %y, %z, %w : !a, !a, !c
}
noodle.semiring @bottleneck : f64
  traits <associative, distributive, annihilating>
  zero {
    %z = arith.constant 0xFFF0000000000000 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 0x7FF0000000000000 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    %m = arith.maximumf %a, %b : f64
    noodle.yield %m : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    %m = arith.minimumf %a, %b : f64
    noodle.yield %m : f64
  }
func.func @user(%a: !a, %b: !a, %m: !a) -> (!a, !a) {
  %y = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : !a) {semiring = #noodle.semiring<@bottleneck>} : (!a, !a) -> !a
  %z = noodle.contract "ij,jk,ik->ik" (%a, %b, %m) {semiring = #noodle.semiring<@bottleneck>} : (!a, !a, !a) -> !a
  return %y, %z : !a, !a
}
!f = tensor<?x?xf32, #csr>
func.func @narrow(%a: !f, %b: !f, %m: !f) -> (!f, tensor<?xf32>) {
  %y = noodle.contract "ij,jk,ik->ik" (%a, %b, %m) {accumulator = f64} : (!f, !f, !f) -> !f
  %v = noodle.contract "ij,jk,ik->i" (%a, %b, %m) {accumulator = f64} : (!f, !f, !f) -> tensor<?xf32>
  return %y, %v : !f, tensor<?xf32>
}
