// RUN: noodle-opt %s --noodle-emit-row-products=vector-bytes=64 --split-input-file | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#a = affine_map<(i, j) -> (i, j)>
#x = affine_map<(i, j) -> (j)>
#y = affine_map<(i, j) -> (i)>

// y = A x: bounds, chunks, the rows that chunks share.
// CHECK-LABEL: func.func @vector
// CHECK: sparse_tensor.positions
// CHECK: scf.for
// CHECK:   scf.for
// CHECK: scf.parallel
// CHECK:   noodle.poll
// CHECK:   scf.for {{.*}} iter_args({{.*}}) -> (index)
// Four entries are lanes of a sum; those after the last four follow it.
// CHECK:     scf.for {{.*}} step %c4 iter_args({{.*}}) -> (vector<4xf64>)
// CHECK:       memref.prefetch {{.*}} : memref<?xf64>
// CHECK:       memref.prefetch {{.*}} : memref<?xi32>
// CHECK:       vector.load
// CHECK:       vector.from_elements
// CHECK:       math.fma {{.*}} : vector<4xf64>
// CHECK:     scf.for {{.*}} iter_args({{.*}}) -> (f64)
// CHECK:       math.fma {{.*}} : f64
// CHECK:     memref.store
// CHECK: } {noodle.chunked}
// CHECK: scf.for
// CHECK-NOT: noodle.fused_contract
func.func @vector(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>, %init: tensor<?xf64>) -> tensor<?xf64> {
  %r = noodle.fused_contract lhs(%a : tensor<?x?xf64, #csr>) rhs(%x : tensor<?xf64>)
    outs(%init : tensor<?xf64>) {indexing_maps = [#a, #x, #y], zero = 0.0 : f64}
    lhs_body {
    ^bb0(%l: f64):
      noodle.yield %l : f64
    } rhs_body {
    ^bb0(%l: f64):
      noodle.yield %l : f64
    } combine {
    ^bb0(%l: f64, %k: f64, %s: f64):
      %p = arith.mulf %l, %k : f64
      %t = arith.addf %s, %p : f64
      noodle.yield %t : f64
    } epilogue {
    ^bb0(%s: f64):
      noodle.yield %s : f64
    } : tensor<?xf64>
  return %r : tensor<?xf64>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#a = affine_map<(i, j, k) -> (i, j)>
#x = affine_map<(i, j, k) -> (j, k)>
#b = affine_map<(i, j, k) -> (k)>
#y = affine_map<(i, j, k) -> (i, k)>

// Twenty columns are two vectors, the second of four lanes; the bias is added
// before the only store.
// CHECK-LABEL: func.func @columns
// CHECK: vector.create_mask
// CHECK: scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>)
// CHECK:   memref.load {{.*}} : memref<?xf32>
// CHECK:   vector.load
// CHECK:   vector.maskedload
// CHECK: vector.store
// CHECK: vector.maskedstore
func.func @columns(%a: tensor<?x?xf32, #csr>, %x: tensor<?x20xf32>, %bias: tensor<20xf32>, %init: tensor<?x20xf32>) -> tensor<?x20xf32> {
  %r = noodle.fused_contract lhs(%a : tensor<?x?xf32, #csr>) rhs(%x : tensor<?x20xf32>)
    extras(%bias : tensor<20xf32>) outs(%init : tensor<?x20xf32>)
    {indexing_maps = [#a, #x, #b, #y], zero = 0.0 : f32}
    lhs_body {
    ^bb0(%l: f32):
      noodle.yield %l : f32
    } rhs_body {
    ^bb0(%l: f32):
      noodle.yield %l : f32
    } combine {
    ^bb0(%l: f32, %k: f32, %s: f32):
      %p = arith.mulf %l, %k : f32
      %t = arith.addf %s, %p : f32
      noodle.yield %t : f32
    } epilogue {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      noodle.yield %t : f32
    } : tensor<?x20xf32>
  return %r : tensor<?x20xf32>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#a = affine_map<(i, j) -> (i, j)>
#x = affine_map<(i, j) -> (i)>
#y = affine_map<(i, j) -> (j)>

// Must not fire: sums run over rows, not over columns.
// CHECK-LABEL: func.func @scatters
// CHECK: noodle.fused_contract
func.func @scatters(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>, %init: tensor<?xf64>) -> tensor<?xf64> {
  %r = noodle.fused_contract lhs(%a : tensor<?x?xf64, #csr>) rhs(%x : tensor<?xf64>)
    outs(%init : tensor<?xf64>) {indexing_maps = [#a, #x, #y], zero = 0.0 : f64}
    lhs_body {
    ^bb0(%l: f64):
      noodle.yield %l : f64
    } rhs_body {
    ^bb0(%l: f64):
      noodle.yield %l : f64
    } combine {
    ^bb0(%l: f64, %k: f64, %s: f64):
      %p = arith.mulf %l, %k : f64
      %t = arith.addf %s, %p : f64
      noodle.yield %t : f64
    } epilogue {
    ^bb0(%s: f64):
      noodle.yield %s : f64
    } : tensor<?xf64>
  return %r : tensor<?xf64>
}
