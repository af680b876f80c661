// RUN: noodle-opt %s --split-input-file --noodle-apply-laws | FileCheck %s

// Law 3. Integers need no permission.
// CHECK-LABEL: @identity
// CHECK-SAME: (%[[A:.*]]: tensor<4x4xi64>, %[[B:.*]]: tensor<4x5xi64>)
// CHECK-SAME: noodle.plan = "law 3, Contract_Identity"
// CHECK: return %[[B]]
func.func @identity(%a: tensor<4x4xi64>, %b: tensor<4x5xi64>) -> tensor<4x5xi64> {
  %i = noodle.assume %a {props = ["identity"]} : tensor<4x4xi64>
  %c = noodle.contract "ij,jk->ik" (%i, %b) : (tensor<4x4xi64>, tensor<4x5xi64>) -> tensor<4x5xi64>
  return %c : tensor<4x5xi64>
}

// -----

// 0 * inf is NaN: strict floats keep their zeros.
// CHECK-LABEL: @identity_strict
// CHECK: noodle.contract "ij,jk->ik"
func.func @identity_strict(%a: tensor<4x4xf64>, %b: tensor<4x5xf64>) -> tensor<4x5xf64> {
  %i = noodle.assume %a {props = ["identity"]} : tensor<4x4xf64>
  %c = noodle.contract "ij,jk->ik" (%i, %b) : (tensor<4x4xf64>, tensor<4x5xf64>) -> tensor<4x5xf64>
  return %c : tensor<4x5xf64>
}

// -----

