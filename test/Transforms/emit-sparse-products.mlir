// RUN: noodle-opt %s --noodle-emit-sparse-products | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>

// Terms are counted in blocks of rows, entries in chunks of terms; then there is
// memory for exactly that many, and chunks form them.
// CHECK-LABEL: func.func @product
// CHECK: scf.parallel
// CHECK: noodle.poll
// CHECK: memref.store %{{.*}} : memref<?xindex>
// CHECK: scf.parallel
// CHECK: memref.alloc(%{{.*}}) : memref<?xi32>
// CHECK: noodle.check {{.*}} "the sparse result has more entries than positions of 32 bits count: use a wider posWidth"
// CHECK: %[[CRD:.*]] = memref.alloc(%[[COUNT:.*]]) : memref<?xi32>
// CHECK: %[[VAL:.*]] = memref.alloc(%[[COUNT]]) : memref<?xf64>
// CHECK: scf.parallel
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK: math.cttz
// CHECK: builtin.unrealized_conversion_cast %{{.*}}, %[[CRD]], %[[VAL]], %{{.*}} to tensor<?x?xf64, #{{.*}}>
func.func @product(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr> {
  %zero = arith.constant 0.0 : f64
  %c = noodle.sparse_product (%a, %b) from(%zero : f64) mul {
  ^bb0(%x: f64, %y: f64):
    %p = arith.mulf %x, %y : f64
    noodle.product_yield %p : f64
  } add {
  ^bb0(%x: f64, %y: f64):
    %s = arith.addf %x, %y : f64
    noodle.product_yield %s : f64
  } finish {
  ^bb0(%p: f64):
    noodle.product_yield %p : f64
  } : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr>
  return %c : tensor<?x?xf64, #csr>
}

// Under a mask nothing is sorted: its order is there.
// CHECK-LABEL: func.func @total
// CHECK-NOT: math.cttz
// CHECK: bufferization.to_tensor %{{.*}} : memref<f64> to tensor<f64>
func.func @total(%a: tensor<?x?xf64, #csr>) -> tensor<f64> {
  %zero = arith.constant 0.0 : f64
  %c = noodle.sparse_product (%a, %a) mask(%a : tensor<?x?xf64, #csr>) from(%zero : f64) {scaled} mul {
  ^bb0(%x: f64, %y: f64):
    %p = arith.mulf %x, %y : f64
    noodle.product_yield %p : f64
  } add {
  ^bb0(%x: f64, %y: f64):
    %s = arith.addf %x, %y : f64
    noodle.product_yield %s : f64
  } finish {
  ^bb0(%p: f64, %z: f64):
    %t = arith.mulf %p, %z : f64
    noodle.product_yield %t : f64
  } : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<f64>
  return %c : tensor<f64>
}
