// RUN: noodle-opt %s --noodle-test-homomorphisms --noodle-inline-diagrams --noodle-elaborate-morphisms --split-input-file --verify-diagnostics

!m = !noodle.hom<[2] -> [2], i64>
func.func @call(%t: tensor<2x2xi64>) -> tensor<2x2xi64> {
  %f = noodle.from_tensor %t : tensor<2x2xi64> -> !m
  // expected-error @+1 {{'func.call' carries a morphism: they live within a function; use noodle.to_tensor before and noodle.from_tensor after}}
  %g = func.call @same(%f) : (!m) -> !m
  %u = noodle.to_tensor %g : !m -> tensor<2x2xi64>
  return %u : tensor<2x2xi64>
}
func.func private @same(%f: !m) -> !m {
  return %f : !m
}

// -----

// Being even is none: odd plus odd is even, but false or false is false.
func.func @parity(%t: tensor<2xi64>) -> tensor<2xi1> {
  %f = noodle.from_tensor %t : tensor<2xi64> -> !noodle.hom<[] -> [2], i64>
  // expected-error @+1 {{is no homomorphism: h(0) = 0 does not hold: 1 is not 0}}
  %g = noodle.hom_map %f {homomorphism} : !noodle.hom<[] -> [2], i64> -> !noodle.hom<[] -> [2], i1, #noodle.semiring<xor_and>> {
  ^bb0(%x: i64):
    %one = arith.constant 1 : i64
    %zero = arith.constant 0 : i64
    %bit = arith.andi %x, %one : i64
    %even = arith.cmpi eq, %bit, %zero : i64
    noodle.return %even : i1
  }
  %u = noodle.to_tensor %g : !noodle.hom<[] -> [2], i1, #noodle.semiring<xor_and>> -> tensor<2xi1>
  return %u : tensor<2xi1>
}

// -----

// Reals to booleans: 1 + -1 is 0.
func.func @pattern(%t: tensor<2xf64>) -> tensor<2xi1> {
  %f = noodle.from_tensor %t : tensor<2xf64> -> !noodle.hom<[] -> [2], f64>
  // expected-error @+1 {{is no homomorphism: h(a + b) = h(a) + h(b) does not hold for a = 1, b = -1: 0 is not 1}}
  %g = noodle.hom_map %f {homomorphism} : !noodle.hom<[] -> [2], f64> -> !noodle.hom<[] -> [2], i1, #noodle.semiring<or_and>> {
  ^bb0(%x: f64):
    %zero = arith.constant 0.0 : f64
    %y = arith.cmpf une, %x, %zero : f64
    noodle.return %y : i1
  }
  %u = noodle.to_tensor %g : !noodle.hom<[] -> [2], i1, #noodle.semiring<or_and>> -> tensor<2xi1>
  return %u : tensor<2xi1>
}

// -----

noodle.diagram @d : !noodle.arrow<[X, X] -> [X]> {
  %s = noodle.wires spider : !noodle.arrow<[X, X] -> [X]>
  noodle.return %s : !noodle.arrow<[X, X] -> [X]>
}
!s = !noodle.hom<[2, 3, 2, 3] -> [2, 3], f64>
noodle.functor @F : f64, #noodle.semiring<plus_times> objects {X = [2, 3]} generators {}
func.func @spider() {
  // expected-error @+1 {{has a spider on object 'X', which must be mapped to one wire}}
  %a = noodle.apply @F to @d : () -> !s
  return
}

// -----

noodle.diagram @d : !noodle.arrow<[X] -> [X]> {
  %s = noodle.wires id : !noodle.arrow<[X] -> [X]>
  noodle.return %s : !noodle.arrow<[X] -> [X]>
}
!s = !noodle.hom<[?] -> [?], f64>
noodle.functor @F : f64, #noodle.semiring<plus_times> objects {X = ["?"]} generators {}
func.func @open() {
  // expected-error @+1 {{to extents that only the call knows; a functor states the extents of objects that are wired}}
  %a = noodle.apply @F to @d : () -> !s
  return
}

// -----

// A diagram in which products must commute, over a semiring whose do not.
noodle.semiring @words : i64 traits <associative, distributive>
  zero {
    %z = arith.constant 0 : i64
    noodle.yield %z : i64
  } one {
    %o = arith.constant 1 : i64
    noodle.yield %o : i64
  } add {
  ^bb0(%a: i64, %b: i64):
    %m = arith.addi %a, %b : i64
    noodle.yield %m : i64
  } mul {
  ^bb0(%a: i64, %b: i64):
    %m = arith.muli %a, %b : i64
    noodle.yield %m : i64
  }
noodle.diagram @d : !noodle.arrow<[X, X] -> [X, X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [X]>
  %s = noodle.tensor %f, %f : (!noodle.arrow<[X] -> [X]>, !noodle.arrow<[X] -> [X]>) -> !noodle.arrow<[X, X] -> [X, X]>
  noodle.return %s : !noodle.arrow<[X, X] -> [X, X]>
}
!f = !noodle.hom<[2] -> [2], i64, #noodle.semiring<@words>>
!s = !noodle.hom<[2, 2] -> [2, 2], i64, #noodle.semiring<@words>>
noodle.functor @F : i64, #noodle.semiring<@words> objects {X = [2]} generators {f = !f}
func.func @apply(%t: tensor<2x2xi64>) {
  %f = noodle.from_tensor %t : tensor<2x2xi64> -> !f
  // expected-error @+1 {{semiring @words does not declare 'commutative'}}
  %a = noodle.apply @F to @d (f = %f) : (!f) -> !s
  return
}

// -----

!p = !noodle.hom<[?, 2] -> [?, 2], i64>
func.func @reshape(%t: tensor<?x2x?x2xi64>) -> tensor<?x2x?x2xi64> {
  %f = noodle.from_tensor %t : tensor<?x2x?x2xi64> -> !p
  // expected-error @+1 {{takes several wires for one, so their extents must be known when compiled}}
  %g = noodle.power %f {n = 2 : i64} : !p
  %u = noodle.to_tensor %g : !p -> tensor<?x2x?x2xi64>
  return %u : tensor<?x2x?x2xi64>
}
