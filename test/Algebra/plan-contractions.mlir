// RUN: noodle-opt %s --noodle-plan-contractions --split-input-file | FileCheck %s

// Contract_Associativity: fires.
// CHECK-LABEL: func.func @chain
// CHECK: %[[T:.*]] = noodle.contract "ij,jk->ik"(%arg0, %arg1) {noodle.site = 0 : i64} : (tensor<2x3xf64>, tensor<3x4xf64>) -> tensor<2x4xf64>
// CHECK: noodle.contract "ik,kl->il"(%[[T]], %arg2) {{{.*}}noodle.plan = "split from ij,jk,kl->il: as written, 64 multiplications", noodle.site = 1 : i64} : (tensor<2x4xf64>, tensor<4x5xf64>) -> tensor<2x5xf64>
func.func @chain(%a: tensor<2x3xf64>, %b: tensor<3x4xf64>, %c: tensor<4x5xf64>) -> tensor<2x5xf64> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) : (tensor<2x3xf64>, tensor<3x4xf64>, tensor<4x5xf64>) -> tensor<2x5xf64>
  return %d : tensor<2x5xf64>
}

// -----

// Names stay names, static extents win over dynamic ones and 1s.
// CHECK-LABEL: func.func @names
// CHECK: noodle.contract "in mid, mid out -> in out"{{.*}} -> tensor<3x5xf64>
// CHECK: noodle.contract "row in, in out -> row out"{{.*}} -> tensor<?x5xf64>
func.func @names(%a: tensor<?x1xf64>, %b: tensor<3x?xf64>, %c: tensor<4x5xf64>, %e: tensor<3x4xf64>) -> tensor<?x5xf64> {
  %b1 = tensor.cast %b : tensor<3x?xf64> to tensor<3x4xf64>
  %d = noodle.contract "row in, in mid, mid out -> row out" (%a, %b1, %c) : (tensor<?x1xf64>, tensor<3x4xf64>, tensor<4x5xf64>) -> tensor<?x5xf64>
  return %d : tensor<?x5xf64>
}

// -----

// Contract_Distributivity: a letter of one operand alone is summed first.
// CHECK-LABEL: func.func @private
// CHECK: %[[S:.*]] = noodle.contract "ij->i"(%arg0)
// CHECK: noodle.contract "i,k->ik"(%[[S]], %arg1)
func.func @private(%a: tensor<2x3xf64>, %b: tensor<4xf64>) -> tensor<2x4xf64> {
  %d = noodle.contract "ij,k->ik" (%a, %b) : (tensor<2x3xf64>, tensor<4xf64>) -> tensor<2x4xf64>
  return %d : tensor<2x4xf64>
}

// -----

// Nothing is gained where the other operand adds no loop.
// CHECK-LABEL: func.func @dot
// CHECK: noodle.contract "ij,i->"(%arg0, %arg1) {noodle.site = 0 : i64}
// CHECK-NOT: noodle.contract
func.func @dot(%a: tensor<2x3xf64>, %b: tensor<2xf64>) -> tensor<f64> {
  %d = noodle.contract "ij,i->" (%a, %b) : (tensor<2x3xf64>, tensor<2xf64>) -> tensor<f64>
  return %d : tensor<f64>
}

// -----

// Must not fire: a semiring that is not said to be distributive.
noodle.semiring @plus_min : i64 traits <associative, commutative>
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
// CHECK-LABEL: func.func @not_distributive
// CHECK: noodle.contract "ij,jk,kl->il"(%arg0, %arg1, %arg2) {noodle.plan = "one loop nest: the semiring is not associative and distributive"
// CHECK-NOT: noodle.contract
func.func @not_distributive(%a: tensor<2x3xi64>, %b: tensor<3x4xi64>, %c: tensor<4x5xi64>) -> tensor<2x5xi64> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) {semiring = #noodle.semiring<@plus_min>} : (tensor<2x3xi64>, tensor<3x4xi64>, tensor<4x5xi64>) -> tensor<2x5xi64>
  return %d : tensor<2x5xi64>
}

