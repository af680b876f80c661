// RUN: noodle-opt --pass-pipeline='builtin.module(func.func(noodle-call-blas))' %s | FileCheck %s

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#J = affine_map<(i, j, k) -> (j)>

// What the BLAS does not form, the emitter's code does.

// CHECK-LABEL: func.func @plain
func.func @plain(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %c: memref<?x?xf32>) {
  // CHECK: %[[FORMED:.*]] = noodle.blas_product lhs(%{{.*}} : memref<?x?xf32>) rhs(%{{.*}} : memref<?x?xf32>) outs(%{{.*}} : memref<?x?xf32>) {
  // CHECK-SAME: site = 3 : i64
  // CHECK: scf.if %[[FORMED]] {
  // CHECK-NEXT: } else {
  // CHECK-NEXT:   noodle.fused_contract
  // CHECK-SAME:     noodle.schedule = "tiled"
  noodle.fused_contract lhs(%a : memref<?x?xf32>) rhs(%b : memref<?x?xf32>) outs(%c : memref<?x?xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32, noodle.schedule = "library", noodle.site = 3 : i64}
    lhs_body {
    ^bb0(%x: f32):
      noodle.yield %x : f32
    } rhs_body {
    ^bb0(%y: f32):
      noodle.yield %y : f32
    } combine {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %t = arith.addf %s, %p : f32
      noodle.yield %t : f32
    } epilogue {
    ^bb0(%s: f32):
      noodle.yield %s : f32
    }
  return
}

// A factor that is computed, an epilogue, and an output of another type than
// sums have: each has a pass and the last two a buffer of their own.

// CHECK-LABEL: func.func @fused
func.func @fused(%a: memref<4x8xf32>, %b: memref<8x?xf64>, %d: memref<?xf64>, %f: f64, %c: memref<4x?xf32>) {
  // CHECK: %[[LHS:.*]] = memref.alloc() : memref<4x8xf64>
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : memref<4x8xf32>, f64) outs(%[[LHS]] : memref<4x8xf64>)
  // CHECK:   arith.extf
  // CHECK: %[[SUMS:.*]] = memref.alloc(%{{.*}}) : memref<4x?xf64>
  // CHECK: noodle.blas_product lhs(%[[LHS]] : memref<4x8xf64>) rhs(%{{.*}} : memref<8x?xf64>) outs(%[[SUMS]] : memref<4x?xf64>)
  // CHECK: noodle.fused_contract lhs(%[[LHS]] : memref<4x8xf64>) {{.*}} outs(%[[SUMS]] : memref<4x?xf64>)
  // CHECK: linalg.generic {{.*}} ins(%[[SUMS]], %{{.*}}, %{{.*}} : memref<4x?xf64>, memref<?xf64>, f64) outs(%{{.*}} : memref<4x?xf32>)
  // CHECK:   arith.mulf
  // CHECK:   arith.truncf
  noodle.fused_contract lhs(%a : memref<4x8xf32>) rhs(%b : memref<8x?xf64>) extras(%d : memref<?xf64>) scalars(%f : f64) outs(%c : memref<4x?xf32>)
    {indexing_maps = [#A, #B, #J, #C], zero = 0.0 : f64, noodle.schedule = "library"}
    lhs_body {
    ^bb0(%x: f32, %g: f64):
      %w = arith.extf %x : f32 to f64
      noodle.yield %w : f64
    } rhs_body {
    ^bb0(%y: f64, %g: f64):
      noodle.yield %y : f64
    } combine {
    ^bb0(%x: f64, %y: f64, %s: f64):
      %p = arith.mulf %x, %y : f64
      %t = arith.addf %s, %p : f64
      noodle.yield %t : f64
    } epilogue {
    ^bb0(%s: f64, %e: f64, %g: f64):
      %p = arith.mulf %s, %g : f64
      %t = arith.addf %p, %e : f64
      %o = arith.truncf %t : f64 to f32
      noodle.yield %o : f32
    }
  return
}

// A BLAS has no integers.

// CHECK-LABEL: func.func @integers
// CHECK-NOT: noodle.blas_product
// CHECK: noodle.fused_contract
// CHECK-SAME: noodle.schedule = "tiled"
func.func @integers(%a: memref<?x?xi32>, %b: memref<?x?xi32>, %c: memref<?x?xi32>) {
  noodle.fused_contract lhs(%a : memref<?x?xi32>) rhs(%b : memref<?x?xi32>) outs(%c : memref<?x?xi32>)
    {indexing_maps = [#A, #B, #C], zero = 0 : i32, noodle.schedule = "library"}
    lhs_body {
    ^bb0(%x: i32):
      noodle.yield %x : i32
    } rhs_body {
    ^bb0(%y: i32):
      noodle.yield %y : i32
    } combine {
    ^bb0(%x: i32, %y: i32, %s: i32):
      %p = arith.muli %x, %y : i32
      %t = arith.addi %s, %p : i32
      noodle.yield %t : i32
    } epilogue {
    ^bb0(%s: i32):
      noodle.yield %s : i32
    }
  return
}
