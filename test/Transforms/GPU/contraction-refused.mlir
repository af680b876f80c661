// RUN: noodle-opt %s --noodle-offload-ops --split-input-file --verify-diagnostics

// Which contractions have no kernel, and why.

func.func @three(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error@+1 {{has no kernel: it has 3 operands, not two}}
  %c = noodle.contract "ij,jk,kl->il" (%a, %a, %a) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %c : tensor<4x4xf32>
}

// -----

func.func @one(%a: tensor<4x4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{has no kernel: it has 1 operand, not two}}
  %c = noodle.contract "ij->i" (%a) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<4x4xf32>) -> tensor<4xf32>
  return %c : tensor<4xf32>
}

// -----

func.func @diagonal(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{has no kernel: letter i is repeated in operand 0}}
  %c = noodle.contract "ii,ij->j" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4xf32>
  return %c : tensor<4xf32>
}

// -----

func.func @alone(%a: tensor<4x5x6xf32>, %b: tensor<5x4xf32>) -> tensor<4x4xf32> {
  // expected-error@+1 {{has no kernel: letter l is summed over operand 0 alone}}
  %c = noodle.contract "ikl,kj->ij" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<4x5x6xf32>, tensor<5x4xf32>) -> tensor<4x4xf32>
  return %c : tensor<4x4xf32>
}

// -----

func.func @free(%a: tensor<4x5xf32>, %b: tensor<5x4xf32>) -> tensor<4x4x7xf32> {
  // expected-error@+1 {{has no kernel: no operand has letter n}}
  %c = noodle.contract "ik,kj->ijn" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<4x5xf32>, tensor<5x4xf32>) -> tensor<4x4x7xf32>
  return %c : tensor<4x4x7xf32>
}

// -----

func.func @uneven(%a: tensor<4x5x6xf32>, %b: tensor<6x5x4xf32>) -> tensor<4x4xf32> {
  // expected-error@+1 {{has no kernel: the summed letters k, l do not step evenly through both operands}}
  %c = noodle.contract "ikl,lkj->ij" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<4x5x6xf32>, tensor<6x5x4xf32>) -> tensor<4x4xf32>
  return %c : tensor<4x4xf32>
}

// -----

func.func @single(%a: tensor<4xf32>) -> tensor<f32> {
  // expected-error@+1 {{has no kernel: a single sum has no kernel}}
  %c = noodle.contract "i,i->" (%a, %a) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<4xf32>, tensor<4xf32>) -> tensor<f32>
  return %c : tensor<f32>
}

// -----

func.func @nothing(%a: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@+1 {{has no kernel: nothing is summed}}
  %c = noodle.contract "i,i->i" (%a, %a) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %c : tensor<4xf32>
}

// -----

func.func @masked(%a: tensor<4x4xf32>, %m: tensor<4x4xi1>) -> tensor<4x4xf32> {
  // expected-error@+1 {{has no kernel: it is masked}}
  %c = noodle.contract "ik,kj->ij" (%a, %a) mask(%m : tensor<4x4xi1>) {mask_valued, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %c : tensor<4x4xf32>
}

// -----

noodle.semiring @waves : f32 traits <associative, commutative>
  zero {
    %z = arith.constant 0.0 : f32
    noodle.yield %z : f32
  } one {
    %z = arith.constant 0.0 : f32
    noodle.yield %z : f32
  } add {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    noodle.yield %s : f32
  } mul {
  ^bb0(%a: f32, %b: f32):
    %s = math.sin %a : f32
    noodle.yield %s : f32
  }
func.func @no_polynomial(%a: tensor<4x4xf32>) -> tensor<4x4xf32> {
  // expected-error@+1 {{has no kernel: in semiring @waves: math.sin has no polynomial}}
  %c = noodle.contract "ik,kj->ij" (%a, %a) {semiring = #noodle.semiring<@waves>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %c : tensor<4x4xf32>
}