// -----

// Must not fire: an absent entry times an infinity is nothing, a float zero
// times an infinity is NaN.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// CHECK-LABEL: func.func @sparse_floats
// CHECK: noodle.contract "ij,j,i->"{{.*}}noodle.plan = "one loop nest: absent entries would become float zeros"
// CHECK-NOT: noodle.contract
func.func @sparse_floats(%a: tensor<4x5xf64, #csr>, %x: tensor<5xf64>, %y: tensor<4xf64>) -> tensor<f64> {
  %d = noodle.contract "ij,j,i->" (%a, %x, %y) : (tensor<4x5xf64, #csr>, tensor<5xf64>, tensor<4xf64>) -> tensor<f64>
  return %d : tensor<f64>
}

// -----

// The dense factors first, the sparse one last: no absent entry is a number.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// CHECK-LABEL: func.func @sparse_last
// CHECK: %[[T:.*]] = noodle.contract "jk,kl->jl"(%arg1, %arg2)
// CHECK: noodle.contract "ij,jl->il"(%arg0, %[[T]]) {{{.*}}noodle.plan = "split from ij,jk,kl->il: sparse last, 20000 multiplications"
func.func @sparse_last(%a: tensor<40x50xf64, #csr>, %x: tensor<50x60xf64>, %w: tensor<60x4xf64>) -> tensor<40x4xf64> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %x, %w) : (tensor<40x50xf64, #csr>, tensor<50x60xf64>, tensor<60x4xf64>) -> tensor<40x4xf64>
  return %d : tensor<40x4xf64>
}

// -----

// Integers are exact: fires.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// CHECK-LABEL: func.func @sparse_integers
// CHECK: noodle.contract "ij,j->i"
// CHECK: noodle.contract "i,i->"
func.func @sparse_integers(%a: tensor<4x5xi64, #csr>, %x: tensor<5xi64>, %y: tensor<4xi64>) -> tensor<i64> {
  %d = noodle.contract "ij,j,i->" (%a, %x, %y) : (tensor<4x5xi64, #csr>, tensor<5xi64>, tensor<4xi64>) -> tensor<i64>
  return %d : tensor<i64>
}

// -----

// The cheapest order, not the written one: kl is small.
// CHECK-LABEL: func.func @thin_end
// CHECK: %[[T:.*]] = noodle.contract "jk,kl->jl"(%arg1, %arg2)
// CHECK: noodle.contract "ij,jl->il"(%arg0, %[[T]]) {{{.*}}noodle.plan = "split from ij,jk,kl->il: chain, 20000 multiplications"
func.func @thin_end(%a: tensor<100x100xf64>, %b: tensor<100x100xf64>, %c: tensor<100x1xf64>) -> tensor<100x1xf64> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) : (tensor<100x100xf64>, tensor<100x100xf64>, tensor<100x1xf64>) -> tensor<100x1xf64>
  return %d : tensor<100x1xf64>
}

// -----

// Operands that share a letter first, wherever they stand.
// CHECK-LABEL: func.func @apart
// CHECK: %[[T:.*]] = noodle.contract "ij,jk->ik"(%arg0, %arg2)
// CHECK: noodle.contract "ik,kl->il"(%[[T]], %arg1)
func.func @apart(%a: tensor<2x3xf64>, %b: tensor<4x5xf64>, %c: tensor<3x4xf64>) -> tensor<2x5xf64> {
  %d = noodle.contract "ij,kl,jk->il" (%a, %b, %c) : (tensor<2x3xf64>, tensor<4x5xf64>, tensor<3x4xf64>) -> tensor<2x5xf64>
  return %d : tensor<2x5xf64>
}

// -----

