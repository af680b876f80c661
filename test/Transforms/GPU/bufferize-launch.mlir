// RUN: noodle-opt %s --empty-tensor-to-alloc-tensor --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --split-input-file | FileCheck %s

// The result is the buffer that is written; no copy on the way.
// CHECK-LABEL: func.func @plain(
// CHECK-SAME: %[[X:.*]]: memref<8xf32>) -> memref<8xf32>
// CHECK: %[[OUT:.*]] = memref.alloc()
// CHECK-NOT: memref.copy
// CHECK: %[[RAN:.*]] = noodle.launch @k {{.*}}ins(%[[X]] : memref<8xf32>) outs(%[[OUT]] : memref<8xf32>) scalars(%{{.*}}) {site = 2 : i64}
// CHECK-NOT: memref.copy
// CHECK: return %[[OUT]]
func.func @plain(%x: tensor<8xf32>) -> tensor<8xf32> {
  %c1 = arith.constant 1 : index
  %n = arith.constant 8 : i64
  %e = tensor.empty() : tensor<8xf32>
  %ran, %y = noodle.launch @k grid(%c1, %c1, %c1) ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) scalars(%n) {site = 2 : i64} : tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

// A tensor that is read later is not written over.
// CHECK-LABEL: func.func @kept(
// CHECK: %[[V:.*]] = memref.alloc()
// CHECK: linalg.fill
// CHECK: %[[OUT:.*]] = memref.alloc()
// CHECK-NOT: memref.copy
// CHECK: noodle.launch @k {{.*}}outs(%[[OUT]]
// CHECK: memref.load %[[V]]
func.func @kept(%x: tensor<8xf32>, %f: f32) -> (tensor<8xf32>, f32) {
  %c1 = arith.constant 1 : index
  %e = tensor.empty() : tensor<8xf32>
  %v = linalg.fill ins(%f : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %ran, %y = noodle.launch @k grid(%c1, %c1, %c1) ins(%x : tensor<8xf32>) outs(%v : tensor<8xf32>) : tensor<8xf32>
  %g = tensor.extract %v[%c1] : tensor<8xf32>
  return %y, %g : tensor<8xf32>, f32
}

// -----

// Kernels take whole row-major buffers: a slice is copied before, and after
// where it was written. A buffer that is none stays as it is.
// CHECK-LABEL: func.func @slices(
// CHECK: %[[VIEW:.*]] = memref.subview %{{.*}}[0, 2] [4, 4] [1, 1]
// CHECK: %[[COPY:.*]] = memref.alloc() {{.*}}: memref<4x4xf32>
// CHECK: memref.copy %[[VIEW]], %[[COPY]]
// CHECK: %[[OUT:.*]] = memref.alloc() {{.*}}: memref<4x4xf32>
// CHECK: %[[RAN:.*]] = noodle.launch @k {{.*}}ins(%[[COPY]], %{{.*}} : memref<4x4xf32>, memref<?xi32>) outs(%[[OUT]] : memref<4x4xf32>)
// CHECK: scf.if %[[RAN]] {
// CHECK-NEXT: memref.copy %[[OUT]], %[[PLACE:[^ ]*]] : memref<4x4xf32> to memref<4x4xf32, strided
func.func @slices(%x: tensor<4x8xf32>, %w: tensor<4x8xf32> {bufferization.writable = true}, %p: memref<?xi32>) -> (i1, tensor<4x8xf32>) {
  %c1 = arith.constant 1 : index
  %s = tensor.extract_slice %x[0, 2] [4, 4] [1, 1] : tensor<4x8xf32> to tensor<4x4xf32>
  %d = tensor.extract_slice %w[0, 2] [4, 4] [1, 1] : tensor<4x8xf32> to tensor<4x4xf32>
  %ran, %y = noodle.launch @k grid(%c1, %c1, %c1) ins(%s, %p : tensor<4x4xf32>, memref<?xi32>) outs(%d : tensor<4x4xf32>) : tensor<4x4xf32>
  %r = tensor.insert_slice %y into %w[0, 2] [4, 4] [1, 1] : tensor<4x4xf32> into tensor<4x8xf32>
  return %ran, %r : i1, tensor<4x8xf32>
}
