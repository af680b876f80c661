// RUN: noodle-opt %s --noodle-guard-ops --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: @indices
// CHECK-SAME: %[[T:.*]]: tensor<?x4xf64>, %[[I:.*]]: index
func.func @indices(%t: tensor<?x4xf64>, %i: index) -> f64 {
  %c3 = arith.constant 3 : index
  // CHECK: %[[N:.*]] = tensor.dim %[[T]]
  // CHECK: %[[IN:.*]] = arith.cmpi ult, %[[I]], %[[N]] : index
  // CHECK: noodle.check %[[IN]], "index 0 is out of range" {status = 4 : i32}
  // CHECK-NOT: noodle.check
  // CHECK: tensor.extract
  %x = tensor.extract %t[%i, %c3] : tensor<?x4xf64>
  return %x : f64
}

// CHECK-LABEL: @insert
func.func @insert(%t: tensor<8xf64>, %i: index, %v: f64) -> tensor<8xf64> {
  // CHECK: noodle.check
  // CHECK: tensor.insert
  %x = tensor.insert %v into %t[%i] : tensor<8xf64>
  return %x : tensor<8xf64>
}

// CHECK-LABEL: @slices
func.func @slices(%t: tensor<8xf64>, %o: index, %s: tensor<?xf64>) -> (tensor<3xf64>, tensor<8xf64>) {
  // Known to fit: no check.
  // CHECK-NOT: noodle.check
  // CHECK: tensor.extract_slice %{{.*}}[2] [3] [2]
  %a = tensor.extract_slice %t[2] [3] [2] : tensor<8xf64> to tensor<3xf64>
  // CHECK: noodle.check %{{.*}}, "a slice reaches out of dimension 0"
  // CHECK: tensor.extract_slice
  %b = tensor.extract_slice %t[%o] [3] [2] : tensor<8xf64> to tensor<3xf64>
  // CHECK: noodle.check %{{.*}}, "size 0 of a slice is not the source's" {status = 3 : i32}
  // CHECK: tensor.insert_slice
  %c = tensor.insert_slice %s into %t[0] [%o] [1] : tensor<?xf64> into tensor<8xf64>
  return %b, %c : tensor<3xf64>, tensor<8xf64>
}

// CHECK-LABEL: @extents
func.func @extents(%t: tensor<?xf64>, %n: index, %v: f64) -> (tensor<4xf64>, tensor<?xf64>) {
  // CHECK: noodle.check %{{.*}}, "extent 0 is not 4" {status = 3 : i32}
  %a = tensor.cast %t : tensor<?xf64> to tensor<4xf64>
  // CHECK: noodle.check %{{.*}}, "extent 0 is negative" {status = 3 : i32}
  %b = tensor.splat %v[%n] : tensor<?xf64>
  return %a, %b : tensor<4xf64>, tensor<?xf64>
}

// CHECK-LABEL: @divisions
func.func @divisions(%a: i32, %b: i32) -> (i32, i32, i32) {
  // CHECK: noodle.check %{{.*}}, "division by zero"
  // CHECK: noodle.check %{{.*}}, "the quotient does not fit its type"
  // CHECK: arith.divsi
  %q = arith.divsi %a, %b : i32
  // CHECK: noodle.check %{{.*}}, "division by zero"
  // CHECK-NOT: noodle.check
  // CHECK: arith.remui
  %r = arith.remui %a, %b : i32
  // CHECK-NOT: noodle.check
  %c7 = arith.constant 7 : i32
  %s = arith.divsi %a, %c7 : i32
  return %q, %r, %s : i32, i32, i32
}

// Scalar code of maps is left to the selection.
// CHECK-LABEL: @body
// CHECK-NOT: noodle.check
func.func @body(%t: tensor<?xi32>) -> tensor<?xi32> {
  %r = noodle.map (%t) : (tensor<?xi32>) -> tensor<?xi32> {
  ^bb0(%x: i32):
    %d = arith.divsi %x, %x : i32
    noodle.yield %d : i32
  }
  return %r : tensor<?xi32>
}

// -----

func.func @unchecked(%t: tensor<?xf64>, %s: tensor<1xi64>) -> tensor<?xf64> {
  // expected-error@+1 {{'tensor.reshape' has no compiled form}}
  %r = tensor.reshape %t(%s) : (tensor<?xf64>, tensor<1xi64>) -> tensor<?xf64>
  return %r : tensor<?xf64>
}
