// RUN: noodle-opt %s --split-input-file | noodle-opt --split-input-file | FileCheck %s
// RUN: noodle-opt %s --split-input-file --mlir-print-op-generic | noodle-opt --split-input-file | FileCheck %s

// Everything at once: two elements make an lhs value, a scalar is seen by all
// bodies but combine, and sums start from what out holds.
// CHECK-LABEL: func.func @everything
// CHECK: noodle.fused_contract lhs(%{{.*}}, %{{.*}} : tensor<4x8xi8>, tensor<8xf32>) rhs(%{{.*}} : tensor<8x16xf32>) extras(%{{.*}} : tensor<16xf32>) scalars(%{{.*}} : f32) outs(%{{.*}} : tensor<4x16xf32>) {accumulate, indexing_maps = [{{.*}}], semiring = #noodle.semiring<max_plus>, zero = 0xFF800000 : f32}
// CHECK-SAME: lhs_body {
// CHECK-NEXT: ^bb0(%{{.*}}: i8, %{{.*}}: f32, %{{.*}}: f32):
// CHECK: } rhs_body {
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32):
// CHECK: } combine {
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
// CHECK: } epilogue {
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
// CHECK: } : tensor<4x16xf32>
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
#K = affine_map<(i, j, k) -> (k)>
func.func @everything(%a: tensor<4x8xi8>, %w: tensor<8xf32>, %b: tensor<8x16xf32>, %e: tensor<16xf32>, %f: f32, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %r = noodle.fused_contract lhs(%a, %w : tensor<4x8xi8>, tensor<8xf32>) rhs(%b : tensor<8x16xf32>) extras(%e : tensor<16xf32>) scalars(%f : f32) outs(%c : tensor<4x16xf32>)
    {accumulate, indexing_maps = [#A, #K, #B, #J, #C], semiring = #noodle.semiring<max_plus>, zero = 0xFF800000 : f32}
  lhs_body {
  ^bb0(%x: i8, %y: f32, %v: f32):
    %u = arith.sitofp %x : i8 to f32
    %z = arith.mulf %u, %y : f32
    noodle.yield %z : f32
  } rhs_body {
  ^bb0(%x: f32, %v: f32):
    %z = arith.mulf %x, %v : f32
    noodle.yield %z : f32
  } combine {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.addf %x, %y : f32
    %t = arith.maximumf %s, %p : f32
    noodle.yield %t : f32
  } epilogue {
  ^bb0(%s: f32, %g: f32, %v: f32):
    %z = arith.subf %s, %g : f32
    noodle.yield %z : f32
  } : tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}

// -----

// One operand, a diagonal, a broadcast, another type of result. plus_times is
// not printed.
// CHECK-LABEL: func.func @trace
// CHECK: noodle.fused_contract lhs(%{{.*}} : memref<8x8x1xf32>) outs(%{{.*}} : memref<f64>) {indexing_maps = [#{{.*}}, #{{.*}}], zero = 0.000000e+00 : f32} lhs_body
#D = affine_map<(i) -> (i, i, 0)>
#S = affine_map<(i) -> ()>
func.func @trace(%a: memref<8x8x1xf32>, %out: memref<f64>) {
  noodle.fused_contract lhs(%a : memref<8x8x1xf32>) outs(%out : memref<f64>)
    {indexing_maps = [#D, #S], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } rhs_body {
  ^bb0:
    %one = arith.constant 1.0 : f32
    noodle.yield %one : f32
  } combine {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %s, %p : f32
    noodle.yield %t : f32
  } epilogue {
  ^bb0(%s: f32):
    %z = arith.extf %s : f32 to f64
    noodle.yield %z : f64
  }
  return
}
