// RUN: noodle-opt %s -split-input-file -verify-diagnostics

func.func @softmax_axis(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{'noodle.softmax' op operand #0 ('tensor<4x5xf32>') has rank 2, so there is no axis 2}}
  %p = noodle.softmax %x {axis = 2 : i64} : tensor<4x5xf32>
  return
}

// -----

func.func @softmax_negative_axis(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{attribute 'axis' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  %p = noodle.softmax %x {axis = -1 : i64} : tensor<4x5xf32>
  return
}

// -----

func.func @softmax_integers(%x: tensor<4xi32>) {
  // expected-error@+1 {{operand #0 must be ranked tensor of 16-bit float or bfloat16 type or 32-bit float or 64-bit float values, but got 'tensor<4xi32>'}}
  %p = noodle.softmax %x {axis = 0 : i64} : tensor<4xi32>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @softmax_sparse(%x: tensor<4x4xf32, #csr>) {
  // expected-error@+1 {{must be dense; use noodle.convert}}
  %p = noodle.softmax %x {axis = 0 : i64} : tensor<4x4xf32, #csr>
  return
}

// -----

func.func @layer_norm_scalar(%x: tensor<f32>) {
  // expected-error@+1 {{'noodle.layer_norm' op operand #0 ('tensor<f32>') must have rank 1 or more}}
  %y = noodle.layer_norm %x : tensor<f32>
  return
}

// -----

func.func @layer_norm_scale(%x: tensor<4x8xf32>, %g: tensor<4xf32>) {
  // expected-error@+1 {{operand #1 ('tensor<4xf32>') must be a vector along the last axis of 'tensor<4x8xf32>'}}
  %y = noodle.layer_norm %x scale(%g : tensor<4xf32>) : tensor<4x8xf32>
  return
}

// -----

func.func @layer_norm_shift_type(%x: tensor<4x8xf32>, %g: tensor<8xf64>) {
  // expected-error@+1 {{operand #1 ('tensor<8xf64>') must be a vector along the last axis of 'tensor<4x8xf32>'}}
  %y = noodle.layer_norm %x shift(%g : tensor<8xf64>) : tensor<4x8xf32>
  return
}

// -----

func.func @layer_norm_epsilon(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{epsilon must be finite and not negative}}
  %y = noodle.layer_norm %x {epsilon = -1.0 : f64} : tensor<4x8xf32>
  return
}

// -----

func.func @layer_norm_nan(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{epsilon must be finite and not negative}}
  %y = noodle.layer_norm %x {epsilon = 0x7FF8000000000000 : f64} : tensor<4x8xf32>
  return
}

// -----

func.func @reduce_range(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{operand #0 ('tensor<4x5xf32>') has rank 2, so there is no dimension 2}}
  %y = noodle.reduce %x {dims = array<i64: 2>} : tensor<4x5xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_negative(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{so there is no dimension -1}}
  %y = noodle.reduce %x {dims = array<i64: -1>} : tensor<4x5xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_twice(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{dimension 1 appears twice in 'dims'}}
  %y = noodle.reduce %x {dims = array<i64: 1, 1>} : tensor<4x5xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_rank(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{result ('tensor<f32>') must have rank 1}}
  %y = noodle.reduce %x {dims = array<i64: 1>} : tensor<4x5xf32> -> tensor<f32>
  return
}

// -----

func.func @reduce_extent(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{result ('tensor<5xf32>') must have extent 4 in dimension 0}}
  %y = noodle.reduce %x {dims = array<i64: 1>} : tensor<4x5xf32> -> tensor<5xf32>
  return
}

// -----

func.func @reduce_fixes(%x: tensor<?x5xf32>) {
  // expected-error@+1 {{result ('tensor<5xf32>') fixes the extent of dimension 0, which the operands leave open; write '?' there}}
  %y = noodle.reduce %x {dims = array<i64: 1>} : tensor<?x5xf32> -> tensor<5xf32>
  return
}

// -----

func.func @reduce_element(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{result ('tensor<4xf64>') must have element type 'f32'}}
  %y = noodle.reduce %x {dims = array<i64: 1>} : tensor<4x5xf32> -> tensor<4xf64>
  return
}

// -----

