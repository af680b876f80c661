// RUN: noodle-opt %s --convert-noodle-to-linalg --split-input-file | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// Rows of entries times a dense operand are fused contractions.
// CHECK-LABEL: func.func @plus_times
// CHECK: noodle.fused_contract lhs(%arg0 : tensor<?x?xf64, #{{.*}}>) rhs(%arg1 : tensor<?xf64>) {{.*}}zero = 0.000000e+00 : f64}
// CHECK: combine {
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: arith.addf
func.func @plus_times(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}

// -----

// Over any semiring, from its zero.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// CHECK-LABEL: func.func @min_plus
// CHECK: noodle.fused_contract {{.*}}semiring = #noodle.semiring<min_plus>, zero = 0x7FF0000000000000 : f64}
// CHECK: combine {
// CHECK-NEXT: ^bb0
// CHECK-NEXT: arith.addf
// CHECK-NOT: sparse_tensor.convert
func.func @min_plus(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) {semiring = #noodle.semiring<min_plus>} : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}

// -----

// What is added to the sums is part of the epilogue.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// CHECK-LABEL: func.func @into
// CHECK: noodle.fused_contract {{.*}} extras(%arg2 : tensor<?xf64>)
// CHECK: epilogue {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f64, %[[INIT:.*]]: f64):
// CHECK-NEXT: arith.cmpf olt, %[[INIT]], %[[SUM]] : f64
func.func @into(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>, %i: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) into(%i : tensor<?xf64>) {semiring = #noodle.semiring<min_plus>} : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}

// -----

// CSC is CSR of the transpose, free of charge. Entries add to any element: parts
// of the matrix have sums of their own.
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
// CHECK-LABEL: func.func @columns
// CHECK: sparse_tensor.reinterpret_map %arg0
// CHECK-NOT: sparse_tensor.convert
// CHECK-NOT: linalg.generic
// CHECK: scf.parallel
// CHECK: noodle.poll
// CHECK: tensor.extract %arg1
// CHECK: arith.addf
// CHECK: {noodle.chunked}
// CHECK: scf.parallel
// CHECK: arith.addf
// CHECK: bufferization.to_tensor
func.func @columns(%a: tensor<?x?xf64, #csc>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) : (tensor<?x?xf64, #csc>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}

// -----

// Two summed letters and a custom sum: the sparsifier would lose entries, so
// loops over what is stored.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// CHECK-LABEL: func.func @two_sums
// CHECK-NOT: linalg.generic
// CHECK: sparse_tensor.positions
// CHECK: sparse_tensor.coordinates
// CHECK: sparse_tensor.values
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for
// CHECK: tensor.insert
func.func @two_sums(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "jk,jl->k" (%a, %b) {semiring = #noodle.semiring<min_plus>} : (tensor<?x?xf64, #csr>, tensor<?x?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}

// -----

// A diagonal is a test inside such loops.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// CHECK-LABEL: func.func @diagonal
// CHECK: scf.for %[[I:[a-z0-9]+]] =
// CHECK: arith.cmpi eq, %{{.*}}, %[[I]]
// CHECK: scf.if
func.func @diagonal(%a: tensor<?x?xf64, #csr>) -> tensor<?xf64> {
  %y = noodle.contract "ii->i" (%a) : (tensor<?x?xf64, #csr>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}

// -----

// A product whose result is sparse: rows times columns are brought into order.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
// CHECK-LABEL: func.func @spgemm
// CHECK: noodle.transpose_storage
// CHECK: builtin.unrealized_conversion_cast
// CHECK: noodle.sparse_product
func.func @spgemm(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csc>) -> tensor<?x?xf64, #csr> {
  %y = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csc>) -> tensor<?x?xf64, #csr>
  return %y : tensor<?x?xf64, #csr>
}

// -----

// CHECK-LABEL: func.func @transpose
// CHECK-NEXT: sparse_tensor.reinterpret_map
// CHECK-NEXT: return
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
func.func @transpose(%a: tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csc> {
  %t = noodle.transpose %a {permutation = array<i64: 1, 0>} : tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csc>
  return %t : tensor<?x?xf64, #csc>
}

// -----

// What is absent gets the stated value, explicit zeros stay.
// CHECK-LABEL: func.func @densify
// CHECK: %[[INF:.*]] = arith.constant 0x7FF0000000000000 : f64
// CHECK: linalg.fill ins(%[[INF]] : f64)
// CHECK: scf.for
// CHECK: tensor.insert
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @densify(%a: tensor<?x?xf64, #csr>) -> tensor<?x?xf64> {
  %d = noodle.convert %a {absent = 0x7FF0000000000000 : f64} : tensor<?x?xf64, #csr> -> tensor<?x?xf64>
  return %d : tensor<?x?xf64>
}

// -----

// The pattern of a map over stored entries is its operand's.
// CHECK-LABEL: func.func @map
// CHECK: sparse_tensor.unary
// CHECK: absent = {
// CHECK-NEXT: }
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @map(%a: tensor<?x?xf64, #csr>, %k: f64) -> tensor<?x?xf64, #csr> {
  %r = noodle.map (%a, %k) : (tensor<?x?xf64, #csr>, f64) -> tensor<?x?xf64, #csr> {
  ^bb0(%x: f64, %y: f64):
    %m = arith.mulf %x, %y : f64
    noodle.yield %m : f64
  }
  return %r : tensor<?x?xf64, #csr>
}
