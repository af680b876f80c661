// RUN: noodle-opt %s --split-input-file --empty-tensor-to-alloc-tensor --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s

// Out is written where it is; what it held is not read, so nothing is copied.
// CHECK-LABEL: func.func @fresh
// CHECK-SAME: (%[[A:.*]]: memref<4x8xf32>, %[[B:.*]]: memref<8x16xf32>)
// CHECK: %[[C:.*]] = memref.alloc() {{.*}}: memref<4x16xf32>
// CHECK-NOT: memref.copy
// CHECK: noodle.fused_contract lhs(%[[A]] : memref<4x8xf32>) rhs(%[[B]] : memref<8x16xf32>) outs(%[[C]] : memref<4x16xf32>)
// CHECK: return %[[C]]
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @fresh(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>) -> tensor<4x16xf32> {
  %c = tensor.empty() : tensor<4x16xf32>
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } rhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } combine {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %s, %p : f32
    noodle.yield %t : f32
  } epilogue {
  ^bb0(%s: f32):
    noodle.yield %s : f32
  } : tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}

// -----

// Partial sums would overwrite an input that shares out's memory: out is a
// buffer of its own.
// CHECK-LABEL: func.func @square
// CHECK-SAME: (%[[A:.*]]: memref<8x8xf32>)
// CHECK: %[[C:.*]] = memref.alloc() {{.*}}: memref<8x8xf32>
// CHECK: noodle.fused_contract lhs(%[[A]] : memref<8x8xf32>) rhs(%[[A]] : memref<8x8xf32>) outs(%[[C]] : memref<8x8xf32>)
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @square(%a: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %r = noodle.fused_contract lhs(%a : tensor<8x8xf32>) rhs(%a : tensor<8x8xf32>) outs(%a : tensor<8x8xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } rhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } combine {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %s, %p : f32
    noodle.yield %t : f32
  } epilogue {
  ^bb0(%s: f32):
    noodle.yield %s : f32
  } : tensor<8x8xf32>
  return %r : tensor<8x8xf32>
}

// -----

// Sums that start from out need its contents, which somebody else reads later.
// CHECK-LABEL: func.func @accumulate
// CHECK-SAME: (%[[A:.*]]: memref<4x8xf32>, %[[B:.*]]: memref<8x16xf32>, %[[C:.*]]: memref<4x16xf32>)
// CHECK: %[[D:.*]] = memref.alloc() {{.*}}: memref<4x16xf32>
// CHECK: memref.copy %[[C]], %[[D]]
// CHECK: noodle.fused_contract {{.*}} outs(%[[D]] : memref<4x16xf32>) {accumulate
// CHECK: return %[[C]], %[[D]]
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @accumulate(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) -> (tensor<4x16xf32>, tensor<4x16xf32>) {
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {accumulate, indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } rhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } combine {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %s, %p : f32
    noodle.yield %t : f32
  } epilogue {
  ^bb0(%s: f32):
    noodle.yield %s : f32
  } : tensor<4x16xf32>
  return %c, %r : tensor<4x16xf32>, tensor<4x16xf32>
}

// -----

// A slice is a view.
// CHECK-LABEL: func.func @views
// CHECK: %[[S:.*]] = memref.subview
// CHECK-NOT: memref.copy
// CHECK: noodle.fused_contract lhs(%[[S]] : memref<4x8xf32, strided<[32, 2], offset: 1>>)
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @views(%big: tensor<8x16xf32>, %b: tensor<8x16xf32>) -> tensor<4x16xf32> {
  %a = tensor.extract_slice %big[0, 1] [4, 8] [2, 2] : tensor<8x16xf32> to tensor<4x8xf32>
  %c = tensor.empty() : tensor<4x16xf32>
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } rhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } combine {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %s, %p : f32
    noodle.yield %t : f32
  } epilogue {
  ^bb0(%s: f32):
    noodle.yield %s : f32
  } : tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}
