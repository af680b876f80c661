// RUN: noodle-opt %s -split-input-file -verify-diagnostics

func.func @no_body(%x: tensor<4xf32>) {
  // expected-error@+1 {{'noodle.map' op needs a body or the name of a function}}
  %r = noodle.map (%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func private @relu(f32) -> f32
func.func @both(%x: tensor<4xf32>) {
  // expected-error@+1 {{has a body beside its callee @relu}}
  %r = noodle.map @relu (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

func.func @arguments(%x: tensor<4xf32>, %k: f32) {
  // expected-error@+1 {{body must have arguments ('f32', 'f32')}}
  %r = noodle.map (%x, %k) : (tensor<4xf32>, f32) -> tensor<4xf32> {
  ^bb0(%a: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

func.func @yields_nothing(%x: tensor<4xf32>) {
  // expected-error@+1 {{body must end with a noodle.yield of one 'f32'}}
  %r = noodle.map (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32):
  }
  return
}

// -----

func.func @yield_type(%x: tensor<4xf32>) {
  // expected-error@+1 {{body must end with a noodle.yield of one 'f64'}}
  %r = noodle.map (%x) : (tensor<4xf32>) -> tensor<4xf64> {
  ^bb0(%a: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

func.func @foreign_op(%x: tensor<4xf32>) {
  // expected-error@+1 {{body may only hold ops of arith, math and complex}}
  %r = noodle.map (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32):
    %true = arith.constant true
    // expected-note@+1 {{'noodle.check' is not one}}
    noodle.check %true, "never"
    noodle.yield %a : f32
  }
  return
}

// -----

func.func @other_type(%x: tensor<4xf32>) {
  // expected-error@+1 {{body may only compute with f16, bf16, f32, f64, i8, i32, i64, i1 and complex numbers}}
  %r = noodle.map (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32):
    // expected-note@+1 {{'arith.extf' has another type}}
    %b = arith.extf %a : f32 to f128
    %c = arith.truncf %b : f128 to f32
    noodle.yield %c : f32
  }
  return
}

// -----

func.func @other_complex_op(%x: tensor<4xcomplex<f32>>) {
  // expected-error@+1 {{body may only hold abs, add, angle, conj, constant, create, div, eq, exp, im, log, mul, neg, neq, re, sqrt and sub of complex}}
  %r = noodle.map (%x) : (tensor<4xcomplex<f32>>) -> tensor<4xcomplex<f32>> {
  ^bb0(%a: complex<f32>):
    // expected-note@+1 {{'complex.tan' is not one}}
    %b = complex.tan %a : complex<f32>
    noodle.yield %b : complex<f32>
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @half_of_complex(%x: tensor<4x4xcomplex<f32>, #csr>) {
  // expected-error@+1 {{'absent' must be a scalar of type 'f32'}}
  %r = noodle.map (%x) {absent = 0.0 : f16} : (tensor<4x4xcomplex<f32>, #csr>) -> tensor<4x4xf32> {
  ^bb0(%a: complex<f32>):
    %b = complex.abs %a : complex<f32>
    noodle.yield %b : f32
  }
  return
}

// -----

func.func @captures(%x: tensor<4xf32>, %k: f32) {
  // expected-note@+1 {{required by region isolation constraints}}
  %r = noodle.map (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32):
    // expected-error@+1 {{using value defined outside the region}}
    %b = arith.addf %a, %k : f32
    noodle.yield %b : f32
  }
  return
}

// -----

func.func @no_function(%x: tensor<4xf32>) {
  // expected-error@+1 {{'noodle.map' op no function is named @missing}}
  %r = noodle.map @missing (%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func private @declared(f32) -> f32
func.func @no_function_body(%x: tensor<4xf32>) {
  // expected-error@+1 {{function @declared has no body}}
  %r = noodle.map @declared (%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @wide(%a: f64) -> f64 {
  return %a : f64
}
func.func @function_type(%x: tensor<4xf32>) {
  // expected-error@+1 {{function @wide must have type '(f32) -> f32'}}
  %r = noodle.map @wide (%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @branches(%a: f32) -> f32 {
  cf.br ^next
^next:
  return %a : f32
}
func.func @function_branches(%x: tensor<4xf32>) {
  // expected-error@+1 {{function @branches must be one block without branches}}
  %r = noodle.map @branches (%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @calls(%a: f32) -> f32 {
  // expected-note@+1 {{'func.call' is not one}}
  %b = func.call @calls(%a) : (f32) -> f32
  return %b : f32
}
func.func @function_calls(%x: tensor<4xf32>) {
  // expected-error@+1 {{function @calls may only hold ops of arith, math and complex}}
  %r = noodle.map @calls (%x) : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @rank(%x: tensor<4xf32>, %y: tensor<2x4xf32>) {
  // expected-error@+1 {{operand #0 ('tensor<4xf32>') must be a scalar or have the result's rank, 2}}
  %r = noodle.map (%x, %y) : (tensor<4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32> {
  ^bb0(%a: f32, %b: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

func.func @extent(%x: tensor<4xf32>) {
  // expected-error@+1 {{operand #0 ('tensor<4xf32>') has extent 4 in dimension 0, but the result has 5}}
  %r = noodle.map (%x) : (tensor<4xf32>) -> tensor<5xf32> {
  ^bb0(%a: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

func.func @operand_extents(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error@+1 {{operand #1 ('tensor<5xf32>') has extent 5 in dimension 0, but operand #0 has 4}}
  %r = noodle.map (%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<?xf32> {
  ^bb0(%a: f32, %b: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

func.func @scalars(%k: f32) {
  // expected-error@+1 {{result ('tensor<?xf32>') must be static where all operands are scalars}}
  %r = noodle.map (%k) : (f32) -> tensor<?xf32> {
  ^bb0(%a: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

func.func @index(%k: index) {
  // expected-error@+1 {{operand #0 must be variadic of}}
  %r = noodle.map (%k) : (index) -> tensor<4xf32> {
  ^bb0(%a: index):
    %b = arith.constant 0.0 : f32
    noodle.yield %b : f32
  }
  return
}

// -----

func.func @stored_dense(%x: tensor<4xf32>) {
  // expected-error@+1 {{over stored entries needs a sparse operand}}
  %r = noodle.map (%x) {over = #noodle.over<stored>} : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

func.func @absent_dense(%x: tensor<4xf32>) {
  // expected-error@+1 {{'absent' needs a sparse operand}}
  %r = noodle.map (%x) {absent = 1.0 : f32} : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @two_sparse(%x: tensor<4x4xf32, #csr>) {
  // expected-error@+1 {{is sparse, as operand #0 is: over stored entries only one operand may be}}
  %r = noodle.map (%x, %x) : (tensor<4x4xf32, #csr>, tensor<4x4xf32, #csr>) -> tensor<4x4xf32, #csr> {
  ^bb0(%a: f32, %b: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @all_sparse_result(%x: tensor<4x4xf32, #csr>) {
  // expected-error@+1 {{must be dense where all entries are visited}}
  %r = noodle.map (%x) {over = #noodle.over<all>} : (tensor<4x4xf32, #csr>) -> tensor<4x4xf32, #csr> {
  ^bb0(%a: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @absent_type(%x: tensor<4x4xf32, #csr>) {
  // expected-error@+1 {{'absent' must be a scalar of type 'f32', but is 1.000000e+00 : f64}}
  %r = noodle.map (%x) {over = #noodle.over<all>, absent = 1.0 : f64} : (tensor<4x4xf32, #csr>) -> tensor<4x4xf64> {
  ^bb0(%a: f32):
    %b = arith.extf %a : f32 to f64
    noodle.yield %b : f64
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @absent_stored_type(%x: tensor<4x4xf32, #csr>) {
  // expected-error@+1 {{'absent' must be a scalar of type 'f64', but is 1.000000e+00 : f32}}
  %r = noodle.map (%x) {absent = 1.0 : f32} : (tensor<4x4xf32, #csr>) -> tensor<4x4xf64> {
  ^bb0(%a: f32):
    %b = arith.extf %a : f32 to f64
    noodle.yield %b : f64
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @absent_two_types(%x: tensor<4x4xf32, #csr>, %y: tensor<4x4xf64, #csr>) {
  // expected-error@+1 {{has another element type than operand #0, so 'absent' cannot stand for both}}
  %r = noodle.map (%x, %y) {over = #noodle.over<all>, absent = 1.0 : f32} : (tensor<4x4xf32, #csr>, tensor<4x4xf64, #csr>) -> tensor<4x4xf32> {
  ^bb0(%a: f32, %b: f64):
    noodle.yield %a : f32
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @absent_sparse_result(%x: tensor<4x4xf32, #csr>) {
  // expected-error@+1 {{'absent' has no use where the result is sparse}}
  %r = noodle.map (%x) {absent = 1.0 : f32} : (tensor<4x4xf32, #csr>) -> tensor<4x4xf32, #csr> {
  ^bb0(%a: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
func.func @other_encoding(%x: tensor<4x4xf32, #csr>) {
  // expected-error@+1 {{has the pattern of operand #0 and must have its encoding}}
  %r = noodle.map (%x) : (tensor<4x4xf32, #csr>) -> tensor<4x4xf32, #csc> {
  ^bb0(%a: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @stored_broadcast(%x: tensor<1x4xf32, #csr>, %y: tensor<4x4xf32>) {
  // expected-error@+1 {{must have the result's shape, as its stored entries are visited}}
  %r = noodle.map (%x, %y) : (tensor<1x4xf32, #csr>, tensor<4x4xf32>) -> tensor<4x4xf32> {
  ^bb0(%a: f32, %b: f32):
    noodle.yield %a : f32
  }
  return
}

// -----

func.func @syntax(%x: tensor<4xf32>) {
  // expected-error@+1 {{'noodle.map' op attribute 'over' failed to satisfy constraint}}
  %r = noodle.map (%x) {over = 3 : i32} : (tensor<4xf32>) -> tensor<4xf32>
  return
}
