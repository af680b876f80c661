// Every form of dense ops, executed beside the interpreter; and checks that
// end the call.
// REQUIRES: noodle-jit
// DEFINE: %{run} = noodle-jit %s --check --strict
// RUN: %{run} -e contract --arg rand:1:3x4 --arg rand:2:4x5 --arg rand:3:5x6 | FileCheck %s
// RUN: %{run} --strategy loops -e contract --arg rand:1:3x4 --arg rand:2:4x5 --arg rand:3:5x6 | FileCheck %s
// RUN: %{run} -e masked --arg rand:1:3x4 --arg rand:2:4x5 --arg ones:3x5 --arg rand:3:3x5 | FileCheck %s
// RUN: %{run} -e norms --arg rand:1:7x10 --arg rand:5:10 | FileCheck %s
// RUN: %{run} -e movement --arg rand:1:5x4 --arg zeros:3 --arg rand:2:3x4 | FileCheck %s
// RUN: not %{run} -e contract --arg rand:1:3x4 --arg rand:2:3x5 --arg rand:3:5x6 2>&1 | FileCheck %s --check-prefix=SHAPE
// RUN: not %{run} -e movement --arg rand:1:0x4 --arg zeros:3 --arg rand:2:3x4 2>&1 | FileCheck %s --check-prefix=INDEX
// RUN: not %{run} -e divide --arg 7 --arg 0 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: %{run} -e divide --arg 7 --arg 2 | FileCheck %s --check-prefix=QUOTIENT
// CHECK: tensor<
// SHAPE: run-dense.mlir:[[@LINE+7]]:8: {{.*}}extents of letter 'j' disagree
// INDEX: run-dense.mlir:{{[0-9]+}}:8: {{.*}}an index is out of range for dimension 0
// ZERO: run-dense.mlir:{{[0-9]+}}:8: {{.*}}division by zero
// QUOTIENT: 3
// RUN: %{run} -e divide --arg -9223372036854775808 --arg 2 | FileCheck %s --check-prefix=LEAST
// LEAST: -4611686018427387904
func.func @contract(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xf32>) {
  %p = noodle.contract "ij,jk,kl->il" (%a, %b, %c) : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %m = noodle.contract "ij,jk->ik" (%a, %b) {semiring = #noodle.semiring<min_plus>} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %s = noodle.contract "ij,jk->k" (%a, %b) {accumulator = f64} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?xf32>
  return %p, %m, %s : tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xf32>
}

func.func @masked(%a: tensor<?x?xi32>, %b: tensor<?x?xi32>, %m: tensor<?x?xi1>, %i: tensor<?x?xi32>) -> (tensor<?x?xi32>, tensor<?x?xi32>) {
  %y = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : tensor<?x?xi1>) into(%i : tensor<?x?xi32>) {mask_valued} : (tensor<?x?xi32>, tensor<?x?xi32>) -> tensor<?x?xi32>
  %z = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : tensor<?x?xi1>) {mask_complement, mask_valued, semiring = #noodle.semiring<min_plus>} : (tensor<?x?xi32>, tensor<?x?xi32>) -> tensor<?x?xi32>
  return %y, %z : tensor<?x?xi32>, tensor<?x?xi32>
}

func.func @norms(%a: tensor<?x10xf32>, %s: tensor<10xf32>) -> (tensor<?x10xf32>, tensor<?x10xf32>) {
  %y = noodle.softmax %a {axis = 0 : i64} : tensor<?x10xf32>
  %z = noodle.layer_norm %y scale(%s : tensor<10xf32>) shift(%s : tensor<10xf32>) : tensor<?x10xf32>
  return %y, %z : tensor<?x10xf32>, tensor<?x10xf32>
}

func.func @movement(%x: tensor<?x4xf32>, %i: tensor<?xi64>, %u: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x?xf32>) {
  %g = noodle.gather %x[%i] {axis = 0 : i64} : tensor<?x4xf32>, tensor<?xi64> -> tensor<?x4xf32>
  %s = noodle.scatter %u[%i] into %x {axis = 0 : i64} : tensor<?x4xf32>, tensor<?xi64>, tensor<?x4xf32>
  %c = noodle.concat (%x, %u) {axis = 0 : i64} : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %t = noodle.transpose %c {permutation = array<i64: 1, 0>} : tensor<?x4xf32> -> tensor<4x?xf32>
  return %g, %s, %c, %t : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<4x?xf32>
}

func.func @divide(%a: i64, %b: i64) -> i64 {
  %c = arith.divsi %a, %b : i64
  return %c : i64
}
