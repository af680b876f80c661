// RUN: noodle-opt %s -split-input-file -verify-diagnostics

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @no_sparse(%a: tensor<4x4xf64>) {
  // expected-error@+1 {{needs a sparse operand}}
  %c = noodle.merge union (%a) : (tensor<4x4xf64>) -> tensor<4x4xf64, #csr> {
  ^bb0(%x: f64):
    noodle.entry %x : f64
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @dense_result(%a: tensor<4x4xf64, #csr>) {
  // expected-error@+1 {{must be sparse; over all entries of dense tensors there is noodle.map}}
  %c = noodle.merge union (%a) : (tensor<4x4xf64, #csr>) -> tensor<4x4xf64> {
  ^bb0(%x: f64):
    noodle.entry %x : f64
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @shapes(%a: tensor<4x4xf64, #csr>, %b: tensor<1x4xf64, #csr>) {
  // expected-error@+1 {{operand #1 ('tensor<1x4xf64, #sparse_tensor.encoding<{ map = (d0, d1) -> (d0 : dense, d1 : compressed) }>>') has extent 1 in dimension 0, but the result has 4}}
  %c = noodle.merge union (%a, %b) : (tensor<4x4xf64, #csr>, tensor<1x4xf64, #csr>) -> tensor<4x4xf64, #csr> {
  ^bb0(%x: f64, %y: f64):
    noodle.entry %x : f64
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @useless_absent(%a: tensor<4x4xf64, #csr>) {
  // expected-error@+1 {{'absent' has no use where all operands store the entry}}
  %c = noodle.merge intersection (%a) {absent = 1.0 : f64} : (tensor<4x4xf64, #csr>) -> tensor<4x4xf64, #csr> {
  ^bb0(%x: f64):
    noodle.entry %x : f64
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @absent_type(%a: tensor<4x4xf64, #csr>) {
  // expected-error@+1 {{'absent' must be a scalar of type 'f64'}}
  %c = noodle.merge union (%a) {absent = 1 : i64} : (tensor<4x4xf64, #csr>) -> tensor<4x4xf64, #csr> {
  ^bb0(%x: f64):
    noodle.entry %x : f64
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @yielded(%a: tensor<4x4xf64, #csr>) {
  // expected-error@+1 {{body must end with a noodle.entry of one 'f32'}}
  %c = noodle.merge union (%a) : (tensor<4x4xf64, #csr>) -> tensor<4x4xf32, #csr> {
  ^bb0(%x: f64):
    noodle.entry %x : f64
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @arguments(%a: tensor<4x4xf64, #csr>) {
  // expected-error@+1 {{body must have arguments ('f64', 'i64', 'i64')}}
  %c = noodle.select (%a) : (tensor<4x4xf64, #csr>) -> tensor<4x4xf64, #csr> {
  ^bb0(%x: f64):
    %t = arith.constant true
    noodle.keep %t
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @no_part(%a: tensor<4x4xf64, #csr>) {
  // expected-error@+1 {{needs either a body or the name of a 'part'}}
  %c = noodle.select (%a) : (tensor<4x4xf64, #csr>) -> tensor<4x4xf64, #csr>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @unknown_part(%a: tensor<4x4xf64, #csr>) {
  // expected-error@+1 {{has no part 'tril': there are lower, upper, diagonal and off_diagonal}}
  %c = noodle.select (%a) {part = "tril"} : (tensor<4x4xf64, #csr>) -> tensor<4x4xf64, #csr>
  return
}

// -----

func.func @dense_select(%a: tensor<4x4xf64>) {
  // expected-error@+1 {{operand #0 ('tensor<4x4xf64>') must be a sparse matrix}}
  %c = noodle.select (%a) {part = "lower"} : (tensor<4x4xf64>) -> tensor<4x4xf64>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @mixed(%a: tensor<4x4xf64, #csr>, %b: tensor<4x4xf64>) {
  // expected-error@+1 {{operands and result must all be sparse or all be dense}}
  %c = noodle.kron %a, %b : tensor<4x4xf64, #csr>, tensor<4x4xf64> -> tensor<16x16xf64, #csr>
  return
}

// -----

func.func @extent(%a: tensor<4x4xf64>) {
  // expected-error@+1 {{must have extent 16 in dimension 1}}
  %c = noodle.kron %a, %a : tensor<4x4xf64>, tensor<4x4xf64> -> tensor<16x8xf64>
  return
}

// -----

func.func @dense_extract(%a: tensor<4x4xf64>, %i: tensor<2xi64>) {
  // expected-error@+1 {{operand #0 ('tensor<4x4xf64>') must be a sparse matrix}}
  %c = noodle.extract %a rows(%i : tensor<2xi64>) : tensor<4x4xf64> -> tensor<2x4xf64>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @extract_extent(%a: tensor<4x4xf64, #csr>, %i: tensor<2xi64>) {
  // expected-error@+1 {{must have extent 2 in dimension 0}}
  %c = noodle.extract %a rows(%i : tensor<2xi64>) : tensor<4x4xf64, #csr> -> tensor<4x4xf64, #csr>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @assign_extent(%a: tensor<4x4xf64, #csr>, %s: tensor<3x4xf64, #csr>, %i: tensor<2xi64>) {
  // expected-error@+1 {{must have extent 2 in dimension 0}}
  %c = noodle.assign %s into %a rows(%i : tensor<2xi64>) : tensor<3x4xf64, #csr>, tensor<4x4xf64, #csr>
  return
}

// -----

#vector = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed)}>
func.func @select_vector(%a: tensor<?xf64, #vector>) {
  // expected-error@+1 {{is not for sparse vectors: they take part in noodle.contract, map, merge, reduce and convert}}
  %x = noodle.select (%a) {part = "lower"} : (tensor<?xf64, #vector>) -> tensor<?xf64, #vector>
  return
}
