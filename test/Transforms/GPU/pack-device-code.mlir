// RUN: noodle-opt %s --noodle-pack-device-code --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: module attributes {
// CHECK-SAME: noodle.device = "module {{.*}}gpu.module @noodle_device {{.*}}gpu.func @elementwise_0
// CHECK-SAME: noodle.kernels = [{kind = "elementwise", name = "elementwise_0", shared = 0 : i64, text = "a map", threads = 256 : i64},
// CHECK-SAME: {kind = "", name = "rows_0", shared = 1056 : i64, text = "", threads = 128 : i64}]
// CHECK-NOT: gpu
// CHECK: func.func @main
func.func @main() {
  return
}
gpu.module @noodle_device {
  gpu.func @elementwise_0(%a: memref<?xf32>) kernel attributes {known_block_size = array<i32: 256, 1, 1>, noodle.kernel = {kind = "elementwise", text = "a map"}} {
    gpu.return
  }
  gpu.func @rows_0(%a: memref<?xf32>) workgroup(%s: memref<128xf64, #gpu.address_space<workgroup>>, %t: memref<32xi1, #gpu.address_space<workgroup>>) kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    gpu.return
  }
}

// -----

// Without kernels nothing is said of a device.
// CHECK-LABEL: func.func @none
// CHECK-NOT: noodle.device
func.func @none() {
  return
}

// -----

gpu.module @noodle_device {
  // expected-error @below {{a kernel must state its known_block_size}}
  gpu.func @k(%a: memref<?xf32>) kernel {
    gpu.return
  }
}