// The identity of numbers is none of min_plus.
// CHECK-LABEL: @identity_of_another_semiring
// CHECK: noodle.contract "ij,jk->ik"
func.func @identity_of_another_semiring(%a: tensor<4x4xi64>, %b: tensor<4x5xi64>) -> tensor<4x5xi64> {
  %i = noodle.assume %a {props = ["identity"]} : tensor<4x4xi64>
  %c = noodle.contract "ij,jk->ik" (%i, %b) {semiring = #noodle.semiring<min_plus>}
    : (tensor<4x4xi64>, tensor<4x5xi64>) -> tensor<4x5xi64>
  return %c : tensor<4x5xi64>
}

// -----

// Law 4.
// CHECK-LABEL: @zero
// CHECK: tensor.splat {{.*}}noodle.plan = "law 4, Contract_Zero"
func.func @zero(%a: tensor<4x4xi64>, %b: tensor<4x?xi64>) -> tensor<4x?xi64> {
  %z = noodle.assume %a {props = ["zero"]} : tensor<4x4xi64>
  %c = noodle.contract "ij,jk->ik" (%z, %b) : (tensor<4x4xi64>, tensor<4x?xi64>) -> tensor<4x?xi64>
  return %c : tensor<4x?xi64>
}

// -----

// Adding into something is more than a product.
// CHECK-LABEL: @zero_into
// CHECK: noodle.contract
func.func @zero_into(%a: tensor<4x4xi64>, %b: tensor<4x5xi64>, %c: tensor<4x5xi64>) -> tensor<4x5xi64> {
  %z = noodle.assume %a {props = ["zero"]} : tensor<4x4xi64>
  %d = noodle.contract "ij,jk->ik" (%z, %b) into (%c : tensor<4x5xi64>) : (tensor<4x4xi64>, tensor<4x5xi64>) -> tensor<4x5xi64>
  return %d : tensor<4x5xi64>
}

// -----

// Law 5, on either side.
module attributes {noodle.fp = #noodle.fp<reassoc>} {
  // CHECK-LABEL: @diagonal
  // CHECK: %[[D:.*]] = noodle.contract "{{ii->i|aa->a}}"
  // CHECK: noodle.contract "i,ik->ik"(%[[D]], %{{.*}}) {noodle.plan = "law 5, Contract_Diagonal"}
  func.func @diagonal(%a: tensor<4x4xf64>, %b: tensor<4x5xf64>) -> tensor<4x5xf64> {
    %d = noodle.assume %a {props = ["diagonal"]} : tensor<4x4xf64>
    %c = noodle.contract "ij,jk->ik" (%d, %b) : (tensor<4x4xf64>, tensor<4x5xf64>) -> tensor<4x5xf64>
    return %c : tensor<4x5xf64>
  }
  // CHECK-LABEL: @diagonal_right
  // CHECK: noodle.contract "ik,k->ik"
  func.func @diagonal_right(%a: tensor<4x4xf64>, %b: tensor<5x4xf64>) -> tensor<5x4xf64> {
    %d = noodle.assume %a {props = ["diagonal"]} : tensor<4x4xf64>
    %c = noodle.contract "ij,jk->ik" (%b, %d) : (tensor<5x4xf64>, tensor<4x4xf64>) -> tensor<5x4xf64>
    return %c : tensor<5x4xf64>
  }
  // A triangle is not a diagonal.
  // CHECK-LABEL: @triangle
  // CHECK: noodle.contract "ij,jk->ik"
  func.func @triangle(%a: tensor<4x4xf64>, %b: tensor<4x5xf64>) -> tensor<4x5xf64> {
    %d = noodle.assume %a {props = ["lower"]} : tensor<4x4xf64>
    %c = noodle.contract "ij,jk->ik" (%d, %b) : (tensor<4x4xf64>, tensor<4x5xf64>) -> tensor<4x5xf64>
    return %c : tensor<4x5xf64>
  }
}

// -----

// Law 7.
// CHECK-LABEL: @discard
// CHECK: tensor.splat {{.*}}noodle.plan = "law 7, Contract_Discard"
func.func @discard(%a: tensor<4x5xf64>) -> tensor<4xf64> {
  %f = noodle.assume %a {props = ["function"]} : tensor<4x5xf64>
  %c = noodle.contract "ij->i" (%f) : (tensor<4x5xf64>) -> tensor<4xf64>
  return %c : tensor<4xf64>
}
// Columns of a function do not add up to one.
// CHECK-LABEL: @discard_columns
// CHECK: noodle.contract
func.func @discard_columns(%a: tensor<4x5xf64>) -> tensor<5xf64> {
  %f = noodle.assume %a {props = ["function"]} : tensor<4x5xf64>
  %c = noodle.contract "ij->j" (%f) : (tensor<4x5xf64>) -> tensor<5xf64>
  return %c : tensor<5xf64>
}
// Rows of a Markov kernel only do up to rounding.
// CHECK-LABEL: @discard_strict
// CHECK: noodle.contract
func.func @discard_strict(%a: tensor<4x5xf64>) -> tensor<4xf64> {
  %f = noodle.assume %a {props = ["row_stochastic"]} : tensor<4x5xf64>
  %c = noodle.contract "ij->i" (%f) : (tensor<4x5xf64>) -> tensor<4xf64>
  return %c : tensor<4xf64>
}

// -----

// Law 8.
// CHECK-LABEL: @trace
// CHECK: noodle.contract "ij,ji->"(%{{.*}}, %{{.*}}) {noodle.plan = "law 8, Contract_Trace"}
// CHECK-NOT: noodle.contract
func.func @trace(%a: tensor<4x5xi64>, %b: tensor<5x4xi64>) -> tensor<i64> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<4x5xi64>, tensor<5x4xi64>) -> tensor<4x4xi64>
  %t = noodle.contract "ii->" (%c) : (tensor<4x4xi64>) -> tensor<i64>
  return %t : tensor<i64>
}
// The product is used twice.
// CHECK-LABEL: @trace_shared
// CHECK: "ij,jk->ik"
// CHECK: "ii->"
func.func @trace_shared(%a: tensor<4x5xi64>, %b: tensor<5x4xi64>) -> (tensor<i64>, tensor<4x4xi64>) {
  %c = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<4x5xi64>, tensor<5x4xi64>) -> tensor<4x4xi64>
  %t = noodle.contract "ii->" (%c) : (tensor<4x4xi64>) -> tensor<i64>
  return %t, %c : tensor<i64>, tensor<4x4xi64>
}
// Strict floats are not grouped anew, nor are sums that saturate.
// CHECK-LABEL: @trace_strict
// CHECK: "ij,jk->ik"
// CHECK: "ii->"
// CHECK: "ij,jk->ik"
// CHECK: "ii->"
func.func @trace_strict(%a: tensor<4x5xf64>, %b: tensor<5x4xf64>, %m: tensor<4x5xi8>, %n: tensor<5x4xi8>) -> (tensor<f64>, tensor<i8>) {
  %c = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<4x5xf64>, tensor<5x4xf64>) -> tensor<4x4xf64>
  %t = noodle.contract "ii->" (%c) : (tensor<4x4xf64>) -> tensor<f64>
  %d = noodle.contract "ij,jk->ik" (%m, %n) {semiring = #noodle.semiring<min_plus>} : (tensor<4x5xi8>, tensor<5x4xi8>) -> tensor<4x4xi8>
  %u = noodle.contract "ii->" (%d) {semiring = #noodle.semiring<min_plus>} : (tensor<4x4xi8>) -> tensor<i8>
  return %t, %u : tensor<f64>, tensor<i8>
}

// -----

// Law 9.
// CHECK-LABEL: @low_rank
// CHECK: %[[FIRST:.*]] = noodle.contract "ij,j->i"
// CHECK: noodle.contract "{{.*}}"(%{{.*}}, %{{.*}}, %{{.*}}) into(%[[FIRST]] : tensor<90xi64>) {noodle.plan = "law 9, Contract_LowRank"}
func.func @low_rank(%a: tensor<90x80xi64>, %u: tensor<90x2xi64>, %v: tensor<2x80xi64>, %x: tensor<80xi64>) -> tensor<90xi64> {
  %p = noodle.contract "ij,jk->ik" (%u, %v) : (tensor<90x2xi64>, tensor<2x80xi64>) -> tensor<90x80xi64>
  %s = noodle.map (%a, %p) : (tensor<90x80xi64>, tensor<90x80xi64>) -> tensor<90x80xi64> {
  ^bb0(%m: i64, %n: i64):
    %t = arith.addi %m, %n : i64
    noodle.yield %t : i64
  }
  %y = noodle.contract "ij,j->i" (%s, %x) : (tensor<90x80xi64>, tensor<80xi64>) -> tensor<90xi64>
  return %y : tensor<90xi64>
}
// The operand is as wide as the matrix.
// CHECK-LABEL: @low_rank_wide
// CHECK: noodle.map
func.func @low_rank_wide(%a: tensor<90x80xi64>, %u: tensor<90x2xi64>, %v: tensor<2x80xi64>, %x: tensor<80x70xi64>) -> tensor<90x70xi64> {
  %p = noodle.contract "ij,jk->ik" (%u, %v) : (tensor<90x2xi64>, tensor<2x80xi64>) -> tensor<90x80xi64>
  %s = noodle.map (%a, %p) : (tensor<90x80xi64>, tensor<90x80xi64>) -> tensor<90x80xi64> {
  ^bb0(%m: i64, %n: i64):
    %t = arith.addi %m, %n : i64
    noodle.yield %t : i64
  }
  %y = noodle.contract "ij,jk->ik" (%s, %x) : (tensor<90x80xi64>, tensor<80x70xi64>) -> tensor<90x70xi64>
  return %y : tensor<90x70xi64>
}

// -----

// Law 10; inference goes through the transpose.
// CHECK-LABEL: @structures
// CHECK: noodle.solve {{.*}} structure = "lower"
// CHECK: noodle.solve {{.*}} structure = "upper"
// CHECK: noodle.solve {{.*}} structure = "spd"
// CHECK: noodle.solve %{{[^{]*}} : tensor<4x4xf64> -> tensor<4x4xf64>
func.func @structures(%a: tensor<4x4xf64>, %b: tensor<4xf64>) -> (tensor<4xf64>, tensor<4xf64>, tensor<4x4xf64>, tensor<4x4xf64>) {
  %l = noodle.assume %a {props = ["lower"]} : tensor<4x4xf64>
  %x = noodle.solve %l apply(%b : tensor<4xf64>) : tensor<4x4xf64> -> tensor<4xf64>
  %u = noodle.transpose %l {permutation = array<i64: 1, 0>} : tensor<4x4xf64> -> tensor<4x4xf64>
  %y = noodle.solve %u apply(%b : tensor<4xf64>) : tensor<4x4xf64> -> tensor<4xf64>
  %s = noodle.assume %a {props = ["spd"]} : tensor<4x4xf64>
  %z = noodle.solve %s : tensor<4x4xf64> -> tensor<4x4xf64>
  %n = noodle.assume %a {props = ["symmetric", "nonsingular"]} : tensor<4x4xf64>
  %w = noodle.solve %n : tensor<4x4xf64> -> tensor<4x4xf64>
  return %x, %y, %z, %w : tensor<4xf64>, tensor<4xf64>, tensor<4x4xf64>, tensor<4x4xf64>
}

// -----

module attributes {noodle.fp = #noodle.fp<reassoc>} {
  // Laws 11, 12, 13.
  // CHECK-LABEL: @orthogonal
  // CHECK: noodle.contract "ji,j->i"{{.*}}law 11, Solve_Orthogonal
  func.func @orthogonal(%a: tensor<4x4xf64>, %b: tensor<4xf64>) -> tensor<4xf64> {
    %q = noodle.assume %a {props = ["orthogonal"]} : tensor<4x4xf64>
    %x = noodle.solve %q apply(%b : tensor<4xf64>) : tensor<4x4xf64> -> tensor<4xf64>
    return %x : tensor<4xf64>
  }
  // CHECK-LABEL: @inverse
  // CHECK: noodle.solve %{{.*}} apply(%{{.*}} : tensor<4x5xf64>) {noodle.plan = "law 12, Contract_Inverse"}
  func.func @inverse(%a: tensor<4x4xf64>, %b: tensor<4x5xf64>) -> tensor<4x5xf64> {
    %i = noodle.solve %a : tensor<4x4xf64> -> tensor<4x4xf64>
    %x = noodle.contract "ij,jk->ik" (%i, %b) : (tensor<4x4xf64>, tensor<4x5xf64>) -> tensor<4x5xf64>
    return %x : tensor<4x5xf64>
  }
  // CHECK-LABEL: @inverse_left
  // CHECK: noodle.solve %{{.*}} apply(%{{.*}} : tensor<5x4xf64>) {left, noodle.plan = "law 12, Contract_Inverse"}
  func.func @inverse_left(%a: tensor<4x4xf64>, %b: tensor<5x4xf64>) -> tensor<5x4xf64> {
    %i = noodle.solve %a : tensor<4x4xf64> -> tensor<4x4xf64>
    %x = noodle.contract "ij,jk->ik" (%b, %i) : (tensor<5x4xf64>, tensor<4x4xf64>) -> tensor<5x4xf64>
    return %x : tensor<5x4xf64>
  }
  // CHECK-LABEL: @inverse_of_kron
  // CHECK: noodle.solve {{.*}} tensor<4x4xf64>
  // CHECK: noodle.solve {{.*}} tensor<3x3xf64>
  // CHECK: noodle.kron {{.*}}law 13, Solve_Kron
  func.func @inverse_of_kron(%a: tensor<4x4xf64>, %b: tensor<3x3xf64>) -> tensor<12x12xf64> {
    %k = noodle.kron %a, %b : tensor<4x4xf64>, tensor<3x3xf64> -> tensor<12x12xf64>
    %i = noodle.solve %k : tensor<12x12xf64> -> tensor<12x12xf64>
    return %i : tensor<12x12xf64>
  }
}
// CHECK-LABEL: @kron_of_rectangles
// CHECK: noodle.kron
// CHECK: noodle.solve

// -----

module attributes {noodle.fp = #noodle.fp<reassoc>} {
  func.func @kron_of_rectangles(%a: tensor<4x3xf64>, %b: tensor<3x4xf64>) -> tensor<12x12xf64> {
    %k = noodle.kron %a, %b : tensor<4x3xf64>, tensor<3x4xf64> -> tensor<12x12xf64>
    %i = noodle.solve %k : tensor<12x12xf64> -> tensor<12x12xf64>
    return %i : tensor<12x12xf64>
  }
}

// -----

// Laws 14 and 15.
// CHECK-LABEL: @closure_thin
// CHECK: noodle.closure %{{.*}} apply(%{{.*}} : tensor<90xi1>) {left, noodle.plan = "law 14, Contract_Closure"
func.func @closure_thin(%a: tensor<90x90xi1>, %b: tensor<90xi1>) -> tensor<90xi1> {
  %c = noodle.closure %a {semiring = #noodle.semiring<or_and>} : tensor<90x90xi1> -> tensor<90x90xi1>
  %x = noodle.contract "i,ij->j" (%b, %c) {semiring = #noodle.semiring<or_and>} : (tensor<90xi1>, tensor<90x90xi1>) -> tensor<90xi1>
  return %x : tensor<90xi1>
}
// Each column takes up to 90 products.
// CHECK-LABEL: @closure_wide
// CHECK: noodle.closure %arg0 {semiring
func.func @closure_wide(%a: tensor<90x90xi1>, %b: tensor<90x30xi1>) -> tensor<90x30xi1> {
  %c = noodle.closure %a {semiring = #noodle.semiring<or_and>} : tensor<90x90xi1> -> tensor<90x90xi1>
  %x = noodle.contract "ij,jk->ik" (%c, %b) {semiring = #noodle.semiring<or_and>} : (tensor<90x90xi1>, tensor<90x30xi1>) -> tensor<90x30xi1>
  return %x : tensor<90x30xi1>
}
// A closure over one semiring says nothing over another.
// CHECK-LABEL: @closure_mixed
// CHECK: noodle.closure
// CHECK: noodle.contract
func.func @closure_mixed(%a: tensor<90x90xi1>, %b: tensor<90xi1>) -> tensor<90xi1> {
  %c = noodle.closure %a {semiring = #noodle.semiring<or_and>} : tensor<90x90xi1> -> tensor<90x90xi1>
  %x = noodle.contract "ij,j->i" (%c, %b) {semiring = #noodle.semiring<xor_and>} : (tensor<90x90xi1>, tensor<90xi1>) -> tensor<90xi1>
  return %x : tensor<90xi1>
}
// CHECK-LABEL: @power_thin
// CHECK: noodle.matrix_power %{{.*}} apply(%{{.*}} : tensor<90xi64>) {n = 10 : i64, noodle.plan = "law 15, Contract_Power"
func.func @power_thin(%a: tensor<90x90xi64>, %b: tensor<90xi64>) -> tensor<90xi64> {
  %c = noodle.matrix_power %a {n = 10 : i64} : tensor<90x90xi64> -> tensor<90x90xi64>
  %x = noodle.contract "ij,j->i" (%c, %b) : (tensor<90x90xi64>, tensor<90xi64>) -> tensor<90xi64>
  return %x : tensor<90xi64>
}
// 10,000 products with a vector cost more than 13 squares of 90 x 90.
// CHECK-LABEL: @power_high
// CHECK: noodle.matrix_power
// CHECK: noodle.contract
func.func @power_high(%a: tensor<90x90xi64>, %b: tensor<90xi64>) -> tensor<90xi64> {
  %c = noodle.matrix_power %a {n = 10000 : i64} : tensor<90x90xi64> -> tensor<90x90xi64>
  %x = noodle.contract "ij,j->i" (%c, %b) : (tensor<90x90xi64>, tensor<90xi64>) -> tensor<90xi64>
  return %x : tensor<90xi64>
}

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// Law 16. Floats need no permission: each sum is multiplied once, as before.
// CHECK-LABEL: @mask
// CHECK-SAME: (%[[S:.*]]: tensor<90x80xf64, #{{.*}}>, %[[A:.*]]: tensor<90x30xf64>, %[[B:.*]]: tensor<80x30xf64>)
// CHECK: noodle.contract "ij,ik,jk->ij"(%[[S]], %[[A]], %[[B]]) {noodle.plan = "law 16, Contract_Mask"}
// CHECK-NOT: noodle.map
func.func @mask(%s: tensor<90x80xf64, #csr>, %a: tensor<90x30xf64>, %b: tensor<80x30xf64>) -> tensor<90x80xf64, #csr> {
  %p = noodle.contract "ik,jk->ij" (%a, %b) : (tensor<90x30xf64>, tensor<80x30xf64>) -> tensor<90x80xf64>
  %d = noodle.map (%s, %p) : (tensor<90x80xf64, #csr>, tensor<90x80xf64>) -> tensor<90x80xf64, #csr> {
  ^bb0(%x: f64, %y: f64):
    %z = arith.mulf %y, %x : f64
    noodle.yield %z : f64
  }
  return %d : tensor<90x80xf64, #csr>
}
// Most entries are stored: the whole product costs less.
// CHECK-LABEL: @mask_full
// CHECK: noodle.contract "ik,jk->ij"
// CHECK: noodle.map
func.func @mask_full(%s: tensor<90x80xf64, #csr> {noodle.stats = #noodle.stats<stored = 5000>}, %a: tensor<90x30xf64>, %b: tensor<80x30xf64>) -> tensor<90x80xf64, #csr> {
  %p = noodle.contract "ik,jk->ij" (%a, %b) : (tensor<90x30xf64>, tensor<80x30xf64>) -> tensor<90x80xf64>
  %d = noodle.map (%s, %p) : (tensor<90x80xf64, #csr>, tensor<90x80xf64>) -> tensor<90x80xf64, #csr> {
  ^bb0(%x: f64, %y: f64):
    %z = arith.mulf %y, %x : f64
    noodle.yield %z : f64
  }
  return %d : tensor<90x80xf64, #csr>
}
// Something else needs the product.
// CHECK-LABEL: @mask_shared
// CHECK: noodle.contract "ik,jk->ij"
// CHECK: noodle.map
func.func @mask_shared(%s: tensor<90x80xf64, #csr>, %a: tensor<90x30xf64>, %b: tensor<80x30xf64>) -> (tensor<90x80xf64, #csr>, tensor<90x80xf64>) {
  %p = noodle.contract "ik,jk->ij" (%a, %b) : (tensor<90x30xf64>, tensor<80x30xf64>) -> tensor<90x80xf64>
  %d = noodle.map (%s, %p) : (tensor<90x80xf64, #csr>, tensor<90x80xf64>) -> tensor<90x80xf64, #csr> {
  ^bb0(%x: f64, %y: f64):
    %z = arith.mulf %y, %x : f64
    noodle.yield %z : f64
  }
  return %d, %p : tensor<90x80xf64, #csr>, tensor<90x80xf64>
}
// A square is no product with the entry.
// CHECK-LABEL: @mask_other
// CHECK: noodle.contract "ik,jk->ij"
// CHECK: noodle.map
func.func @mask_other(%s: tensor<90x80xf64, #csr>, %a: tensor<90x30xf64>, %b: tensor<80x30xf64>) -> tensor<90x80xf64, #csr> {
  %p = noodle.contract "ik,jk->ij" (%a, %b) : (tensor<90x30xf64>, tensor<80x30xf64>) -> tensor<90x80xf64>
  %d = noodle.map (%s, %p) : (tensor<90x80xf64, #csr>, tensor<90x80xf64>) -> tensor<90x80xf64, #csr> {
  ^bb0(%x: f64, %y: f64):
    %z = arith.mulf %y, %y : f64
    noodle.yield %z : f64
  }
  return %d : tensor<90x80xf64, #csr>
}
// The map multiplies, the semiring adds.
// CHECK-LABEL: @mask_mixed
// CHECK: noodle.contract "ik,jk->ij"
// CHECK: noodle.map
func.func @mask_mixed(%s: tensor<90x80xf64, #csr>, %a: tensor<90x30xf64>, %b: tensor<80x30xf64>) -> tensor<90x80xf64, #csr> {
  %p = noodle.contract "ik,jk->ij" (%a, %b) {semiring = #noodle.semiring<min_plus>} : (tensor<90x30xf64>, tensor<80x30xf64>) -> tensor<90x80xf64>
  %d = noodle.map (%s, %p) : (tensor<90x80xf64, #csr>, tensor<90x80xf64>) -> tensor<90x80xf64, #csr> {
  ^bb0(%x: f64, %y: f64):
    %z = arith.mulf %y, %x : f64
    noodle.yield %z : f64
  }
  return %d : tensor<90x80xf64, #csr>
}
