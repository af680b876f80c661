// RUN: noodle-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{a wire's extent is a count or '?', not -2}}
func.func private @extent(!noodle.hom<[-2] -> [], f64>)

// -----

// expected-error @+1 {{semiring or_and is not defined for 'f64': its type is i1}}
func.func private @booleans(!noodle.hom<[2] -> [], f64, #noodle.semiring<or_and>>)

// -----

func.func @form(%t: tensor<2x3xf64>) {
  // expected-error @+1 {{the entries of '!noodle.hom<[3] -> [2], f64>' are a 'tensor<3x2xf64>', not a 'tensor<2x3xf64>'}}
  %f = noodle.from_tensor %t : tensor<2x3xf64> -> !noodle.hom<[3] -> [2], f64>
  return
}

// -----

func.func @objects(%f: !noodle.hom<[2] -> [3, 4], f64>, %g: !noodle.hom<[3, 5] -> [2], f64>) {
  // expected-error @+1 {{operand #1 ('!noodle.hom<[3, 5] -> [2], f64>') begins at [3, 5], but operand #0 ends at [3, 4]}}
  %h = noodle.compose %f, %g : (!noodle.hom<[2] -> [3, 4], f64>, !noodle.hom<[3, 5] -> [2], f64>) -> !noodle.hom<[2] -> [2], f64>
  return
}

// -----

func.func @number_of_wires(%f: !noodle.hom<[2] -> [3], f64>, %g: !noodle.hom<[3, 1] -> [2], f64>) {
  // expected-error @+1 {{begins at [3, 1], but operand #0 ends at [3]}}
  %h = noodle.compose %f, %g : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[3, 1] -> [2], f64>) -> !noodle.hom<[2] -> [2], f64>
  return
}

// -----

func.func @result(%f: !noodle.hom<[2] -> [3], f64>) {
  // expected-error @+1 {{result ('!noodle.hom<[3] -> [3], f64>') must be [2] -> [3]}}
  %h = noodle.compose %f : (!noodle.hom<[2] -> [3], f64>) -> !noodle.hom<[3] -> [3], f64>
  return
}

// -----

func.func @semirings(%f: !noodle.hom<[2] -> [3], f64>, %g: !noodle.hom<[3] -> [2], f64, #noodle.semiring<min_plus>>) {
  // expected-error @+1 {{operand #1 ('!noodle.hom<[3] -> [2], f64, #noodle.semiring<min_plus>>') is over #noodle.semiring<min_plus>, but the result over #noodle.semiring<plus_times>; change the base with noodle.hom_map}}
  %h = noodle.compose %f, %g : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[3] -> [2], f64, #noodle.semiring<min_plus>>) -> !noodle.hom<[2] -> [2], f64>
  return
}

// -----

func.func @elements(%f: !noodle.hom<[2] -> [3], f64>, %g: !noodle.hom<[3] -> [2], f32>) {
  // expected-error @+1 {{operand #1 ('!noodle.hom<[3] -> [2], f32>') has entries of 'f32', but the result of 'f64'; convert with noodle.hom_map}}
  %h = noodle.tensor %f, %g : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[3] -> [2], f32>) -> !noodle.hom<[2, 3] -> [3, 2], f64>
  return
}

// -----

func.func @nothing() {
  // expected-error @+1 {{composes nothing; the identity is noodle.wires id}}
  %h = noodle.compose : () -> !noodle.hom<[2] -> [2], f64>
  return
}

// -----

func.func @wires() {
  // expected-error @+1 {{must be of the form X -> X, X, ... for copy}}
  %c = noodle.wires copy : !noodle.hom<[3] -> [3, 4], f64>
  return
}

// -----

func.func @order() {
  // expected-error @+1 {{must be of the form X -> Y, where wire k of Y is wire permutation[k] of X for perm}}
  %c = noodle.wires perm {permutation = array<i64: 0, 0>} : !noodle.hom<[3, 3] -> [3, 3], f64>
  return
}

