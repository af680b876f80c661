// RUN: noodle-opt %s --noodle-outline-reference --split-input-file | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
// Two ops that are equal, places included, would share; these two do not.
// CHECK: module attributes {noodle.reference = ["{{.*}}func.func @site({{.*}}noodle.concat{{.*}}", "{{.*}}noodle.concat{{.*}}"]}
// CHECK-LABEL: func.func @main
// CHECK: %[[C:.*]] = call @__noodle_reference_0(%arg0, %arg1)
// CHECK: call @__noodle_reference_1(%[[C]], %arg1)
// CHECK-NOT: noodle.concat
// CHECK: func.func private @__noodle_reference_0({{.*}}) -> {{.*}} attributes {noodle.reference_site = 0 : i64, noodle.signature = ({{.*}}) -> {{.*}}}
// CHECK: func.func private @__noodle_reference_1
func.func @main(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr> {
  %c = noodle.concat (%a, %b) {axis = 0 : i64, noodle.site = 0 : i64, strategy = #noodle.strategy<reference>} : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr>
  %d = noodle.concat (%c, %b) {axis = 0 : i64, noodle.site = 1 : i64, strategy = #noodle.strategy<reference>} : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr>
  return %d : tensor<?x?xf64, #csr>
}

// -----

// A semiring the op names goes along.
// CHECK: noodle.reference = ["{{.*}}noodle.semiring @left{{.*}}func.func @site
noodle.semiring @left : i32
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
    %s = arith.muli %a, %b : i32
    noodle.yield %s : i32
  }
func.func @user(%x: tensor<?x?xi32>) -> tensor<?xi32> {
  %r = noodle.reduce %x {dims = array<i64: 1>, semiring = #noodle.semiring<@left>, strategy = #noodle.strategy<reference>} : tensor<?x?xi32> -> tensor<?xi32>
  return %r : tensor<?xi32>
}

// -----

// Nothing is noted where nothing is outlined.
// CHECK: module {
// CHECK-NEXT: func.func @none
func.func @none(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}
