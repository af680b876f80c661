// RUN: noodle-opt %s | noodle-opt | FileCheck %s
// RUN: noodle-opt %s --mlir-print-op-generic | noodle-opt | FileCheck %s
// RUN: noodle-opt %s --emit-bytecode | noodle-opt | FileCheck %s

// The examples of the ops on stored entries.

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>

// CHECK-LABEL: func.func @merge
// CHECK: noodle.merge union{{ ?}}(%{{.*}}, %{{.*}}) {absent = 0x7FF0000000000000 : f64} : (tensor<?x?xf64, #{{.*}}>, tensor<?x?xf64, #{{.*}}>) -> tensor<?x?xf64, #{{.*}}> {
// CHECK: noodle.entry %{{.*}} : f64
// CHECK: noodle.merge intersection{{ ?}}(
func.func @merge(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csr>) -> (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) {
  %c = noodle.merge union (%a, %b) {absent = 0x7FF0000000000000 : f64}
    : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr> {
  ^bb0(%x: f64, %y: f64):
    %m = arith.minimumf %x, %y : f64
    noodle.entry %m : f64
  }
  %d = noodle.merge intersection (%a, %c) : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr> {
  ^bb0(%x: f64, %y: f64):
    %m = arith.mulf %x, %y : f64
    noodle.entry %m : f64
  }
  return %c, %d : tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>
}

// CHECK-LABEL: func.func @select
// CHECK: noodle.select{{ ?}}(%{{.*}}) {diagonal = -1 : i64, part = "lower"} :
// CHECK: noodle.select{{ ?}}(%{{.*}}, %{{.*}}) :
// CHECK: noodle.keep %
func.func @select(%a: tensor<?x?xf64, #csr>, %least: f64) -> (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) {
  %l = noodle.select (%a) {part = "lower", diagonal = -1 : i64}
    : (tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr>
  %t = noodle.select (%a, %least) : (tensor<?x?xf64, #csr>, f64) -> tensor<?x?xf64, #csr> {
  ^bb0(%value: f64, %row: i64, %column: i64, %bound: f64):
    %keep = arith.cmpf oge, %value, %bound : f64
    noodle.keep %keep
  }
  return %l, %t : tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>
}

// CHECK-LABEL: func.func @kron
// CHECK: noodle.kron %{{.*}}, %{{.*}} {semiring = #noodle.semiring<max_plus>} :
func.func @kron(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr> {
  %k = noodle.kron %a, %b {semiring = #noodle.semiring<max_plus>}
    : tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csr>
  return %k : tensor<?x?xf64, #csr>
}

// CHECK-LABEL: func.func @submatrices
// CHECK: noodle.extract %{{.*}} rows(%{{.*}} : tensor<?xi64>) columns(%{{.*}} : tensor<?xi64>) :
// CHECK: noodle.assign %{{.*}} into %{{.*}} rows(%{{.*}} : tensor<?xi64>) columns(%{{.*}} : tensor<?xi64>) :
func.func @submatrices(%a: tensor<?x?xf64, #csr>, %i: tensor<?xi64>, %j: tensor<?xi64>) -> tensor<?x?xf64, #csr> {
  %s = noodle.extract %a rows(%i : tensor<?xi64>) columns(%j : tensor<?xi64>)
    : tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csr>
  %r = noodle.assign %s into %a rows(%i : tensor<?xi64>) columns(%j : tensor<?xi64>)
    : tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>
  return %r : tensor<?x?xf64, #csr>
}

// CHECK-LABEL: func.func @storage
// CHECK: noodle.transpose_storage %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : memref<?xi32>
func.func @storage(%m: index, %n: index, %p: memref<?xi32>, %c: memref<?xi32>, %v: memref<?xf64>, %q: memref<?xi32>, %d: memref<?xi32>, %w: memref<?xf64>) {
  noodle.transpose_storage %m, %n, %p, %c, %v, %q, %d, %w
    : memref<?xi32>, memref<?xi32>, memref<?xf64>, memref<?xi32>, memref<?xi32>, memref<?xf64>
  return
}

// CHECK-LABEL: func.func @run
// CHECK: noodle.copy_run %{{.*}}[%{{.*}}] to %{{.*}}[%{{.*}}], %{{.*}} : memref<?xf64>, memref<?xf64>
func.func @run(%v: memref<?xf64>, %w: memref<?xf64>, %from: index, %to: index, %count: index) {
  noodle.copy_run %v[%from] to %w[%to], %count : memref<?xf64>, memref<?xf64>
  return
}

// CHECK-LABEL: func.func @clear
// CHECK: noodle.clear_run %{{.*}}, %{{.*}} : memref<?xi32>
func.func @clear(%v: memref<?xi32>, %count: index) {
  noodle.clear_run %v, %count : memref<?xi32>
  return
}