// Must not change the order: nothing says that the product commutes.
noodle.semiring @kept : i64 traits <associative, distributive>
  zero {
    %z = arith.constant 0 : i64
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
    %m = arith.muli %a, %b : i64
    noodle.yield %m : i64
  }
// CHECK-LABEL: func.func @not_commutative
// CHECK: noodle.contract "ij,jk->ik"(%arg0, %arg1)
// CHECK: noodle.contract "ik,kl->il"({{.*}}, %arg2)
func.func @not_commutative(%a: tensor<100x100xi64>, %b: tensor<100x100xi64>, %c: tensor<100x1xi64>) -> tensor<100x1xi64> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) {semiring = #noodle.semiring<@kept>} : (tensor<100x100xi64>, tensor<100x100xi64>, tensor<100x1xi64>) -> tensor<100x1xi64>
  return %d : tensor<100x1xi64>
}

// -----

// Must not fire: whatever is joined first has more entries than memory.
// CHECK-LABEL: func.func @too_large
// CHECK: noodle.contract "ai,bi,ci->abc"{{.*}}noodle.plan = "one loop nest: an intermediate would have
// CHECK-NOT: noodle.contract
func.func @too_large(%a: tensor<65536x4xf64>, %b: tensor<65536x4xf64>, %c: tensor<65536x4xf64>) -> tensor<65536x65536x65536xf64> {
  %d = noodle.contract "ai,bi,ci->abc" (%a, %b, %c) : (tensor<65536x4xf64>, tensor<65536x4xf64>, tensor<65536x4xf64>) -> tensor<65536x65536x65536xf64>
  return %d : tensor<65536x65536x65536xf64>
}

// -----

// Mask and init belong to the last piece.
// CHECK-LABEL: func.func @masked
// CHECK: noodle.contract "ij,jk->ik"(%arg0, %arg1) {noodle.site = 0 : i64} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
// CHECK: noodle.contract "ik,kl->il"(%{{.*}}, %arg2) mask(%arg3 : tensor<2x5xi1>) into(%arg4 : tensor<2x5xf32>) {mask_valued
func.func @masked(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<4x5xf32>, %m: tensor<2x5xi1>, %i: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) mask(%m : tensor<2x5xi1>) into(%i : tensor<2x5xf32>) {mask_valued} : (tensor<2x3xf32>, tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return %d : tensor<2x5xf32>
}

// -----

// Must not fire: operands have one element type, sums another.
// CHECK-LABEL: func.func @accumulator
// CHECK: noodle.contract "ij,jk,kl->il"{{.*}}noodle.plan = "one loop nest: intermediates would have the accumulator's type"
// CHECK-NOT: noodle.contract
func.func @accumulator(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<4x5xf32>) -> tensor<2x5xf64> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) {accumulator = f64} : (tensor<2x3xf32>, tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf64>
  return %d : tensor<2x5xf64>
}

// -----

// Nested products of integers are grouped anew, through a transpose.
// CHECK-LABEL: func.func @nested
// CHECK: %[[T:.*]] = noodle.contract "mk,ik->mi"(%arg2, %arg1)
// CHECK: noodle.contract "mi,ni->mn"(%[[T]], %arg0) {{{.*}}noodle.plan = "law 1, Contract_Associativity: split from mk,ni,ik->mn: chain, 3600 multiplications, saves 22000 of 25600"
func.func @nested(%a: tensor<20x30xi64>, %b: tensor<30x40xi64>, %c: tensor<2x40xi64>) -> tensor<2x20xi64> {
  %t = noodle.contract "mk,kn->mn" (%a, %b) : (tensor<20x30xi64>, tensor<30x40xi64>) -> tensor<20x40xi64>
  %u = noodle.transpose %t {permutation = array<i64: 1, 0>} : tensor<20x40xi64> -> tensor<40x20xi64>
  %d = noodle.contract "mk,kn->mn" (%c, %u) : (tensor<2x40xi64>, tensor<40x20xi64>) -> tensor<2x20xi64>
  return %d : tensor<2x20xi64>
}

