// RUN: noodle-opt %s --noodle-elaborate --split-input-file --verify-diagnostics

func.func @memory(%n: index) {
  // expected-error @+1 {{'memref.alloc' is not accepted: programs are made of noodle, func, scf, arith, math, complex and tensor ops}}
  %m = memref.alloc(%n) : memref<?xf32>
  return
}

// -----

func.func @branch() {
  // expected-error @+1 {{'cf.br' is not accepted: use scf}}
  cf.br ^next
^next:
  return
}

// -----

func.func @tangent(%a: complex<f64>) -> complex<f64> {
  // expected-error @+1 {{'complex.tan' is not accepted: of complex programs may hold abs, add, angle, conj, constant, create, div, eq, exp, im, log, mul, neg, neq, re, sqrt and sub}}
  %r = complex.tan %a : complex<f64>
  return %r : complex<f64>
}

// -----

// expected-error @+1 {{function @outside has no body}}
func.func private @outside()

// -----

// expected-error @+1 {{argument #1 of @quad has type 'tensor<?xf128>': elements are f16, bf16, f32, f64, i8, i32, i64, i1, complex<f32> or complex<f64>}}
func.func @quad(%a: f32, %b: tensor<?xf128>) {
  return
}

// -----

#coo = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed(nonunique), d1 : singleton)}>
// expected-error @+1 {{sparse tensors are CSR, CSC, COO, DCSR or BSR matrices, or vectors, with 32- or 64-bit indices}}
func.func @coo(%a: tensor<?x?xf64, #coo>) {
  return
}

// -----

// expected-error @+1 {{result #0 of @pair has type 'vector<2xf32>': arguments and results are ranked tensors or scalars}}
func.func @pair() -> vector<2xf32> {
  %c = arith.constant dense<0.0> : vector<2xf32>
  return %c : vector<2xf32>
}

// -----

func.func private @even(%n: i64) -> i64 {
  %r = func.call @odd(%n) : (i64) -> i64
  return %r : i64
}
func.func private @odd(%n: i64) -> i64 {
  // expected-error @+1 {{@even calls itself: write the recursion as a loop}}
  %r = func.call @even(%n) : (i64) -> i64
  return %r : i64
}
func.func @main(%n: i64) -> i64 {
  %r = func.call @even(%n) : (i64) -> i64
  return %r : i64
}

// -----

func.func @parallel(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{'scf.parallel' is not accepted: use scf.for: the compiler decides what runs in parallel}}
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
  }
  return
}

// -----

func.func @reshape(%x: tensor<?xf32>, %s: tensor<2xi64>) -> tensor<?x?xf32> {
  // expected-error @+1 {{'tensor.reshape' is not accepted: use tensor.expand_shape and tensor.collapse_shape}}
  %r = tensor.reshape %x(%s) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// -----

func.func @launch(%x: tensor<64xf32>, %n: index) -> tensor<64xf32> {
  // expected-error @below {{'noodle.launch' is not accepted: only the compiler launches kernels: give an op the strategy gpu}}
  %ran, %y = noodle.launch @elementwise_0 grid(%n, %n, %n) outs(%x : tensor<64xf32>) : tensor<64xf32>
  return %y : tensor<64xf32>
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @fused_contract(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // expected-error @below {{'noodle.fused_contract' is not accepted: only the compiler fuses contractions: use noodle.contract}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } rhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } combine {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %s, %p : f32
    noodle.yield %t : f32
  } epilogue {
  ^bb0(%s: f32):
    noodle.yield %s : f32
  } : tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}

// -----

#vector = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed)}>
func.func @vector(%a: tensor<?xf64, #vector>, %i: index) -> f64 {
  // expected-error @+1 {{'tensor.extract' op is not for sparse vectors: they take part in noodle.contract, map, merge, reduce and convert, and in tensor.dim}}
  %x = tensor.extract %a[%i] : tensor<?xf64, #vector>
  return %x : f64
}
