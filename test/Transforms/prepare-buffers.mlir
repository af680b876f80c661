// RUN: noodle-opt --noodle-prepare-buffers %s | FileCheck %s

// CHECK: func.func private @__noodle_reference_0(tensor<4xf32> {bufferization.access = "read"}) -> tensor<4xf32>
func.func private @__noodle_reference_0(tensor<4xf32>) -> tensor<4xf32>
  attributes {noodle.reference_site = 0 : i64}

// CHECK-LABEL: func.func @main(
// CHECK-SAME:    %[[A:.*]]: tensor<4xf32> {bufferization.writable = false}
func.func @main(%a: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
// CHECK:       %[[R:.*]] = call
// CHECK:       %[[COPY:.*]] = bufferization.alloc_tensor() copy(%[[R]])
// CHECK:       return %[[R]], %[[COPY]]
  %r = call @__noodle_reference_0(%a) : (tensor<4xf32>) -> tensor<4xf32>
  return %r, %r : tensor<4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func private @helper(
// CHECK-SAME:    %{{.*}}: tensor<4xf32>) -> tensor<4xf32>
func.func private @helper(%a: tensor<4xf32>) -> tensor<4xf32> {
  return %a : tensor<4xf32>
}