func.func @reduce_absent_dense(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{'absent' needs a sparse operand}}
  %y = noodle.reduce %x {dims = array<i64: 1>, absent = 0.0 : f32} : tensor<4x5xf32> -> tensor<4xf32>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @reduce_absent_type(%x: tensor<4x5xf32, #csr>) {
  // expected-error@+1 {{'absent' must be a scalar of type 'f32', but is 0 : i64}}
  %y = noodle.reduce %x {dims = array<i64: 1>, absent = 0 : i64} : tensor<4x5xf32, #csr> -> tensor<4xf32>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @reduce_absent_tensor(%x: tensor<4x5xf32, #csr>) {
  // expected-error@+1 {{'absent' must be a scalar of type 'f32', but is dense<0.000000e+00> : tensor<2xf32>}}
  %y = noodle.reduce %x {dims = array<i64: 1>, absent = dense<0.0> : tensor<2xf32>} : tensor<4x5xf32, #csr> -> tensor<4xf32>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @reduce_sparse_result(%x: tensor<4x5xf32, #csr>) {
  // expected-error@+1 {{must be dense}}
  %y = noodle.reduce %x {dims = array<i64>} : tensor<4x5xf32, #csr> -> tensor<4x5xf32, #csr>
  return
}

// -----

func.func @reduce_semiring(%x: tensor<4x5xi1>) {
  // expected-error@+1 {{semiring plus_times is not defined for 'i1'}}
  %y = noodle.reduce %x {dims = array<i64: 1>} : tensor<4x5xi1> -> tensor<4xi1>
  return
}

// -----

