// RUN: noodle-opt %s --split-input-file --verify-diagnostics

func.func @square(%a: tensor<3x4xf64>) {
  // expected-error @+1 {{needs a square matrix, but has 'tensor<3x4xf64>'}}
  %c = noodle.closure %a : tensor<3x4xf64> -> tensor<3x3xf64>
  return
}

// -----

func.func @rank(%a: tensor<3xf64>) {
  // expected-error @+1 {{needs a matrix, but has 'tensor<3xf64>'}}
  %c = noodle.matrix_power %a {n = 2 : i64} : tensor<3xf64> -> tensor<3xf64>
  return
}

// -----

func.func @integers(%a: tensor<3x3xi32>) {
  // expected-error @+1 {{solves in f32 or f64, not in 'i32': integers have no quotients}}
  %c = noodle.solve %a : tensor<3x3xi32> -> tensor<3x3xi32>
  return
}

// -----

func.func @mixed(%a: tensor<3x3xf64>, %b: tensor<3xf32>) {
  // expected-error @+1 {{needs a right-hand side of 'f64', but has 'tensor<3xf32>'}}
  %c = noodle.solve %a apply(%b : tensor<3xf32>) : tensor<3x3xf64> -> tensor<3xf64>
  return
}

// -----

func.func @length(%a: tensor<3x3xf64>, %b: tensor<2x4xf64>) {
  // expected-error @+1 {{has a right-hand side of extent 2 in dimension 0, but the matrix has 3}}
  %c = noodle.closure %a apply(%b : tensor<2x4xf64>) : tensor<3x3xf64> -> tensor<2x4xf64>
  return
}

// -----

func.func @side(%a: tensor<3x3xf64>) {
  // expected-error @+1 {{'left' says where a right-hand side stands, but there is none}}
  %c = noodle.closure %a {left} : tensor<3x3xf64> -> tensor<3x3xf64>
  return
}

// -----

func.func @semiring(%a: tensor<3x3xf64>) {
  // expected-error @+1 {{semiring or_and is not defined for 'f64': its type is i1}}
  %c = noodle.closure %a {semiring = #noodle.semiring<or_and>} : tensor<3x3xf64> -> tensor<3x3xf64>
  return
}

// -----

func.func @complex(%a: tensor<3x3xcomplex<f64>>) {
  // expected-error @+1 {{is not defined for 'complex<f64>'}}
  %c = noodle.closure %a : tensor<3x3xcomplex<f64>> -> tensor<3x3xcomplex<f64>>
  return
}

// -----

func.func @exponents(%a: tensor<3x3xf64>, %n: i64) {
  // expected-error @+1 {{needs either 'n' or an exponent operand}}
  %c = noodle.matrix_power %a to(%n) {n = 2 : i64} : tensor<3x3xf64> -> tensor<3x3xf64>
  return
}

// -----

func.func @structure(%a: tensor<3x3xf64>) {
  // expected-error @+1 {{has no structure 'triangular': there are general, lower, upper, unit_lower, unit_upper and spd}}
  %c = noodle.solve %a {structure = "triangular"} : tensor<3x3xf64> -> tensor<3x3xf64>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @sparse(%a: tensor<3x3xf64, #csr>) {
  // expected-error @+1 {{needs a dense matrix}}
  %c = noodle.solve %a : tensor<3x3xf64, #csr> -> tensor<3x3xf64>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @sparse_result(%a: tensor<3x3xf64, #csr>) {
  // expected-error @+1 {{what it computes is dense; use noodle.convert}}
  %c = noodle.closure %a : tensor<3x3xf64, #csr> -> tensor<3x3xf64, #csr>
  return
}

// -----

func.func @property(%a: tensor<3x3xf64>) {
  // expected-error @+1 {{has no property 'triangular': there are zero, identity, diagonal, lower,}}
  %c = noodle.assume %a {props = ["triangular"]} : tensor<3x3xf64>
  return
}

// -----

func.func @rectangle(%a: tensor<3x4xf64>) {
  // expected-error @+1 {{'lower' is a property of square matrices, but it has 'tensor<3x4xf64>'}}
  %c = noodle.assume %a {props = ["nonneg", "lower"]} : tensor<3x4xf64>
  return
}
