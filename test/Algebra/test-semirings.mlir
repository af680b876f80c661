// RUN: noodle-opt %s --noodle-test-semirings --split-input-file --verify-diagnostics

noodle.semiring @bottleneck : f64
  traits <associative, commutative, distributive, annihilating, idempotent>
  zero {
    %z = arith.constant 0xFFF0000000000000 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 0x7FF0000000000000 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    %m = arith.maximumf %a, %b : f64
    noodle.yield %m : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    %m = arith.minimumf %a, %b : f64
    noodle.yield %m : f64
  }

// -----

// expected-error @+1 {{@wrong: zero + a = a does not hold for a = 0: 1 is not 0}}
noodle.semiring @wrong : i64
  zero {
    %z = arith.constant 1 : i64
    noodle.yield %z : i64
  } one {
    %o = arith.constant 1 : i64
    noodle.yield %o : i64
  } add {
  ^bb0(%a: i64, %b: i64):
    %s = arith.addi %a, %b : i64
    noodle.yield %s : i64
  } mul {
  ^bb0(%a: i64, %b: i64):
    %s = arith.muli %a, %b : i64
    noodle.yield %s : i64
  }

// -----

// Addition that is not commutative.
// expected-error @+1 {{@left: a + b = b + a does not hold for}}
noodle.semiring @left : i32
  zero {
    %z = arith.constant 0 : i32
    noodle.yield %z : i32
  } one {
    %o = arith.constant 1 : i32
    noodle.yield %o : i32
  } add {
  ^bb0(%a: i32, %b: i32):
    %z = arith.constant 0 : i32
    %none = arith.cmpi eq, %a, %z : i32
    %s = arith.select %none, %b, %a : i32
    noodle.yield %s : i32
  } mul {
  ^bb0(%a: i32, %b: i32):
    %s = arith.muli %a, %b : i32
    noodle.yield %s : i32
  }

// -----

// A declared trait that does not hold: + over min.
// expected-error @+1 {{@plus_min: a * (b + c) = a * b + a * c does not hold for a = }}
noodle.semiring @plus_min : i64 traits <associative, commutative, distributive>
  zero {
    %z = arith.constant 0 : i64
    noodle.yield %z : i64
  } one {
    %o = arith.constant 9223372036854775807 : i64
    noodle.yield %o : i64
  } add {
  ^bb0(%a: i64, %b: i64):
    %s = arith.addi %a, %b : i64
    noodle.yield %s : i64
  } mul {
  ^bb0(%a: i64, %b: i64):
    %s = arith.minsi %a, %b : i64
    noodle.yield %s : i64
  }

// -----

// min_plus over integers without saturation: the zero does not annihilate.
// expected-error @+1 {{@wraps: zero * a = zero does not hold for a = 1: -2147483648 is not 2147483647}}
noodle.semiring @wraps : i32 traits <annihilating>
  zero {
    %z = arith.constant 2147483647 : i32
    noodle.yield %z : i32
  } one {
    %o = arith.constant 0 : i32
    noodle.yield %o : i32
  } add {
  ^bb0(%a: i32, %b: i32):
    %s = arith.minsi %a, %b : i32
    noodle.yield %s : i32
  } mul {
  ^bb0(%a: i32, %b: i32):
    %s = arith.addi %a, %b : i32
    noodle.yield %s : i32
  }

// -----

// What is not declared is not asked for.
noodle.semiring @quiet : f32
  zero {
    %z = arith.constant 0.0 : f32
    noodle.yield %z : f32
  } one {
    %o = arith.constant 1.0 : f32
    noodle.yield %o : f32
  } add {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    noodle.yield %s : f32
  } mul {
  ^bb0(%a: f32, %b: f32):
    %s = arith.mulf %a, %b : f32
    noodle.yield %s : f32
  }

// -----

// Division by zero ends the test with the op's place.
// expected-error @+1 {{'mul' fails on sample values}}
noodle.semiring @divides : i32
  zero {
    %z = arith.constant 0 : i32
    noodle.yield %z : i32
  } one {
    %o = arith.constant 1 : i32
    noodle.yield %o : i32
  } add {
  ^bb0(%a: i32, %b: i32):
    %s = arith.addi %a, %b : i32
    noodle.yield %s : i32
  } mul {
  ^bb0(%a: i32, %b: i32):
    %s = arith.divsi %a, %b : i32
    noodle.yield %s : i32
  }