// -----

func.func @sizes(%n: index) {
  // expected-error @+1 {{has 1 sizes, but 2 different '?' wires}}
  %c = noodle.wires id (%n) : !noodle.hom<[?, ?] -> [?, ?], f64>
  return
}

// -----

func.func @sums(%f: !noodle.hom<[2] -> [3], f64>, %g: !noodle.hom<[2] -> [?], f64>) {
  // expected-error @+1 {{operand #1 ('!noodle.hom<[2] -> [?], f64>') must have the result's type}}
  %s = noodle.add %f, %g : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [?], f64>) -> !noodle.hom<[2] -> [3], f64>
  return
}

// -----

func.func @zero() {
  // expected-error @+1 {{is the zero and must state its extents}}
  %s = noodle.add : () -> !noodle.hom<[?] -> [3], f64>
  return
}

// -----

func.func @ragged(%f: !noodle.hom<[2] -> [3], f64>) {
  // expected-error @+1 {{this row has 1 blocks, the first one 2}}
  %b = noodle.block [[%f, %f], [%f]] : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [3], f64>) -> !noodle.hom<[4] -> [6], f64>
  return
}

// -----

func.func @columns(%f: !noodle.hom<[2] -> [3], f64>, %g: !noodle.hom<[2] -> [4], f64>) {
  // expected-error @+1 {{operand #1 ('!noodle.hom<[2] -> [4], f64>') ends at [4], but its column at [3]}}
  %b = noodle.block [[%f], [%g]] : (!noodle.hom<[2] -> [3], f64>, !noodle.hom<[2] -> [4], f64>) -> !noodle.hom<[4] -> [3], f64>
  return
}

// -----

func.func @several(%f: !noodle.hom<[2, 2] -> [3], f64>) {
  // expected-error @+1 {{stands in one of several rows and must begin at one wire}}
  %b = noodle.block [[%f], [%f]] : (!noodle.hom<[2, 2] -> [3], f64>, !noodle.hom<[2, 2] -> [3], f64>) -> !noodle.hom<[8] -> [3], f64>
  return
}

// -----

func.func @traced(%f: !noodle.hom<[2, 3] -> [3, 2], f64>) {
  // expected-error @+1 {{must end with the same 1 wires on both sides}}
  %t = noodle.trace %f : !noodle.hom<[2, 3] -> [3, 2], f64> -> !noodle.hom<[2] -> [3], f64>
  return
}

// -----

func.func @endless(%f: !noodle.hom<[2] -> [3], f64>) {
  // expected-error @+1 {{must be X -> X: it is composed with itself}}
  %t = noodle.star %f : !noodle.hom<[2] -> [3], f64>
  return
}

// -----

func.func @exponents(%f: !noodle.hom<[2] -> [2], f64>, %n: i64) {
  // expected-error @+1 {{takes either an operand or the attribute 'n'}}
  %t = noodle.power %f, %n {n = 2 : i64} : !noodle.hom<[2] -> [2], f64>
  return
}

// -----

func.func @rectangle(%f: !noodle.hom<[2, 3] -> [5], f64>) {
  // expected-error @+1 {{has 6 rows and 5 columns: only square matrices have an inverse}}
  %t = noodle.inverse %f : !noodle.hom<[2, 3] -> [5], f64> -> !noodle.hom<[5] -> [2, 3], f64>
  return
}

// -----

func.func @no_inverses(%f: !noodle.hom<[2] -> [2], f64, #noodle.semiring<min_plus>>) {
  // expected-error @+1 {{must have entries of f32 or f64 over plus_times: there are inverses}}
  %t = noodle.inverse %f : !noodle.hom<[2] -> [2], f64, #noodle.semiring<min_plus>> -> !noodle.hom<[2] -> [2], f64, #noodle.semiring<min_plus>>
  return
}

