// RUN: noodle-opt --pass-pipeline='builtin.module(func.func(noodle-insert-polls))' %s | FileCheck %s

// The outer loop of a nest of unknown size polls; the inner one does not.

// CHECK-LABEL: func.func @nest
func.func @nest(%n: index, %z: f32, %m: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
// CHECK:       scf.for
// CHECK-NEXT:    noodle.poll
// CHECK-NEXT:    scf.for
// CHECK-NEXT:      memref.store
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      memref.store %z, %m[%i, %j] : memref<?x?xf32>
    }
  }
  return
}

// A loop that polls already is left alone.

// CHECK-LABEL: func.func @polled
// CHECK-COUNT-1: noodle.poll
// CHECK-NOT:   noodle.poll
func.func @polled(%n: index, %z: f32, %m: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    noodle.poll
    scf.for %j = %c0 to %n step %c1 {
      memref.store %z, %m[%i, %j] : memref<?x?xf32>
    }
  }
  return
}

// A small constant nest ends soon by itself.

// CHECK-LABEL: func.func @small
// CHECK-NOT:   noodle.poll
func.func @small(%z: f32, %m: memref<8x8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    scf.for %j = %c0 to %c8 step %c1 {
      memref.store %z, %m[%i, %j] : memref<8x8xf32>
    }
  }
  return
}
