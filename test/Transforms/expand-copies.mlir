// RUN: noodle-opt --pass-pipeline='builtin.module(func.func(noodle-expand-copies))' %s | FileCheck %s

// CHECK-LABEL: func.func @strided
func.func @strided(%a: memref<4x4xf32, strided<[8, 1], offset: ?>>, %b: memref<4x4xf32>) {
// CHECK:       scf.for %[[I:.*]] =
// CHECK:         scf.for %[[J:.*]] =
// CHECK:           %[[V:.*]] = memref.load %{{.*}}[%[[I]], %[[J]]]
// CHECK:           memref.store %[[V]], %{{.*}}[%[[I]], %[[J]]]
// CHECK-NOT:   memref.copy
  memref.copy %a, %b : memref<4x4xf32, strided<[8, 1], offset: ?>> to memref<4x4xf32>
  return
}

// CHECK-LABEL: func.func @contiguous
func.func @contiguous(%a: memref<?x4xf32>, %b: memref<?x4xf32>) {
// CHECK-NEXT:  memref.copy
  memref.copy %a, %b : memref<?x4xf32> to memref<?x4xf32>
  return
}
