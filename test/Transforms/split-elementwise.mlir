// RUN: noodle-opt --pass-pipeline='builtin.module(func.func(noodle-split-elementwise))' %s | FileCheck %s

#v = affine_map<(i) -> (i)>

// CHECK-LABEL: func.func @large
func.func @large(%a: memref<100000xf32>, %b: memref<100000xf32>) {
// CHECK:       scf.parallel (%[[I:.*]]) = (%{{.*}}) to (%{{.*}}) step (%{{.*}})
// CHECK:         memref.subview %{{.*}}[%[[I]]] [%{{.*}}] [1]
// CHECK:         memref.subview %{{.*}}[%[[I]]] [%{{.*}}] [1]
// CHECK:         linalg.generic
  linalg.generic {indexing_maps = [#v, #v], iterator_types = ["parallel"]} ins(%a : memref<100000xf32>) outs(%b : memref<100000xf32>) {
  ^bb0(%x: f32, %o: f32):
    %s = arith.addf %x, %x : f32
    linalg.yield %s : f32
  }
  return
}

// The trace of a product: tiles of the one matrix are transposed on the way.
// CHECK-LABEL: func.func @crossed
// CHECK:       scf.parallel
// CHECK:         %[[TILE:.*]] = memref.alloc() : memref<64x64xf64>
// CHECK:         scf.for
// CHECK:           %[[TURNED:.*]] = memref.subview %[[TILE]]
// CHECK:           linalg.generic {{.*}} outs(%[[TURNED]]
// CHECK:           linalg.generic {{.*}} ins(%{{.*}}, %[[TURNED]]
func.func @crossed(%a: memref<500x300xf64>, %b: memref<300x500xf64>, %c: memref<f64>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> ()>], iterator_types = ["reduction", "reduction"]} ins(%a, %b : memref<500x300xf64>, memref<300x500xf64>) outs(%c : memref<f64>) {
  ^bb0(%x: f64, %y: f64, %o: f64):
    %p = arith.mulf %x, %y : f64
    %s = arith.addf %o, %p : f64
    linalg.yield %s : f64
  }
  return
}

// Must not fire: small, of unknown length, or a reduction of the dimension.

// CHECK-LABEL: func.func @whole
// CHECK-NOT:   scf.parallel
func.func @whole(%a: memref<100xf32>, %b: memref<?xf32>, %c: memref<100000xf32>, %d: memref<f32>) {
  linalg.generic {indexing_maps = [#v], iterator_types = ["parallel"]} outs(%a : memref<100xf32>) {
  ^bb0(%o: f32):
    %s = arith.addf %o, %o : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#v], iterator_types = ["parallel"]} outs(%b : memref<?xf32>) {
  ^bb0(%o: f32):
    %s = arith.addf %o, %o : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#v, affine_map<(i) -> ()>], iterator_types = ["reduction"]} ins(%c : memref<100000xf32>) outs(%d : memref<f32>) {
  ^bb0(%x: f32, %o: f32):
    %s = arith.addf %o, %x : f32
    linalg.yield %s : f32
  }
  return
}
