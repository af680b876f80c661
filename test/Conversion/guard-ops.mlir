// RUN: noodle-opt %s --noodle-guard-ops --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @division
// CHECK: %[[SOME:.*]] = arith.cmpi ne, %arg1
// CHECK: noodle.check %[[SOME]], "division by zero"
// CHECK: noodle.check %{{.*}}, "the quotient does not fit its type"
// CHECK: arith.divsi
// Unsigned: only zero.
// CHECK: noodle.check %{{.*}}, "division by zero"
// CHECK-NOT: noodle.check
// CHECK: arith.remui
func.func @division(%a: i64, %b: i64) -> (i64, i64) {
  %c = arith.divsi %a, %b : i64
  %d = arith.remui %a, %b : i64
  return %c, %d : i64, i64
}

// -----

// What constants show is not checked.
// CHECK-LABEL: func.func @constants
// CHECK-NOT: noodle.check
// CHECK: return
func.func @constants(%a: i64, %x: tensor<4x5xf32>, %n: index) -> (i64, f32, tensor<2x2xf32>) {
  %two = arith.constant 2 : i64
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %q = arith.divsi %a, %two : i64
  %v = tensor.extract %x[%c3, %c0] : tensor<4x5xf32>
  %s = tensor.extract_slice %x[1, 1] [2, 2] [1, 2] : tensor<4x5xf32> to tensor<2x2xf32>
  scf.for %i = %c0 to %n step %c1 {
  }
  return %q, %v, %s : i64, f32, tensor<2x2xf32>
}

// -----

// CHECK-LABEL: func.func @indices
// CHECK: %[[N:.*]] = tensor.dim %arg0
// CHECK: %[[IN:.*]] = arith.cmpi ult, %arg1, %[[N]]
// CHECK: noodle.check %[[IN]], "index 0 is out of range" {status = 4 : i32}
// CHECK: tensor.extract
// CHECK: noodle.check %{{.*}}, "size 0 of a slice is negative" {status = 3 : i32}
// CHECK: noodle.check %{{.*}}, "a slice reaches out of dimension 0" {status = 4 : i32}
// CHECK: tensor.extract_slice
// CHECK: noodle.check %{{.*}}, "extent 0 is not 4" {status = 3 : i32}
// CHECK: tensor.cast
func.func @indices(%x: tensor<?xf32>, %i: index, %n: index) -> (f32, tensor<?xf32>, tensor<4xf32>) {
  %v = tensor.extract %x[%i] : tensor<?xf32>
  %s = tensor.extract_slice %x[%i] [%n] [1] : tensor<?xf32> to tensor<?xf32>
  %c = tensor.cast %x : tensor<?xf32> to tensor<4xf32>
  return %v, %s, %c : f32, tensor<?xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @extents
// CHECK: noodle.check %{{.*}}, "extent 0 is negative" {status = 3 : i32}
// CHECK: tensor.empty
// CHECK: noodle.check %{{.*}}, "the step of a loop is not positive"
// CHECK: scf.for
func.func @extents(%n: index, %k: index) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %e = tensor.empty(%n) : tensor<?xf32>
  scf.for %i = %c0 to %n step %k {
  }
  return %e : tensor<?xf32>
}

// -----

func.func @inside(%x: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %g = tensor.generate %n {
  ^bb0(%i: index):
    // expected-error @+1 {{'tensor.extract' may fail, which the body of 'tensor.generate' cannot: use a loop}}
    %v = tensor.extract %x[%i] : tensor<?xf32>
    tensor.yield %v : f32
  } : tensor<?xf32>
  return %g : tensor<?xf32>
}
