// RUN: noodle-opt %s --noodle-expand-solvers | FileCheck %s

// CHECK-LABEL: @square
// CHECK: noodle.check {{.*}}"the matrix is not square"
// CHECK: noodle.contract "ij,jk->ik"(%[[A:.*]], %[[A]])
// CHECK-NOT: noodle.contract
func.func @square(%a: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %p = noodle.matrix_power %a {n = 2 : i64} : tensor<?x?xf64> -> tensor<?x?xf64>
  return %p : tensor<?x?xf64>
}

// CHECK-LABEL: @promise
// CHECK-NOT: noodle.assume
// CHECK: noodle.check {{.*}}"the matrix is singular: pivot {0} is 0"(%
// CHECK-NOT: math.absf
func.func @promise(%a: tensor<4x4xf64>, %b: tensor<4xf64>) -> tensor<4xf64> {
  %l = noodle.assume %a {props = ["lower"]} : tensor<4x4xf64>
  %u = noodle.transpose %l {permutation = array<i64: 1, 0>} : tensor<4x4xf64> -> tensor<4x4xf64>
  %x = noodle.solve %l apply(%b : tensor<4xf64>) {structure = "lower"} : tensor<4x4xf64> -> tensor<4xf64>
  return %x : tensor<4xf64>
}

// Rows are exchanged by the greatest entry.
// CHECK-LABEL: @general
// CHECK: math.absf
func.func @general(%a: tensor<4x4xf64>, %l: tensor<4x4xf64>, %b: tensor<4xf64>) -> tensor<4xf64> {
  %x = noodle.solve %l apply(%b : tensor<4xf64>) : tensor<4x4xf64> -> tensor<4xf64>
  return %x : tensor<4xf64>
}

// Products stop where nothing changes.
// CHECK-LABEL: @thin
// CHECK: scf.while
// CHECK: noodle.poll
// CHECK: noodle.contract "ij,j->i"
// CHECK: noodle.check {{.*}}"the closure diverges
func.func @thin(%a: tensor<9x9xf64>, %b: tensor<9xf64>) -> tensor<9xf64> {
  %x = noodle.closure %a apply(%b : tensor<9xf64>) {semiring = #noodle.semiring<min_plus>} : tensor<9x9xf64> -> tensor<9xf64>
  return %x : tensor<9xf64>
}
