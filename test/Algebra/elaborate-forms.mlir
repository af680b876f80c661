// RUN: noodle-opt %s --noodle-elaborate --split-input-file | FileCheck %s

// COO and DCSR are computed with as CSR of the same widths; signatures keep
// what the host gives and gets. A convert between them is none.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#coo = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed(nonunique), d1 : singleton(soa)), posWidth = 32, crdWidth = 32}>
#dcsr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed, d1 : compressed), posWidth = 32, crdWidth = 32}>
// CHECK-DAG: #[[CSR:[a-z0-9]+]] = {{.*}}(d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
// CHECK-DAG: #[[COO:[a-z0-9]+]] = {{.*}}(d0 : compressed(nonunique), d1 : singleton(soa)), posWidth = 32, crdWidth = 32
// CHECK-DAG: #[[DCSR:[a-z0-9]+]] = {{.*}}(d0 : compressed, d1 : compressed), posWidth = 32, crdWidth = 32
// CHECK: func.func @forms(%[[A:.*]]: tensor<?x?xf64, #[[CSR]]>) -> tensor<?x?xf64, #[[CSR]]>
// CHECK-SAME: noodle.signature = (tensor<?x?xf64, #[[COO]]>) -> tensor<?x?xf64, #[[DCSR]]>
func.func @forms(%a: tensor<?x?xf64, #coo>) -> tensor<?x?xf64, #dcsr> {
  // CHECK-NEXT: %[[P:.*]] = noodle.contract {{.*}}(%[[A]], %[[A]])
  // CHECK-SAME: (tensor<?x?xf64, #[[CSR]]>, tensor<?x?xf64, #[[CSR]]>) -> tensor<?x?xf64, #[[CSR]]>
  // CHECK-NEXT: return %[[P]]
  %b = noodle.convert %a : tensor<?x?xf64, #coo> -> tensor<?x?xf64, #csr>
  %p = noodle.matmul %a, %b : tensor<?x?xf64, #coo>, tensor<?x?xf64, #csr> -> tensor<?x?xf64, #coo>
  %r = noodle.convert %p : tensor<?x?xf64, #coo> -> tensor<?x?xf64, #dcsr>
  return %r : tensor<?x?xf64, #dcsr>
}

// -----

// Other widths are a convert of CSR; callers and callees agree.
#coo32 = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed(nonunique), d1 : singleton(soa)), posWidth = 32, crdWidth = 32}>
#coo64 = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed(nonunique), d1 : singleton(soa))}>
// CHECK-DAG: #[[NARROW:[a-z0-9]+]] = {{.*}}(d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
// CHECK-DAG: #[[WIDE:[a-z0-9]+]] = {{.*}}(d0 : dense, d1 : compressed) }
// CHECK: func.func private @inner(%{{.*}}: tensor<4x4xf32, #[[NARROW]]>) -> tensor<4x4xf32, #[[WIDE]]>
func.func private @inner(%a: tensor<4x4xf32, #coo32>) -> tensor<4x4xf32, #coo64> {
  // CHECK: noodle.convert {{.*}} : tensor<4x4xf32, #[[NARROW]]> -> tensor<4x4xf32, #[[WIDE]]>
  %r = noodle.convert %a : tensor<4x4xf32, #coo32> -> tensor<4x4xf32, #coo64>
  return %r : tensor<4x4xf32, #coo64>
}
func.func @outer(%a: tensor<4x4xf32, #coo32>) -> tensor<4x4xf32, #coo64> {
  // CHECK: call @inner({{.*}}) : (tensor<4x4xf32, #[[NARROW]]>) -> tensor<4x4xf32, #[[WIDE]]>
  %r = func.call @inner(%a) : (tensor<4x4xf32, #coo32>) -> tensor<4x4xf32, #coo64>
  return %r : tensor<4x4xf32, #coo64>
}

// -----

// A sparse vector is the row of a matrix; dense vectors become one where ops go
// entry by entry, and back.
#vector = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed), posWidth = 32, crdWidth = 32}>
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
// CHECK: func.func @vectors(%[[X:[a-z0-9]+]]: tensor<1x?xf64, #[[CSR:[a-z0-9]+]]>, %[[A:.*]]: tensor<?x?xf64, #[[CSR]]>, %[[D:.*]]: tensor<?xf64>)
// CHECK-SAME: noodle.signature = (tensor<?xf64, #[[VECTOR:[a-z0-9]+]]>,
func.func @vectors(%x: tensor<?xf64, #vector>, %a: tensor<?x?xf64, #csr>, %d: tensor<?xf64>)
    -> (tensor<?xf64, #vector>, tensor<?xf64>, tensor<f64>, tensor<?xf64>, index) {
  // CHECK: noodle.contract "row i, i j -> row j"(%[[X]], %[[A]])
  // CHECK-SAME: -> tensor<1x?xf64, #[[CSR]]>
  %p = noodle.contract "i,ij->j" (%x, %a) : (tensor<?xf64, #vector>, tensor<?x?xf64, #csr>) -> tensor<?xf64, #vector>
  // CHECK: noodle.contract "i j, row j -> i"(%[[A]], %[[X]])
  // CHECK-SAME: -> tensor<?xf64>
  %q = noodle.contract "ij,j->i" (%a, %x) : (tensor<?x?xf64, #csr>, tensor<?xf64, #vector>) -> tensor<?xf64>
  // CHECK: noodle.reduce %[[X]] {{.*}}dims = array<i64: 0, 1>
  %s = noodle.reduce %x {dims = array<i64: 0>} : tensor<?xf64, #vector> -> tensor<f64>
  // CHECK: %[[ROW:.*]] = noodle.convert %[[X]] {{.*}}-> tensor<1x?xf64>
  // CHECK: tensor.collapse_shape %[[ROW]] {{\[\[}}0, 1]] : tensor<1x?xf64> into tensor<?xf64>
  %e = noodle.convert %x : tensor<?xf64, #vector> -> tensor<?xf64>
  // CHECK: %[[WIDE:.*]] = tensor.expand_shape %[[D]] {{\[\[}}0, 1]] output_shape [1, %{{.*}}] : tensor<?xf64> into tensor<1x?xf64>
  // CHECK: noodle.merge union(%{{.*}}, %[[WIDE]])
  %m = noodle.merge union (%p, %d) : (tensor<?xf64, #vector>, tensor<?xf64>) -> tensor<?xf64, #vector> {
  ^bb0(%u: f64, %v: f64):
    %t = arith.mulf %u, %v : f64
    noodle.entry %t : f64
  }
  // CHECK: tensor.dim %[[X]]
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf64, #vector>
  return %m, %q, %s, %e, %n : tensor<?xf64, #vector>, tensor<?xf64>, tensor<f64>, tensor<?xf64>, index
}
