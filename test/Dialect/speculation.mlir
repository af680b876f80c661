// RUN: noodle-opt %s -allow-unregistered-dialect -loop-invariant-code-motion | FileCheck %s

// What cannot fail leaves a loop that may not run at all.
// CHECK-LABEL: @static_extents
// CHECK: noodle.matmul
// CHECK: scf.for
func.func @static_extents(%n: index, %a: tensor<4x4xf32>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %r = scf.for %i = %zero to %n step %one iter_args(%y = %x) -> tensor<4xf32> {
    %z = noodle.matmul %a, %x : tensor<4x4xf32>, tensor<4xf32> -> tensor<4xf32>
    scf.yield %z : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// What can fail stays: extents that may disagree, indices, divisions.
// CHECK-LABEL: @fallible
// CHECK: scf.for
// CHECK: noodle.matmul
// CHECK: noodle.gather
// CHECK: noodle.map
func.func @fallible(%n: index, %a: tensor<?x?xf32>, %x: tensor<?xf32>, %i: tensor<?xi64>, %k: tensor<?xi32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %j = %zero to %n step %one {
    %y = noodle.matmul %a, %x : tensor<?x?xf32>, tensor<?xf32> -> tensor<?xf32>
    %g = noodle.gather %y[%i] : tensor<?xf32>, tensor<?xi64> -> tensor<?xf32>
    %m = noodle.map (%k) : (tensor<?xi32>) -> tensor<?xi32> {
    ^bb0(%d: i32):
      %c = arith.constant 1 : i32
      %q = arith.divsi %c, %d : i32
      noodle.yield %q : i32
    }
    "test.use"(%g, %m) : (tensor<?xf32>, tensor<?xi32>) -> ()
  }
  return
}
