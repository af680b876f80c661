// RUN: noodle-opt %s --noodle-elaborate --split-input-file | FileCheck %s

// A product becomes a contraction; ops are numbered in program order; the
// signature is noted.
// CHECK-LABEL: func.func @matmul
// CHECK-SAME: noodle.signature = (tensor<4x5xf32>, tensor<5xf32>) -> tensor<4xf32>
func.func @matmul(%a: tensor<4x5xf32>, %x: tensor<5xf32>) -> tensor<4xf32> {
  // CHECK: noodle.contract "mk,k->m"(%{{.*}}, %{{.*}}) {noodle.site = 0 : i64}
  %c = noodle.matmul %a, %x : tensor<4x5xf32>, tensor<5xf32> -> tensor<4xf32>
  // CHECK: noodle.softmax {{.*}}noodle.site = 1 : i64
  %s = noodle.softmax %c {axis = 0 : i64} : tensor<4xf32>
  return %s : tensor<4xf32>
}

// -----

// A static 1 does not broadcast along the inner dimension of a product.
// CHECK-LABEL: func.func @inner
// CHECK: %[[N:.*]] = tensor.dim %arg1
// CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[N]]
// CHECK: noodle.check %[[SAME]], "the inner extents disagree" {status = 3 : i32}
// CHECK: noodle.contract
func.func @inner(%a: tensor<4x1xf32>, %x: tensor<?xf32>) -> tensor<4xf32> {
  %c = noodle.matmul %a, %x : tensor<4x1xf32>, tensor<?xf32> -> tensor<4xf32>
  return %c : tensor<4xf32>
}

// -----

// A named function becomes the map's body.
func.func private @twice(%a: f32) -> f32 {
  %b = arith.addf %a, %a : f32
  return %b : f32
}
// CHECK-LABEL: func.func @map
// CHECK: noodle.map (%arg0) {noodle.site = 0 : i64}
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32):
// CHECK-NEXT: %[[B:.*]] = arith.addf %[[A]], %[[A]]
// CHECK-NEXT: noodle.yield %[[B]]
func.func @map(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = noodle.map @twice (%x) : (tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// Loops can be ended from outside.
// CHECK-LABEL: func.func @loops
// CHECK: scf.for
// CHECK-NEXT: noodle.poll
// CHECK: scf.while
// CHECK-NEXT: noodle.poll
// CHECK-NOT: noodle.poll
func.func @loops(%n: index, %x: f64) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f64
  %s = scf.for %i = %c0 to %n step %c1 iter_args(%s = %x) -> f64 {
    %t = arith.addf %s, %one : f64
    scf.yield %t : f64
  }
  %w = scf.while (%v = %s) : (f64) -> f64 {
    %more = arith.cmpf ogt, %v, %one : f64
    scf.condition(%more) %v : f64
  } do {
  ^bb0(%v: f64):
    %t = arith.subf %v, %one : f64
    scf.yield %t : f64
  }
  return %w : f64
}
