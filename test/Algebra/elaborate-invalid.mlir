// RUN: noodle-opt %s --noodle-elaborate --split-input-file --verify-diagnostics

func.func @memory(%n: index) {
  // expected-error @+1 {{'memref.alloc' is not accepted: programs are made of noodle, func, scf, arith, math and tensor ops}}
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

// expected-error @+1 {{function @outside has no body}}
func.func private @outside()

// -----

// expected-error @+1 {{argument #1 of @half has type 'tensor<?xf16>': elements are f32, f64, i32, i64 or i1}}
func.func @half(%a: f32, %b: tensor<?xf16>) {
  return
}

// -----

#coo = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed(nonunique), d1 : singleton)}>
// expected-error @+1 {{sparse tensors are CSR or CSC with 32- or 64-bit indices}}
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
