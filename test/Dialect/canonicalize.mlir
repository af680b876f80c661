// RUN: noodle-opt %s -canonicalize | FileCheck %s

// CHECK-LABEL: @identity_transpose
// CHECK-NEXT: return %arg0
func.func @identity_transpose(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = noodle.transpose %x {permutation = array<i64: 0, 1>} : tensor<4x4xf32> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// A square transpose has its operand's type, but moves entries.
// CHECK-LABEL: @square_transpose
// CHECK-NEXT: noodle.transpose
func.func @square_transpose(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = noodle.transpose %x {permutation = array<i64: 1, 0>} : tensor<4x4xf32> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// CHECK-LABEL: @same_convert
// CHECK-NEXT: return %arg0
func.func @same_convert(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = noodle.convert %x : tensor<4x4xf32> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}

// A round trip through another type is not the identity.
// CHECK-LABEL: @convert_there_and_back
// CHECK-COUNT-2: noodle.convert
func.func @convert_there_and_back(%x: tensor<4xf64>) -> tensor<4xf64> {
  %y = noodle.convert %x : tensor<4xf64> -> tensor<4xf32>
  %z = noodle.convert %y : tensor<4xf32> -> tensor<4xf64>
  return %z : tensor<4xf64>
}

// CHECK-LABEL: @true_check
// CHECK-NEXT: return
func.func @true_check() {
  %true = arith.constant true
  noodle.check %true, "never"
  return
}

// A check that fails, or that nobody reads, stays.
// CHECK-LABEL: @other_checks
// CHECK-COUNT-2: noodle.check
func.func @other_checks(%ok: i1) {
  %false = arith.constant false
  noodle.check %false, "always"
  noodle.check %ok, "perhaps"
  return
}

// An op without a use goes.
// CHECK-LABEL: @unused
// CHECK-NEXT: return
func.func @unused(%x: tensor<4xf32>) {
  %y = noodle.contract "i->" (%x) : (tensor<4xf32>) -> tensor<f32>
  return
}
