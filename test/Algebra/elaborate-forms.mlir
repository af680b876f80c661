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
