// RUN: noodle-opt --allow-unregistered-dialect --pass-pipeline='builtin.module(func.func(noodle-place-scratch{most-bytes=20000}))' %s | FileCheck %s

// The second buffer would not fit any more; that of a loop inside has no end
// with the iteration; extents that are not known have no bound.

// CHECK-LABEL: func.func @blocks
// CHECK:       memref.alloc() : memref<16xf32>
// CHECK:       scf.parallel
// CHECK:         memref.alloca() {alignment = 64 : i64} : memref<4x1024xf32>
// CHECK:         memref.alloc() : memref<1024xf32>
// CHECK:         memref.alloca() : memref<4xf32>
// CHECK:         memref.alloc(%{{.*}}) : memref<?xf32>
// CHECK:         scf.for
// CHECK:           memref.alloc() : memref<2xf32>
func.func @blocks(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %o = memref.alloc() : memref<16xf32>
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    %a = memref.alloc() {alignment = 64 : i64} : memref<4x1024xf32>
    %b = memref.alloc() : memref<1024xf32>
    %c = memref.alloc() : memref<4xf32>
    %d = memref.alloc(%n) : memref<?xf32>
    scf.for %j = %c0 to %n step %c1 {
      %e = memref.alloc() : memref<2xf32>
      "test.use"(%a, %b, %c, %d, %e, %o) : (memref<4x1024xf32>, memref<1024xf32>, memref<4xf32>, memref<?xf32>, memref<2xf32>, memref<16xf32>) -> ()
    }
    scf.reduce
  }
  return
}