// -----

func.func @body(%f: !noodle.hom<[2] -> [2], f64>) {
  // expected-error @+1 {{body must return one 'f32'}}
  %t = noodle.hom_map %f : !noodle.hom<[2] -> [2], f64> -> !noodle.hom<[2] -> [2], f32> {
  ^bb0(%x: f64):
    noodle.return %x : f64
  }
  return
}

// -----

func.func @codomain(%v: tensor<9xi64>) {
  // expected-error @+1 {{must be [m] -> [n], where m is the length of operand #0}}
  %f = noodle.function %v : tensor<9xi64> -> !noodle.hom<[8] -> [4], f64>
  return
}

// -----

func.func @outside() {
  // expected-error @+1 {{is an arrow, which belongs in a noodle.diagram}}
  %c = noodle.wires id : !noodle.arrow<[X] -> [X]>
  return
}

// -----

// A semiring that does not distribute: (AB)C and A(BC) differ.
noodle.semiring @plus_min : i64 traits <associative, commutative>
  zero {
    %z = arith.constant 0 : i64
    noodle.yield %z : i64
  } one {
    %o = arith.constant 9223372036854775807 : i64
    noodle.yield %o : i64
  } add {
  ^bb0(%a: i64, %b: i64):
    %m = arith.addi %a, %b : i64
    noodle.yield %m : i64
  } mul {
  ^bb0(%a: i64, %b: i64):
    %m = arith.minsi %a, %b : i64
    noodle.yield %m : i64
  }
!two = !noodle.hom<[2] -> [2], i64, #noodle.semiring<@plus_min>>
func.func @grouping(%f: !two) {
  %fine = noodle.compose %f, %f : (!two, !two) -> !two
  // expected-error @+1 {{semiring @plus_min is not associative and distributive, so the grouping matters: compose two at a time}}
  %h = noodle.compose %f, %f, %f : (!two, !two, !two) -> !two
  return
}

// -----

// Products that do not commute: (f x g);(h x k) is not (f;h) x (g;k).
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
!one = !noodle.hom<[2] -> [2], i64, #noodle.semiring<@words>>
!pair = !noodle.hom<[2, 2] -> [2, 2], i64, #noodle.semiring<@words>>
func.func @interchange(%f: !one) {
  %fine = noodle.compose %f, %f, %f : (!one, !one, !one) -> !one
  // expected-error @+1 {{semiring @words does not declare 'commutative', so (f x g);(h x k) would not be (f;h) x (g;k)}}
  %h = noodle.tensor %f, %f : (!one, !one) -> !pair
  return
}

// -----

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
!one = !noodle.hom<[2] -> [2], i64, #noodle.semiring<@words>>
!pair = !noodle.hom<[2, 2] -> [2, 2], i64, #noodle.semiring<@words>>
func.func @cyclic(%f: !one) {
  // expected-error @+1 {{semiring @words does not declare 'commutative', so the trace of f;g would not be that of g;f}}
  %h = noodle.trace %f : !one -> !noodle.hom<[] -> [], i64, #noodle.semiring<@words>>
  return
}

// -----

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
!one = !noodle.hom<[2] -> [2], i64, #noodle.semiring<@words>>
!pair = !noodle.hom<[2, 2] -> [2, 2], i64, #noodle.semiring<@words>>
func.func @bent() {
  // expected-error @+1 {{semiring @words does not declare 'commutative', which bent wires need}}
  %h = noodle.wires cup : !noodle.hom<[2, 2] -> [], i64, #noodle.semiring<@words>>
  return
}

// -----

func.func @unknown(%t: tensor<2xi64>) {
  // expected-error @+1 {{no noodle.semiring is named @nowhere}}
  %h = noodle.from_tensor %t : tensor<2xi64> -> !noodle.hom<[] -> [2], i64, #noodle.semiring<@nowhere>>
  return
}
