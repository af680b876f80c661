// RUN: noodle-opt %s | noodle-opt | FileCheck %s
// RUN: noodle-opt %s --mlir-print-op-generic | noodle-opt | FileCheck %s
// RUN: noodle-opt %s --emit-bytecode | noodle-opt | FileCheck %s

// CHECK-LABEL: func.func @closure
// CHECK: noodle.closure %{{.*}} {semiring = #noodle.semiring<min_plus>} : tensor<?x?xf64> -> tensor<?x?xf64>
// CHECK: noodle.closure %{{.*}} apply(%{{.*}} : tensor<?xf64>) {semiring = #noodle.semiring<min_plus>} : tensor<?x?xf64> -> tensor<?xf64>
func.func @closure(%w: tensor<?x?xf64>, %b: tensor<?xf64>) {
  %d = noodle.closure %w {semiring = #noodle.semiring<min_plus>}
    : tensor<?x?xf64> -> tensor<?x?xf64>
  %x = noodle.closure %w apply(%b : tensor<?xf64>) {semiring = #noodle.semiring<min_plus>}
    : tensor<?x?xf64> -> tensor<?xf64>
  return
}

// CHECK-LABEL: func.func @power
// CHECK: noodle.matrix_power %{{.*}} {n = 10 : i64} : tensor<?x?xf64> -> tensor<?x?xf64>
// CHECK: noodle.matrix_power %{{.*}} to(%{{.*}}) apply(%{{.*}} : tensor<?xf64>) : tensor<?x?xf64> -> tensor<?xf64>
// CHECK: noodle.matrix_power %{{.*}} {n = 2 : i64}
func.func @power(%a: tensor<?x?xf64>, %k: i64, %b: tensor<?xf64>) {
  %p = noodle.matrix_power %a {n = 10 : i64} : tensor<?x?xf64> -> tensor<?x?xf64>
  %x = noodle.matrix_power %a to(%k) apply(%b : tensor<?xf64>)
    : tensor<?x?xf64> -> tensor<?xf64>
  %q = noodle.matrix_power %a {n = 2 : i64} : tensor<?x?xf64> -> tensor<?x?xf64>
  return
}

// CHECK-LABEL: func.func @solve
// CHECK: noodle.solve %{{.*}} apply(%{{.*}} : tensor<?xf64>) : tensor<?x?xf64> -> tensor<?xf64>
// CHECK: noodle.solve %{{.*}} {structure = "lower"} : tensor<?x?xf64> -> tensor<?x?xf64>
func.func @solve(%a: tensor<?x?xf64>, %b: tensor<?xf64>) {
  %x = noodle.solve %a apply(%b : tensor<?xf64>) : tensor<?x?xf64> -> tensor<?xf64>
  %i = noodle.solve %a {structure = "lower"} : tensor<?x?xf64> -> tensor<?x?xf64>
  return
}

// CHECK-LABEL: func.func @assume
// CHECK: noodle.assume %{{.*}} {props = ["lower", "nonsingular"]} : tensor<?x?xf64>
func.func @assume(%a: tensor<?x?xf64>) {
  %l = noodle.assume %a {props = ["lower", "nonsingular"]} : tensor<?x?xf64>
  return
}
