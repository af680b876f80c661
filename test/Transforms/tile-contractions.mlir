// RUN: noodle-opt --pass-pipeline='builtin.module(func.func(noodle-tile-contractions{vector-bytes=64}))' %s | FileCheck %s

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#M = affine_map<(i, k) -> (i, k)>
#X = affine_map<(i, k) -> (k)>
#Y = affine_map<(i, k) -> (i)>

// 8 rows of 2 vectors; 256 is a multiple of everything, so there are no tails.

// CHECK-LABEL: func.func @matmul
func.func @matmul(%a: memref<256x256xf32>, %b: memref<256x256xf32>, %c: memref<256x256xf32>) {
// CHECK:       scf.parallel
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK-COUNT-16:    vector.load %{{.*}} : memref<256x256xf32>, vector<16xf32>
// CHECK:             %[[SUMS:.*]]:16 = scf.for
// CHECK:               arith.mulf %{{.*}}, %{{.*}} fastmath<contract> : vector<16xf32>
// CHECK:               arith.addf %{{.*}}, %{{.*}} fastmath<contract> : vector<16xf32>
// CHECK-COUNT-16:    vector.store
// CHECK-NOT:   vector.maskedload
// CHECK-NOT:   linalg.generic
  linalg.generic {indexing_maps = [#A, #B, #C], iterator_types = ["parallel", "parallel", "reduction"], noodle.schedule = "tiled"}
    ins(%a, %b : memref<256x256xf32>, memref<256x256xf32>) outs(%c : memref<256x256xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.mulf %x, %y : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  return
}

// Unknown extents: masks for the columns that fill no vector. Another semiring
// is another body.

// CHECK-LABEL: func.func @minplus
func.func @minplus(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %c: memref<?x?xf32>) {
// CHECK:       arith.minimumf %{{.*}} : vector<16xf32>
// CHECK:       vector.create_mask
// CHECK:       vector.maskedload
// CHECK:       vector.maskedstore
  linalg.generic {indexing_maps = [#A, #B, #C], iterator_types = ["parallel", "parallel", "reduction"], noodle.schedule = "tiled"}
    ins(%a, %b : memref<?x?xf32>, memref<?x?xf32>) outs(%c : memref<?x?xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.addf %x, %y : f32
    %s = arith.minimumf %o, %m : f32
    linalg.yield %s : f32
  }
  return
}

// A matrix times a vector: lanes along the reduction.

// CHECK-LABEL: func.func @matvec
func.func @matvec(%a: memref<?x?xf64>, %x: memref<?xf64>, %y: memref<?xf64>) {
// CHECK:       scf.for {{.*}} -> (vector<8xf64>, vector<8xf64>, vector<8xf64>, vector<8xf64>)
// CHECK:       scf.for {{.*}} -> (f64, f64, f64, f64)
// CHECK:       vector.reduction <add>
  linalg.generic {indexing_maps = [#M, #X, #Y], iterator_types = ["parallel", "reduction"], noodle.schedule = "tiled"}
    ins(%a, %x : memref<?x?xf64>, memref<?xf64>) outs(%y : memref<?xf64>) {
  ^bb0(%p: f64, %q: f64, %o: f64):
    %m = arith.mulf %p, %q : f64
    %s = arith.addf %o, %m : f64
    linalg.yield %s : f64
  }
  return
}

// Must not fire: no schedule; i1, whose vectors are packed bits.

// CHECK-LABEL: func.func @untouched
func.func @untouched(%a: memref<8x8xf32>, %b: memref<8x8xf32>, %c: memref<8x8xf32>, %p: memref<8x8xi1>, %q: memref<8x8xi1>, %r: memref<8x8xi1>) {
// CHECK-COUNT-2: linalg.generic
// CHECK-NOT:   vector.
  linalg.generic {indexing_maps = [#A, #B, #C], iterator_types = ["parallel", "parallel", "reduction"]}
    ins(%a, %b : memref<8x8xf32>, memref<8x8xf32>) outs(%c : memref<8x8xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %m = arith.mulf %x, %y : f32
    %s = arith.addf %o, %m : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#A, #B, #C], iterator_types = ["parallel", "parallel", "reduction"], noodle.schedule = "tiled"}
    ins(%p, %q : memref<8x8xi1>, memref<8x8xi1>) outs(%r : memref<8x8xi1>) {
  ^bb0(%x: i1, %y: i1, %o: i1):
    %m = arith.andi %x, %y : i1
    %s = arith.ori %o, %m : i1
    linalg.yield %s : i1
  }
  return
}