// -----

// Must not fire: floats round differently, and the policy is strict.
// CHECK-LABEL: func.func @strict
// CHECK: %[[T:.*]] = noodle.contract "mk,kn->mn"(%arg0, %arg1)
// CHECK: noodle.contract "mk,kn->mn"(%[[T]], %arg2) {noodle.lost = "law 1, Contract_Associativity, would leave 1800 of 24800 multiplications: needs --fp reassoc"
func.func @strict(%a: tensor<20x30xf64>, %b: tensor<30x40xf64>, %c: tensor<40x1xf64>) -> tensor<20x1xf64> {
  %t = noodle.contract "mk,kn->mn" (%a, %b) : (tensor<20x30xf64>, tensor<30x40xf64>) -> tensor<20x40xf64>
  %d = noodle.contract "mk,kn->mn" (%t, %c) : (tensor<20x40xf64>, tensor<40x1xf64>) -> tensor<20x1xf64>
  return %d : tensor<20x1xf64>
}

// -----

// The same under reassoc.
module attributes {noodle.fp = #noodle.fp<reassoc>} {
// CHECK-LABEL: func.func @reassoc
// CHECK: %[[T:.*]] = noodle.contract {{.*}}(%arg1, %arg2)
// CHECK: noodle.contract {{.*}}(%arg0, %[[T]])
func.func @reassoc(%a: tensor<20x30xf64>, %b: tensor<30x40xf64>, %c: tensor<40x1xf64>) -> tensor<20x1xf64> {
  %t = noodle.contract "mk,kn->mn" (%a, %b) : (tensor<20x30xf64>, tensor<30x40xf64>) -> tensor<20x40xf64>
  %d = noodle.contract "mk,kn->mn" (%t, %c) : (tensor<20x40xf64>, tensor<40x1xf64>) -> tensor<20x1xf64>
  return %d : tensor<20x1xf64>
}
}

// -----