func.func @reduce_symbol(%x: tensor<4x5xi32>) {
  // expected-error@+1 {{'noodle.reduce' op no noodle.semiring is named @missing}}
  %y = noodle.reduce %x {dims = array<i64: 1>, semiring = #noodle.semiring<@missing>} : tensor<4x5xi32> -> tensor<4xi32>
  return
}

// -----

func.func @transpose_short(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{'permutation' must name each dimension of operand #0 ('tensor<4x5xf32>') once}}
  %y = noodle.transpose %x {permutation = array<i64: 0>} : tensor<4x5xf32> -> tensor<4x5xf32>
  return
}

// -----

func.func @transpose_twice(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{'permutation' must name each dimension of operand #0 ('tensor<4x5xf32>') once}}
  %y = noodle.transpose %x {permutation = array<i64: 1, 1>} : tensor<4x5xf32> -> tensor<5x5xf32>
  return
}

// -----

func.func @transpose_range(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{'permutation' must name each dimension of operand #0 ('tensor<4x5xf32>') once}}
  %y = noodle.transpose %x {permutation = array<i64: 0, 9223372036854775807>} : tensor<4x5xf32> -> tensor<4x5xf32>
  return
}

// -----

func.func @transpose_result(%x: tensor<4x5xf32>) {
  // expected-error@+1 {{result ('tensor<4x5xf32>') must have extent 5 in dimension 0}}
  %y = noodle.transpose %x {permutation = array<i64: 1, 0>} : tensor<4x5xf32> -> tensor<4x5xf32>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @transpose_format(%x: tensor<4x5xf32, #csr>) {
  // expected-error@+1 {{result ('tensor<5x4xf32>') must be sparse, as operand #0 is; use noodle.convert}}
  %y = noodle.transpose %x {permutation = array<i64: 1, 0>} : tensor<4x5xf32, #csr> -> tensor<5x4xf32>
  return
}

// -----

func.func @concat_none() {
  // expected-error@+1 {{'noodle.concat' op needs an operand}}
  %y = noodle.concat () {axis = 0 : i64} : () -> tensor<0xf32>
  return
}

// -----

func.func @concat_axis(%x: tensor<4xf32>) {
  // expected-error@+1 {{operand #0 ('tensor<4xf32>') has rank 1, so there is no axis 1}}
  %y = noodle.concat (%x) {axis = 1 : i64} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @concat_rank(%x: tensor<4xf32>, %y: tensor<4x1xf32>) {
  // expected-error@+1 {{operand #1 ('tensor<4x1xf32>') must have rank 1}}
  %z = noodle.concat (%x, %y) {axis = 0 : i64} : (tensor<4xf32>, tensor<4x1xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @concat_element(%x: tensor<4xf32>, %y: tensor<4xf64>) {
  // expected-error@+1 {{operand #1 ('tensor<4xf64>') must have element type 'f32'}}
  %z = noodle.concat (%x, %y) {axis = 0 : i64} : (tensor<4xf32>, tensor<4xf64>) -> tensor<8xf32>
  return
}

// -----

func.func @concat_extent(%x: tensor<4x?xf32>, %y: tensor<4x5xf32>, %z: tensor<4x6xf32>) {
  // expected-error@+1 {{operand #2 ('tensor<4x6xf32>') has extent 6 in dimension 1, but operand #1 has 5}}
  %r = noodle.concat (%x, %y, %z) {axis = 0 : i64} : (tensor<4x?xf32>, tensor<4x5xf32>, tensor<4x6xf32>) -> tensor<12x5xf32>
  return
}

// -----

func.func @concat_result(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error@+1 {{result ('tensor<8xf32>') must have extent 9 in dimension 0}}
  %z = noodle.concat (%x, %y) {axis = 0 : i64} : (tensor<4xf32>, tensor<5xf32>) -> tensor<8xf32>
  return
}

// -----

func.func @concat_overflow(%x: tensor<4611686018427387904x0xi1>) {
  // expected-error@+1 {{operand #1 ('tensor<4611686018427387904x0xi1>') makes the result longer than 2^63 - 1}}
  %z = noodle.concat (%x, %x) {axis = 0 : i64} : (tensor<4611686018427387904x0xi1>, tensor<4611686018427387904x0xi1>) -> tensor<?x0xi1>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @concat_format(%x: tensor<4x4xf32>, %y: tensor<4x4xf32, #csr>) {
  // expected-error@+1 {{must be dense, as the result is; use noodle.convert}}
  %z = noodle.concat (%x, %y) {axis = 0 : i64} : (tensor<4x4xf32>, tensor<4x4xf32, #csr>) -> tensor<8x4xf32>
  return
}

// -----

func.func @gather_axis(%x: tensor<4xf32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{operand #0 ('tensor<4xf32>') has rank 1, so there is no axis 1}}
  %y = noodle.gather %x[%i] {axis = 1 : i64} : tensor<4xf32>, tensor<2xi64> -> tensor<2xf32>
  return
}

// -----

func.func @gather_indices(%x: tensor<4xf32>, %i: tensor<2xf32>) {
  // expected-error@+1 {{operand #1 must be 1D tensor of 32-bit signless integer or 64-bit signless integer values, but got 'tensor<2xf32>'}}
  %y = noodle.gather %x[%i] : tensor<4xf32>, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @gather_result(%x: tensor<4x3xf32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{result ('tensor<4x3xf32>') must have extent 2 in dimension 0}}
  %y = noodle.gather %x[%i] : tensor<4x3xf32>, tensor<2xi64> -> tensor<4x3xf32>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @gather_sparse(%x: tensor<4x3xf32, #csr>, %i: tensor<2xi64>) {
  // expected-error@+1 {{must be dense; use noodle.convert}}
  %y = noodle.gather %x[%i] : tensor<4x3xf32, #csr>, tensor<2xi64> -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_axis(%u: tensor<2xf32>, %i: tensor<2xi64>, %x: tensor<4xf32>) {
  // expected-error@+1 {{operand #2 ('tensor<4xf32>') has rank 1, so there is no axis 3}}
  %y = noodle.scatter %u[%i] into %x {axis = 3 : i64} : tensor<2xf32>, tensor<2xi64>, tensor<4xf32>
  return
}

// -----

func.func @scatter_rank(%u: tensor<2x1xf32>, %i: tensor<2xi64>, %x: tensor<4xf32>) {
  // expected-error@+1 {{operand #0 ('tensor<2x1xf32>') must have rank 1}}
  %y = noodle.scatter %u[%i] into %x : tensor<2x1xf32>, tensor<2xi64>, tensor<4xf32>
  return
}

// -----

func.func @scatter_count(%u: tensor<3xf32>, %i: tensor<2xi64>, %x: tensor<4xf32>) {
  // expected-error@+1 {{operand #0 ('tensor<3xf32>') must have extent 2 in dimension 0}}
  %y = noodle.scatter %u[%i] into %x : tensor<3xf32>, tensor<2xi64>, tensor<4xf32>
  return
}

// -----

func.func @scatter_slice(%u: tensor<2x3xf32>, %i: tensor<2xi64>, %x: tensor<4x5xf32>) {
  // expected-error@+1 {{operand #0 ('tensor<2x3xf32>') must have extent 5 in dimension 1}}
  %y = noodle.scatter %u[%i] into %x : tensor<2x3xf32>, tensor<2xi64>, tensor<4x5xf32>
  return
}

// -----

func.func @scatter_element(%u: tensor<2xf32>, %i: tensor<2xi64>, %x: tensor<4xf64>) {
  // expected-error@+1 {{operand #0 ('tensor<2xf32>') must have element type 'f64'}}
  %y = noodle.scatter %u[%i] into %x : tensor<2xf32>, tensor<2xi64>, tensor<4xf64>
  return
}

// -----

func.func @scatter_semiring(%u: tensor<2xf32>, %i: tensor<2xi64>, %x: tensor<4xf32>) {
  // expected-error@+1 {{'noodle.scatter' op semiring xor_and is not defined for 'f32': its type is i1}}
  %y = noodle.scatter %u[%i] into %x {semiring = #noodle.semiring<xor_and>} : tensor<2xf32>, tensor<2xi64>, tensor<4xf32>
  return
}

// -----

func.func @scatter_symbol(%u: tensor<2xf32>, %i: tensor<2xi64>, %x: tensor<4xf32>) {
  // expected-error@+1 {{'noodle.scatter' op no noodle.semiring is named @missing}}
  %y = noodle.scatter %u[%i] into %x {semiring = #noodle.semiring<@missing>} : tensor<2xf32>, tensor<2xi64>, tensor<4xf32>
  return
}

// -----

func.func @convert_shape(%x: tensor<4xf32>) {
  // expected-error@+1 {{'noodle.convert' op result ('tensor<5xf64>') must have extent 4 in dimension 0}}
  %y = noodle.convert %x : tensor<4xf32> -> tensor<5xf64>
  return
}

// -----

func.func @convert_rank(%x: tensor<4xf32>) {
  // expected-error@+1 {{result ('tensor<4x1xf64>') must have rank 1}}
  %y = noodle.convert %x : tensor<4xf32> -> tensor<4x1xf64>
  return
}

// -----

func.func @convert_absent_dense(%x: tensor<4xf32>) {
  // expected-error@+1 {{'absent' has no use between two dense tensors}}
  %y = noodle.convert %x {absent = 0.0 : f32} : tensor<4xf32> -> tensor<4xf64>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
func.func @convert_absent_sparse(%x: tensor<4x4xf32, #csr>) {
  // expected-error@+1 {{'absent' has no use between two sparse tensors}}
  %y = noodle.convert %x {absent = 0.0 : f32} : tensor<4x4xf32, #csr> -> tensor<4x4xf32, #csc>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @convert_absent_type(%x: tensor<4x4xf32, #csr>) {
  // expected-error@+1 {{'absent' must be a scalar of type 'f32', but is 0.000000e+00 : f64}}
  %y = noodle.convert %x {absent = 0.0 : f64} : tensor<4x4xf32, #csr> -> tensor<4x4xf64>
  return
}

// -----

#dcsc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : compressed, d0 : compressed)}>
func.func @convert_encoding(%x: tensor<4x4xf32>) {
  // expected-error@+1 {{has an unsupported encoding}}
  %y = noodle.convert %x : tensor<4x4xf32> -> tensor<4x4xf32, #dcsc>
  return
}

// -----

func.func @check_status(%ok: i1) {
  // expected-error@+1 {{'noodle.check' op status 0 is no failure; they are 1 to 9}}
  noodle.check %ok, "no" {status = 0 : i32}
  return
}

// -----

func.func @check_values(%ok: i1, %i: index) {
  // expected-error@+1 {{'noodle.check' op value 1 is not in the message; write {1} where it belongs}}
  noodle.check %ok, "row {0}" (%i, %i)
  return
}

// -----

func.func @check_status_high(%ok: i1) {
  // expected-error@+1 {{'noodle.check' op status 10 is no failure; they are 1 to 9}}
  noodle.check %ok, "no" {status = 10 : i32}
  return
}

// -----

func.func @gather_negative_axis(%x: tensor<4xf32>, %i: tensor<2xi64>) {
  // expected-error@+1 {{attribute 'axis' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
  %y = noodle.gather %x[%i] {axis = -1 : i64} : tensor<4xf32>, tensor<2xi64> -> tensor<2xf32>
  return
}

// -----

func.func @function_is_no_semiring(%x: tensor<4xf32>) {
  // expected-error@+1 {{no noodle.semiring is named @function_is_no_semiring}}
  %y = noodle.reduce %x {dims = array<i64: 0>, semiring = #noodle.semiring<@function_is_no_semiring>} : tensor<4xf32> -> tensor<f32>
  return
}
