// RUN: noodle-opt --noodle-outline-parallel %s | FileCheck %s

// CHECK: func.func private @parallel_for(i64, i64, !llvm.ptr, !llvm.ptr) attributes {noodle.parallel_for}
// CHECK-LABEL: func.func @main
func.func @main(%a: memref<?xf32>, %n: index) {
// CHECK:       %[[SPACE:.*]] = llvm.alloca
// CHECK:       llvm.store %{{.*}}, %[[SPACE]]
// CHECK:       %[[BODY:.*]] = constant @main.parallel : (!llvm.ptr, i64, i64, !llvm.ptr) -> i32
// CHECK:       %[[ADDRESS:.*]] = builtin.unrealized_conversion_cast %[[BODY]]
// CHECK:       call @parallel_for(%{{.*}}, %{{.*}}, %[[ADDRESS]], %[[SPACE]])
// CHECK-NOT:   scf.parallel
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %z = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%n) step (%c64) {
    memref.store %z, %a[%i] : memref<?xf32>
  }
  return
}
// CHECK-LABEL: func.func private @main.parallel(
// CHECK-SAME:    attributes {noodle.parallel_body}
// CHECK:         scf.for
// CHECK:           memref.store
// CHECK:         return %{{.*}} : i32

// A brief loop's grain is negative.

// CHECK-LABEL: func.func @brief
// CHECK-DAG:   %[[ONE:.*]] = arith.constant -1 : index
// CHECK-DAG:   %[[GRAIN:.*]] = arith.index_cast %[[ONE]]
// CHECK:       call @parallel_for(%{{.*}}, %[[GRAIN]],
func.func @brief(%a: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    memref.store %z, %a[%i] : memref<?xf32>
  } {noodle.brief}
  return
}

// Must not fire: a reduction would depend on the threads.

// CHECK-LABEL: func.func @reduction
// CHECK:         scf.parallel
func.func @reduction(%n: index, %z: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = scf.parallel (%i) = (%c0) to (%n) step (%c1) init (%z) -> f32 {
    scf.reduce(%z : f32) {
    ^bb0(%x: f32, %y: f32):
      %t = arith.addf %x, %y : f32
      scf.reduce.return %t : f32
    }
  }
  return %s : f32
}
