// RUN: noodle-opt %s --noodle-offload-ops --split-input-file --verify-diagnostics

// Which maps, reductions and sparse contractions have no kernel, and why.

func.func @sine(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error@+1 {{has no kernel: math.sin has no polynomial}}
  %0 = noodle.map (%x) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: f32):
    %s = math.sin %a : f32
    noodle.yield %s : f32
  }
  return %0 : tensor<8xf32>
}

// -----

func.func @remainder(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error@+1 {{has no kernel: arith.remf has no exact instruction}}
  %0 = noodle.map (%x, %x) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.remf %a, %b : f32
    noodle.yield %s : f32
  }
  return %0 : tensor<8xf32>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @sparse_map(%x: tensor<8x8xf32, #csr>) -> tensor<8x8xf32, #csr> {
  // expected-error@+1 {{has no kernel: a sparse operand or result has no kernel of this kind}}
  %0 = noodle.map (%x) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<8x8xf32, #csr>) -> tensor<8x8xf32, #csr> {
  ^bb0(%a: f32):
    %s = arith.negf %a : f32
    noodle.yield %s : f32
  }
  return %0 : tensor<8x8xf32, #csr>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @sparse_reduce(%x: tensor<8x8xf32, #csr>) -> tensor<8xf32> {
  // expected-error@+1 {{has no kernel: a sparse operand or result has no kernel of this kind}}
  %0 = noodle.reduce %x {dims = array<i64: 1>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : tensor<8x8xf32, #csr> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func @deep(%x: tensor<1x1x1x1x1x1x1x1x8xf32>) -> tensor<1x1x1x1x1x1x1x1x8xf32> {
  // expected-error@+1 {{has no kernel: kernels take tensors of at most 8 dimensions}}
  %0 = noodle.softmax %x {axis = 8 : i64, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<1x1x1x1x1x1x1x1x8xf32>
  return %0 : tensor<1x1x1x1x1x1x1x1x8xf32>
}

// -----

noodle.semiring @wave : f32
  traits <associative, commutative, distributive, annihilating>
  zero {
    %z = arith.constant 0.0 : f32
    noodle.yield %z : f32
  } one {
    %o = arith.constant 1.0 : f32
    noodle.yield %o : f32
  } add {
  ^bb0(%a: f32, %b: f32):
    %m = arith.addf %a, %b : f32
    noodle.yield %m : f32
  } mul {
  ^bb0(%a: f32, %b: f32):
    %m = math.cos %a : f32
    noodle.yield %m : f32
  }
func.func @own(%x: tensor<8x8xf32>) -> tensor<8xf32> {
  // expected-error@+1 {{has no kernel: in semiring @wave: math.cos has no polynomial}}
  %0 = noodle.reduce %x {dims = array<i64: 1>, semiring = #noodle.semiring<@wave>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<8x8xf32> -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @both(%a: tensor<8x8xf32, #csr>) -> tensor<8x8xf32> {
  // expected-error@+1 {{has no kernel: a product of two sparse matrices has no kernel}}
  %0 = noodle.contract "ij,jk->ik" (%a, %a) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<8x8xf32, #csr>, tensor<8x8xf32, #csr>) -> tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @result(%a: tensor<8x8xf32, #csr>, %b: tensor<8x8xf32>) -> tensor<8x8xf32, #csr> {
  // expected-error@+1 {{has no kernel: a sparse result has no kernel}}
  %0 = noodle.contract "ij,ij->ij" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<8x8xf32, #csr>, tensor<8x8xf32>) -> tensor<8x8xf32, #csr>
  return %0 : tensor<8x8xf32, #csr>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @three(%a: tensor<8x8xf32, #csr>, %b: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error@+1 {{has no kernel: kernels multiply one sparse matrix by one dense operand}}
  %0 = noodle.contract "ij,j,i->i" (%a, %b, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<8x8xf32, #csr>, tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// The stored order is by rows, the result's by columns.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @columns(%a: tensor<8x8xf32, #csr>, %b: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error@+1 {{has no kernel: a sparse operand's kernel needs its rows in the result and its columns first in the dense operand}}
  %0 = noodle.contract "ji,j->i" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<8x8xf32, #csr>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @masked(%a: tensor<8x8xf32, #csr>, %b: tensor<8xf32>, %m: tensor<8xi1>) -> tensor<8xf32> {
  // expected-error@+1 {{has no kernel: a masked product has no sparse kernel}}
  %0 = noodle.contract "ij,j->i" (%a, %b) mask(%m : tensor<8xi1>) {mask_valued, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<8x8xf32, #csr>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @wide(%a: tensor<8x8xi32, #csr>, %b: tensor<8xi32>, %c: tensor<8xi32>) -> tensor<8xi32> {
  // expected-error@+1 {{has no kernel: adding into a tensor of another format or type has no sparse kernel}}
  %0 = noodle.contract "ij,j->i" (%a, %b) into (%c : tensor<8xi32>) {accumulator = i64, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<8x8xi32, #csr>, tensor<8xi32>) -> tensor<8xi32>
  return %0 : tensor<8xi32>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @diagonal(%a: tensor<8x8xf32, #csr>, %b: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error@+1 {{has no kernel: a diagonal of a sparse matrix has no kernel}}
  %0 = noodle.contract "ii,i->i" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<8x8xf32, #csr>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @broadcast(%a: tensor<8x1xf32, #csr>, %b: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error@+1 {{has no kernel: a sparse operand that broadcasts has no kernel}}
  %0 = noodle.contract "ij,j->i" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<8x1xf32, #csr>, tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

func.func private @f(%a: f32) -> f32 {
  return %a : f32
}
func.func @named(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error@+1 {{has no kernel: the body is a function that was not inlined}}
  %0 = noodle.map @f (%x) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
