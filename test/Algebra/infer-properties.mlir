// RUN: noodle-opt %s --noodle-infer-properties | FileCheck %s

// CHECK-LABEL: @triangles
func.func @triangles(%a: tensor<4x4xf64>, %b: tensor<4x4xf64>) -> tensor<4x4xf64> {
  // CHECK: noodle.assume %arg0 {noodle.properties = "lower, unit_diag, nonsingular"
  %l = noodle.assume %a {props = ["lower", "unit_diag"]} : tensor<4x4xf64>
  // CHECK: noodle.assume %arg1 {noodle.properties = "lower, nonneg"
  %m = noodle.assume %b {props = ["lower", "nonneg"]} : tensor<4x4xf64>
  // CHECK: noodle.contract "ij,jk->ik"{{.*}}noodle.properties = "lower"}
  %p = noodle.contract "ij,jk->ik" (%l, %m) : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
  // The product with a transposed triangle is none.
  // CHECK: noodle.contract "ij,kj->ik"(%0, %1) : (
  %q = noodle.contract "ij,kj->ik" (%l, %m) : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
  // A^T A.
  // CHECK: noodle.contract "ji,jk->ik"{{.*}}noodle.properties = "symmetric"}
  %s = noodle.contract "ji,jk->ik" (%q, %q) : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
  // CHECK: noodle.contract "ij,jk->ik"(%{{.*}}, %{{.*}}) : (
  %t = noodle.contract "ij,jk->ik" (%q, %q) : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
  // CHECK: noodle.transpose {{.*}}noodle.properties = "upper, unit_diag, nonsingular"
  %u = noodle.transpose %l {permutation = array<i64: 1, 0>} : tensor<4x4xf64> -> tensor<4x4xf64>
  // CHECK: noodle.solve {{.*}}noodle.properties = "upper, unit_diag, nonsingular"
  %i = noodle.solve %u : tensor<4x4xf64> -> tensor<4x4xf64>
  // Lower and upper: a sum is neither.
  // CHECK: noodle.map (%{{.*}}, %{{.*}}) : (
  %v = noodle.map (%l, %i) : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64> {
  ^bb0(%x: f64, %y: f64):
    %z = arith.addf %x, %y : f64
    noodle.yield %z : f64
  }
  return %v : tensor<4x4xf64>
}

// CHECK-LABEL: @kernels
func.func @kernels(%a: tensor<3x4xf64>, %b: tensor<4x5xf64>, %c: tensor<4x4xf64>) {
  // CHECK: noodle.properties = "row_stochastic, nonneg"
  %p = noodle.assume %a {props = ["row_stochastic"]} : tensor<3x4xf64>
  // CHECK: noodle.properties = "function, row_stochastic, nonneg"
  %f = noodle.assume %b {props = ["function"]} : tensor<4x5xf64>
  // CHECK: noodle.contract {{.*}}noodle.properties = "row_stochastic, nonneg"
  %q = noodle.contract "ij,jk->ik" (%p, %f) : (tensor<3x4xf64>, tensor<4x5xf64>) -> tensor<3x5xf64>
  // Columns are another matter.
  // CHECK: noodle.transpose {{.*}}noodle.properties = "nonneg"
  %t = noodle.transpose %p {permutation = array<i64: 1, 0>} : tensor<3x4xf64> -> tensor<4x3xf64>
  // CHECK: noodle.properties = "orthogonal, permutation, function, row_stochastic, nonneg, nonsingular"
  %s = noodle.assume %c {props = ["permutation"]} : tensor<4x4xf64>
  // CHECK: noodle.matrix_power {{.*}}noodle.properties = "orthogonal, permutation, function, row_stochastic, nonneg, nonsingular"
  %n = noodle.matrix_power %s {n = 3 : i64} : tensor<4x4xf64> -> tensor<4x4xf64>
  // Over another semiring the same entries are another matrix.
  // CHECK: noodle.matrix_power {{[^"]*}} : tensor
  %o = noodle.matrix_power %s {n = 3 : i64, semiring = #noodle.semiring<min_plus>} : tensor<4x4xf64> -> tensor<4x4xf64>
  return
}

// CHECK-LABEL: @constants
func.func @constants() {
  // CHECK: arith.constant {noodle.properties = "diagonal, lower, upper, symmetric, nonneg"}
  %a = arith.constant dense<[[2.0, 0.0], [0.0, 3.0]]> : tensor<2x2xf64>
  // CHECK: arith.constant {noodle.properties = "symmetric, orthogonal, permutation, function, row_stochastic, nonneg, nonsingular"}
  %b = arith.constant dense<[[0, 1], [1, 0]]> : tensor<2x2xi64>
  // CHECK: noodle.kron {{.*}}noodle.properties = "lower"
  %c = arith.constant dense<[[2.0, 0.0], [-1.0, 3.0]]> : tensor<2x2xf64>
  %k = noodle.kron %a, %c : tensor<2x2xf64>, tensor<2x2xf64> -> tensor<4x4xf64>
  return
}
