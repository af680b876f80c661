// Sums along the compressed dimension beside the interpreter: small matrices,
// which are one part, and one of several parts, whose bits do not depend on the
// threads.
// REQUIRES: noodle-jit
// DEFINE: %{run} = noodle-jit %s --check --strict
// RUN: %{run} -e scatter --threads 2 --arg rand:1:30 --arg rand:2:30x41 --arg rand:3:41 --arg rand:4:41 | FileCheck %s
// RUN: %{run} -e scatter --arg rand:1:0 --arg zeros:0x4 --arg rand:3:4 --arg rand:4:4 | FileCheck %s
// RUN: %{run} -e scatter --arg rand:1:7 --arg zeros:7x0 --arg zeros:0 --arg zeros:0 | FileCheck %s
// RUN: %{run} -e scatter --arg rand:1:1 --arg rand:2:1x5 --arg rand:3:5 --arg rand:4:5 | FileCheck %s
// RUN: %{run} -e parts --threads 2 --arg rand:1:3000 --arg rand:2:3000x400 | FileCheck %s --check-prefix=PARTS
// RUN: noodle-jit %s -e parts --threads 1 --arg rand:1:3000 --arg rand:2:3000x400 --out %t.1.npy --out %t.1m.npy
// RUN: noodle-jit %s -e parts --threads 3 --arg rand:1:3000 --arg rand:2:3000x400 --out %t.3.npy --out %t.3m.npy
// RUN: cmp %t.1.npy %t.3.npy
// RUN: cmp %t.1m.npy %t.3m.npy
// CHECK-COUNT-8: tensor<
// PARTS-COUNT-2: tensor<400xf64>

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
!a = tensor<?x?xf64, #csr>
!c = tensor<?x?xf64, #csc>
!v = tensor<?xf64>
func.func @scatter(%x: !v, %a: !a, %y: !v, %init: !v) -> (!v, !v, !v, !v, !v, !v, tensor<?xf32>, !v) {
  %0 = noodle.matmul %x, %a : !v, !a -> !v
  %1 = noodle.contract "i,ij->j" (%x, %a) into(%init : !v) {semiring = #noodle.semiring<min_plus>} : (!v, !a) -> !v
  %2 = noodle.contract "i,ij->j" (%x, %a) mask(%y : !v) into(%init : !v) {mask_valued, mask_complement} : (!v, !a) -> !v
  %3 = noodle.contract "i,ij,j->j" (%x, %a, %y) {semiring = #noodle.semiring<max_times>} : (!v, !a, !v) -> !v
  %4 = noodle.reduce %a {dims = array<i64: 0>} : !a -> !v
  %t = noodle.convert %a : !a -> !c
  %5 = noodle.contract "ij,i->j" (%a, %x) {semiring = #noodle.semiring<@bottleneck>} : (!a, !v) -> !v
  %s = noodle.convert %a : !a -> tensor<?x?xf32, #csr>
  %u = noodle.convert %x : !v -> tensor<?xf32>
  %6 = noodle.matmul %u, %s : tensor<?xf32>, tensor<?x?xf32, #csr> -> tensor<?xf32>
  %7 = noodle.contract "ij,j->i" (%t, %y) {semiring = #noodle.semiring<max_plus>} : (!c, !v) -> !v
  return %0, %1, %2, %3, %4, %5, %6, %7 : !v, !v, !v, !v, !v, !v, tensor<?xf32>, !v
}
func.func @parts(%x: !v, %a: !a) -> (!v, !v) {
  %0 = noodle.matmul %x, %a : !v, !a -> !v
  %1 = noodle.matmul %x, %a {semiring = #noodle.semiring<min_plus>} : !v, !a -> !v
  return %0, %1 : !v, !v
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
