// RUN: noodle-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{no semiring 'plus_min'; known are plus_times, min_plus, max_plus, max_times, max_min, min_max, or_and, xor_and, log_plus and @symbols}}
func.func private @name() attributes {x = #noodle.semiring<plus_min>}

// -----

// expected-error@+1 {{no semiring 'user'}}
func.func private @user() attributes {x = #noodle.semiring<user>}

// -----

// expected-error@+1 {{expected a semiring's name or symbol}}
func.func private @number() attributes {x = #noodle.semiring<3>}

// -----

// expected-error@+1 {{expected one of strict, reassoc, fast}}
module attributes {noodle.fp = #noodle.fp<loose>} {}

// -----

func.func @strategy(%x: tensor<4xf32>) {
  // expected-error@+1 {{expected one of auto, reference, loops, tiled, sparse}}
  %y = noodle.softmax %x {axis = 0 : i64, strategy = #noodle.strategy<3>} : tensor<4xf32>
  return
}

// -----

// expected-error@+1 {{expected one of all, stored}}
func.func private @over() attributes {x = #noodle.over<some>}

// -----

// expected-error@+1 {{'noodle.fp' must be #noodle.fp<strict>, #noodle.fp<reassoc> or #noodle.fp<fast>}}
module attributes {noodle.fp = "fast"} {}

// -----

func.func @place(%a: f32) {
  // expected-error@+1 {{'noodle.fp' belongs to a module or a function}}
  %b = arith.addf %a, %a {noodle.fp = #noodle.fp<fast>} : f32
  return
}

// -----

// expected-error@+1 {{unknown attribute 'noodle.speed'}}
module attributes {noodle.speed = 11} {}

// -----

// expected-error@+1 {{'noodle.stats' belongs to a function argument}}
module attributes {noodle.stats = #noodle.stats<stored = 3>} {}

// -----

// expected-error@+1 {{argument #1: unknown attribute 'noodle.stat'}}
func.func private @unknown(tensor<4xf32>, tensor<4xf32> {noodle.stat = 1})

// -----

// expected-error@+1 {{argument #0: 'noodle.stats' must be #noodle.stats<...>}}
func.func private @kind(tensor<4xf32> {noodle.stats = 1})

// -----

// expected-error@+1 {{argument #0: 'noodle.stats' belongs to a ranked tensor}}
func.func private @scalar(f32 {noodle.stats = #noodle.stats<extents = [4]>})

// -----

// expected-error@+1 {{argument #0: 'noodle.stats' has 1 extents, but 'tensor<?x?xf32>' has rank 2}}
func.func private @rank(tensor<?x?xf32> {noodle.stats = #noodle.stats<extents = [4]>})

// -----

// expected-error@+1 {{argument #0: 'noodle.stats' says extent 5 of dimension 1, but the type is 'tensor<?x4xf32>'}}
func.func private @extent(tensor<?x4xf32> {noodle.stats = #noodle.stats<extents = [4, 5]>})

// -----

// expected-error@+1 {{argument #0: 'noodle.stats' counts stored entries of 'tensor<?x4xf32>', which is dense}}
func.func private @dense(tensor<?x4xf32> {noodle.stats = #noodle.stats<stored = 5>})

// -----

// expected-error@+1 {{statistics are counts, or -1 where unknown}}
func.func private @negative(tensor<?x4xf32> {noodle.stats = #noodle.stats<extents = [-2, 4]>})

// -----

// expected-error@+1 {{longest = 6 exceeds stored = 5}}
func.func private @longest(tensor<?x4xf32> {noodle.stats = #noodle.stats<stored = 5, longest = 6>})

// -----

// expected-error@+1 {{expected extents, stored or longest}}
func.func private @key(tensor<?x4xf32> {noodle.stats = #noodle.stats<nnz = 5>})

// -----

// expected-error@+1 {{'stored' appears twice}}
func.func private @twice(tensor<?x4xf32> {noodle.stats = #noodle.stats<stored = 5, stored = 5>})

// -----

// expected-error@+1 {{result #0: 'noodle.stats' belongs to a function argument}}
func.func private @result() -> (tensor<?x4xf32> {noodle.stats = #noodle.stats<extents = [4, 4]>})
