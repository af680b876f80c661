// RUN: noodle-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{'noodle.semiring' op element type must be f16, bf16, f32, f64, i8, i32, i64, i1, complex<f32> or complex<f64>, but is 'f128'}}
noodle.semiring @quad : f128
  zero {
    %z = arith.constant 0.0 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 1.0 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    noodle.yield %a : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    noodle.yield %a : f64
  }

// -----

// expected-error@+1 {{'noodle.semiring' op zero must have no arguments}}
noodle.semiring @zero_arguments : f64
  zero {
  ^bb0(%a: f64):
    noodle.yield %a : f64
  } one {
    %o = arith.constant 1.0 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    noodle.yield %a : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    noodle.yield %a : f64
  }

// -----

// expected-error@+1 {{'noodle.semiring' op add must have arguments ('f64', 'f64')}}
noodle.semiring @add_arguments : f64
  zero {
    %z = arith.constant 0.0 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 1.0 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64):
    noodle.yield %a : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    noodle.yield %a : f64
  }

// -----

// expected-error@+1 {{'noodle.semiring' op one must end with a noodle.yield of one 'f64'}}
noodle.semiring @one_type : f64
  zero {
    %z = arith.constant 0.0 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 1.0 : f32
    noodle.yield %o : f32
  } add {
  ^bb0(%a: f64, %b: f64):
    noodle.yield %a : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    noodle.yield %a : f64
  }

// -----

noodle.semiring @no_yield : f64
  zero {
    %z = arith.constant 0.0 : f64
    noodle.yield %z : f64
  } one {
    // expected-error@+1 {{block with no terminator}}
    %o = arith.constant 1.0 : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    noodle.yield %a : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    noodle.yield %a : f64
  }

// -----

// expected-error@+1 {{'noodle.semiring' op mul may only hold ops of arith, math and complex}}
noodle.semiring @foreign : f64
  zero {
    %z = arith.constant 0.0 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 1.0 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    noodle.yield %a : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    // expected-note@+1 {{'noodle.poll' is not one}}
    noodle.poll
    noodle.yield %a : f64
  }

// -----

noodle.semiring @trait : f64
  // expected-error@+1 {{expected one of none, associative, commutative, distributive, annihilating, idempotent}}
  traits <lucky>
  zero {
  } one {
  } add {
  } mul {
  }

// -----

func.func @yield() {
  // expected-error@+1 {{'noodle.yield' op expects parent op to be one of 'noodle.map, noodle.semiring, noodle.fused_contract'}}
  noodle.yield
}