// Must not fire: saturated sums depend on how they are grouped.
// CHECK-LABEL: func.func @saturates
// CHECK: %[[T:.*]] = noodle.contract "mk,kn->mn"(%arg0, %arg1)
// CHECK: noodle.contract "mk,kn->mn"(%[[T]], %arg2)
func.func @saturates(%a: tensor<20x30xi64>, %b: tensor<30x40xi64>, %c: tensor<40x1xi64>) -> tensor<20x1xi64> {
  %t = noodle.contract "mk,kn->mn" (%a, %b) {semiring = #noodle.semiring<min_plus>} : (tensor<20x30xi64>, tensor<30x40xi64>) -> tensor<20x40xi64>
  %d = noodle.contract "mk,kn->mn" (%t, %c) {semiring = #noodle.semiring<min_plus>} : (tensor<20x40xi64>, tensor<40x1xi64>) -> tensor<20x1xi64>
  return %d : tensor<20x1xi64>
}

// -----

// Must not fire: the inner product has another user, who needs it anyway.
// CHECK-LABEL: func.func @shared
// CHECK: %[[T:.*]] = noodle.contract "mk,kn->mn"(%arg0, %arg1)
// CHECK: noodle.contract "mk,kn->mn"(%[[T]], %arg2)
func.func @shared(%a: tensor<20x30xi64>, %b: tensor<30x40xi64>, %c: tensor<40x1xi64>) -> (tensor<20x40xi64>, tensor<20x1xi64>) {
  %t = noodle.contract "mk,kn->mn" (%a, %b) : (tensor<20x30xi64>, tensor<30x40xi64>) -> tensor<20x40xi64>
  %d = noodle.contract "mk,kn->mn" (%t, %c) : (tensor<20x40xi64>, tensor<40x1xi64>) -> tensor<20x1xi64>
  return %t, %d : tensor<20x40xi64>, tensor<20x1xi64>
}

// -----

// Must not fire: the loop would compute the inner product each time.
// CHECK-LABEL: func.func @outside
// CHECK: %[[T:.*]] = noodle.contract "mk,kn->mn"(%arg0, %arg1)
// CHECK: scf.for
// CHECK: noodle.contract "mk,kn->mn"(%[[T]], %{{.*}})
func.func @outside(%a: tensor<20x20xi64>, %b: tensor<20x20xi64>, %c: tensor<20x1xi64>, %n: index) -> tensor<20x1xi64> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %t = noodle.contract "mk,kn->mn" (%a, %b) : (tensor<20x20xi64>, tensor<20x20xi64>) -> tensor<20x20xi64>
  %d = scf.for %i = %zero to %n step %one iter_args(%x = %c) -> tensor<20x1xi64> {
    %y = noodle.contract "mk,kn->mn" (%t, %x) : (tensor<20x20xi64>, tensor<20x1xi64>) -> tensor<20x1xi64>
    scf.yield %y : tensor<20x1xi64>
  }
  return %d : tensor<20x1xi64>
}

// -----

// Must not fire: the result's extent of 1 hides that the operand's is unknown.
// CHECK-LABEL: func.func @promise
// CHECK: %[[T:.*]] = noodle.contract "mk,kn->mn"(%arg0, %arg1) {{.*}} -> tensor<20x1xi64>
// CHECK: noodle.contract "mk,kn->mn"(%[[T]], %arg2)
func.func @promise(%a: tensor<20x30xi64>, %b: tensor<30x?xi64>, %c: tensor<40x1xi64>) -> tensor<20x1xi64> {
  %t = noodle.contract "mk,kn->mn" (%a, %b) : (tensor<20x30xi64>, tensor<30x?xi64>) -> tensor<20x1xi64>
  %d = noodle.contract "mk,kn->mn" (%t, %c) : (tensor<20x1xi64>, tensor<40x1xi64>) -> tensor<20x1xi64>
  return %d : tensor<20x1xi64>
}

// -----

// A count over a join of sparse relations never forms the join.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// CHECK-LABEL: func.func @join
// CHECK: %[[A:.*]] = noodle.contract "ij->j"(%arg0)
// CHECK: noodle.contract "j,jk->"(%[[A]], %arg1)
func.func @join(%a: tensor<500x600xi64, #csr>, %b: tensor<600x700xi64, #csr>) -> tensor<i64> {
  %t = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<500x600xi64, #csr>, tensor<600x700xi64, #csr>) -> tensor<500x700xi64, #csr>
  %d = noodle.contract "ik->" (%t) : (tensor<500x700xi64, #csr>) -> tensor<i64>
  return %d : tensor<i64>
}

// -----

// Sparse matrices in a row stay sparse on the way, and the narrow end is first.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 64, crdWidth = 32}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed), posWidth = 64, crdWidth = 32}>
// CHECK: #[[CSR:.*]] = #sparse_tensor.encoding<{ map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 64, crdWidth = 32 }>
// CHECK-LABEL: func.func @sparse_chain
// CHECK: %[[T:.*]] = noodle.contract "jk,kl->jl"(%arg1, %arg2) {{.*}} -> tensor<500x3xf64, #[[CSR]]>
// CHECK: noodle.contract "ij,jl->il"(%arg0, %[[T]]) {{.*}}noodle.plan = "split from ij,jk,kl->il: chain, {{.*}} -> tensor<500x3xf64, #
func.func @sparse_chain(
    %a: tensor<500x500xf64, #csr> {noodle.stats = #noodle.stats<stored = 2000>},
    %b: tensor<500x500xf64, #csr> {noodle.stats = #noodle.stats<stored = 2000>},
    %c: tensor<500x3xf64, #csr> {noodle.stats = #noodle.stats<stored = 500>}) -> tensor<500x3xf64, #csc> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) : (tensor<500x500xf64, #csr>, tensor<500x500xf64, #csr>, tensor<500x3xf64, #csr>) -> tensor<500x3xf64, #csc>
  return %d : tensor<500x3xf64, #csc>
}

// -----

// What is stored decides, not the extents: the emptier pair is first.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 64, crdWidth = 32}>
// CHECK-LABEL: func.func @emptier
// CHECK: %[[T:.*]] = noodle.contract {{.*}}(%arg1, %arg2)
// CHECK: noodle.contract {{.*}}(%arg0, %[[T]]) {{.*}}noodle.plan = "law 1, Contract_Associativity: split from
func.func @emptier(
    %a: tensor<500x500xi64, #csr> {noodle.stats = #noodle.stats<stored = 50000>},
    %b: tensor<500x500xi64, #csr> {noodle.stats = #noodle.stats<stored = 50000>},
    %c: tensor<500x500xi64, #csr> {noodle.stats = #noodle.stats<stored = 100>}) -> tensor<500x500xi64, #csr> {
  %t = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<500x500xi64, #csr>, tensor<500x500xi64, #csr>) -> tensor<500x500xi64, #csr>
  %d = noodle.contract "ij,jk->ik" (%t, %c) : (tensor<500x500xi64, #csr>, tensor<500x500xi64, #csr>) -> tensor<500x500xi64, #csr>
  return %d : tensor<500x500xi64, #csr>
}

// -----

// Must not fire: nested floats round differently, and the policy is strict.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 64, crdWidth = 32}>
// CHECK-LABEL: func.func @sparse_strict
// CHECK: %[[T:.*]] = noodle.contract {{.*}}(%arg0, %arg1)
// CHECK: noodle.contract {{.*}}(%[[T]], %arg2) {noodle.lost = "law 1, Contract_Associativity, would leave
func.func @sparse_strict(
    %a: tensor<500x500xf64, #csr> {noodle.stats = #noodle.stats<stored = 50000>},
    %b: tensor<500x500xf64, #csr> {noodle.stats = #noodle.stats<stored = 50000>},
    %c: tensor<500x500xf64, #csr> {noodle.stats = #noodle.stats<stored = 100>}) -> tensor<500x500xf64, #csr> {
  %t = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<500x500xf64, #csr>, tensor<500x500xf64, #csr>) -> tensor<500x500xf64, #csr>
  %d = noodle.contract "ij,jk->ik" (%t, %c) : (tensor<500x500xf64, #csr>, tensor<500x500xf64, #csr>) -> tensor<500x500xf64, #csr>
  return %d : tensor<500x500xf64, #csr>
}

// -----

// The mask stays with the last product, which forms only what it lets through.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 64, crdWidth = 32}>
// CHECK-LABEL: func.func @sparse_mask
// CHECK: %[[T:.*]] = noodle.contract "jk,kl->jl"(%arg1, %arg2)
// CHECK-NOT: mask
// CHECK: noodle.contract "ij,jl->il"(%arg0, %[[T]]) mask(%arg3
func.func @sparse_mask(
    %a: tensor<500x500xi64, #csr> {noodle.stats = #noodle.stats<stored = 2000>},
    %b: tensor<500x500xi64, #csr> {noodle.stats = #noodle.stats<stored = 2000>},
    %c: tensor<500x3xi64, #csr> {noodle.stats = #noodle.stats<stored = 500>},
    %m: tensor<500x3xi1, #csr> {noodle.stats = #noodle.stats<stored = 10>}) -> tensor<500x3xi64, #csr> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) mask(%m : tensor<500x3xi1, #csr>) : (tensor<500x500xi64, #csr>, tensor<500x500xi64, #csr>, tensor<500x3xi64, #csr>) -> tensor<500x3xi64, #csr>
  return %d : tensor<500x3xi64, #csr>
}
