// The examples of ops on blocks, and what their verifiers and those of BSR
// types refuse.
// RUN: noodle-opt %s --split-input-file --verify-diagnostics | noodle-opt --split-input-file --verify-diagnostics | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>

// CHECK-LABEL: func.func @product
// CHECK: noodle.block_product %{{.*}}, %{{.*}} {block = array<i64: 2, 2>} : tensor<?x?xf64, #{{.*}}>, tensor<?xf64> -> tensor<?xf64>
func.func @product(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
    %y = noodle.block_product %a, %x {block = array<i64: 2, 2>}
      : tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>
  return %y : tensor<?xf64>
}

// CHECK-LABEL: func.func @forms
// CHECK: noodle.expand_blocks %{{.*}} {block = array<i64: 2, 3>}
// CHECK: noodle.pack_blocks %{{.*}} {block = array<i64: 2, 3>}
func.func @forms(%a: tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr> {
    %c = noodle.expand_blocks %a {block = array<i64: 2, 3>}
      : tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csr>
    %b = noodle.pack_blocks %c {block = array<i64: 2, 3>}
      : tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csr>
  return %b : tensor<?x?xf64, #csr>
}

// CHECK-LABEL: func.func @convert
#bsr = #sparse_tensor.encoding<{map = (i, j) -> (i floordiv 2 : dense, j floordiv 3 : compressed, i mod 2 : dense, j mod 3 : dense)}>
func.func @convert(%a: tensor<4x6xf64>) -> tensor<4x6xf64, #bsr> {
  // CHECK: noodle.convert %{{.*}} {absent = 1.000000e+00 : f64} : tensor<4x6xf64> -> tensor<4x6xf64, #{{.*}}>
  %b = noodle.convert %a {absent = 1.0 : f64} : tensor<4x6xf64> -> tensor<4x6xf64, #bsr>
  return %b : tensor<4x6xf64, #bsr>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @block(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) {
  // expected-error@+1 {{'block' must be rows and columns, from 1 to 64}}
  %y = noodle.block_product %a, %x {block = array<i64: 2, 65>} : tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @inner(%a: tensor<3x4xf64, #csr>, %x: tensor<9xf64>) {
  // expected-error@+1 {{the inner extents are 8 and 9}}
  %y = noodle.block_product %a, %x {block = array<i64: 2, 2>} : tensor<3x4xf64, #csr>, tensor<9xf64> -> tensor<6xf64>
  return
}

// -----

#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
func.func @columns(%a: tensor<3x4xf64, #csc>) {
  // expected-error@+1 {{is for CSR matrices}}
  %y = noodle.expand_blocks %a {block = array<i64: 2, 2>} : tensor<3x4xf64, #csc> -> tensor<6x8xf64, #csc>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @extents(%a: tensor<3x4xf64, #csr>) {
  // expected-error@+1 {{extent 0 is 6 in blocks and 7 in entries}}
  %y = noodle.expand_blocks %a {block = array<i64: 2, 2>} : tensor<3x4xf64, #csr> -> tensor<7x8xf64, #csr>
  return
}

// -----

#bsr = #sparse_tensor.encoding<{map = (i, j) -> (i floordiv 2 : dense, j floordiv 3 : compressed, i mod 2 : dense, j mod 3 : dense)}>
func.func @part(%a: tensor<5x6xf64, #bsr>) {
  // expected-error@+1 {{has extent 5 in dimension 0, no multiple of its blocks' 2}}
  %y = noodle.convert %a : tensor<5x6xf64, #bsr> -> tensor<5x6xf64>
  return
}

// -----

#bsr = #sparse_tensor.encoding<{map = (i, j) -> (i floordiv 2 : dense, j floordiv 3 : compressed, i mod 2 : dense, j mod 3 : dense)}>
func.func @made(%a: tensor<?x?xf64, #bsr>) {
  // expected-error@+1 {{cannot be BSR: only noodle.convert makes blocks}}
  %y = noodle.transpose %a {permutation = array<i64: 1, 0>} : tensor<?x?xf64, #bsr> -> tensor<?x?xf64, #bsr>
  return
}

// -----

#bsr = #sparse_tensor.encoding<{map = (i, j) -> (i floordiv 65 : dense, j floordiv 3 : compressed, i mod 65 : dense, j mod 3 : dense)}>
func.func @large(%a: tensor<?x?xf64, #bsr>) {
  // expected-error@+1 {{has an unsupported encoding}}
  %y = noodle.convert %a : tensor<?x?xf64, #bsr> -> tensor<?x?xf64>
  return
}

// -----

#bsr = #sparse_tensor.encoding<{map = (i, j) -> (i floordiv 2 : dense, j floordiv 3 : compressed, i mod 2 : dense, j mod 3 : dense)}>
func.func @elements(%a: tensor<4x6xf32>) {
  // expected-error@+1 {{'absent' in blocks needs equal element types: convert elements first}}
  %y = noodle.convert %a {absent = 1.0 : f32} : tensor<4x6xf32> -> tensor<4x6xf64, #bsr>
  return
}
