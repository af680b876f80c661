// RUN: noodle-opt --pass-pipeline='builtin.module(func.func(noodle-vectorize-rows{vector-bytes=64}))' %s | FileCheck %s
// RUN: noodle-opt --pass-pipeline='builtin.module(func.func(noodle-vectorize-rows{vector-bytes=16}))' %s | FileCheck %s --check-prefix=SSE

#v = affine_map<(i) -> (i)>
#m = affine_map<(i, j) -> (i, j)>
#t = affine_map<(i, j) -> (j, i)>
#r = affine_map<(i, j) -> (i)>
#c = affine_map<(i, j) -> (j)>
#p = affine_map<(i, j) -> (0, j)>

// The example of the pass: four vectors per step and nothing left over.

// CHECK-LABEL: func.func @twice
// CHECK:       scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step
// CHECK-COUNT-4: vector.load %{{.*}} : memref<4096xf32>, vector<16xf32>
// CHECK-NOT:   mask
// SSE-LABEL:   func.func @twice
// SSE:         vector.load %{{.*}} : memref<4096xf32>, vector<4xf32>
func.func @twice(%x: memref<4096xf32>, %y: memref<4096xf32>) {
  linalg.generic {indexing_maps = [#v, #v], iterator_types = ["parallel"]}
    ins(%x : memref<4096xf32>) outs(%y : memref<4096xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %a, %a : f32
    linalg.yield %s : f32
  }
  return
}

// A sum along the vectors: four vectors of partial sums, a mask for the rest,
// halves of vectors added up to one sum per row. The quotient is the same for a
// whole row and stands in front of its loop. Without masks the rest is done one
// by one.

// CHECK-LABEL: func.func @rows
// CHECK:       scf.for
// CHECK:         %[[Q:.*]] = arith.divf %{{.*}} : f32
// CHECK:         vector.broadcast %[[Q]]
// CHECK:         scf.for %{{.*}} iter_args(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// CHECK:         vector.create_mask
// CHECK:         vector.maskedload
// CHECK:         arith.select
// CHECK:         arith.addf %{{.*}} : vector<8xf32>
// CHECK:         arith.addf %{{.*}} : vector<4xf32>
// CHECK:         arith.addf %{{.*}} : vector<2xf32>
// CHECK:         memref.store
// CHECK-NOT:     linalg.generic
// SSE-LABEL:   func.func @rows
// SSE-NOT:       mask
// SSE:           memref.load
// SSE-LABEL:   func.func @columns
func.func @rows(%x: memref<?x?xf32>, %d: memref<?xf32>, %n: f32, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [#m, #r, affine_map<(i, j) -> ()>, #r], iterator_types = ["parallel", "reduction"]}
    ins(%x, %d, %n : memref<?x?xf32>, memref<?xf32>, f32) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %b: f32, %k: f32, %o: f32):
    %q = arith.divf %b, %k : f32
    %e = arith.subf %a, %q : f32
    %s = arith.addf %o, %e : f32
    linalg.yield %s : f32
  }
  return
}

// A sum over rows: eight rows per pass, each added to what is in memory.

// CHECK-LABEL: func.func @columns
// CHECK:       scf.for
// CHECK:         scf.for
// CHECK:           vector.load %{{.*}} : memref<64xf32>, vector<16xf32>
// CHECK-COUNT-8:   vector.load %{{.*}} : memref<100x64xf32>, vector<16xf32>
// CHECK:           vector.store %{{.*}} : memref<64xf32>, vector<16xf32>
func.func @columns(%x: memref<100x64xf32>, %y: memref<64xf32>) {
  linalg.generic {indexing_maps = [#m, #c], iterator_types = ["reduction", "parallel"]}
    ins(%x : memref<100x64xf32>) outs(%y : memref<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  }
  return
}

// A transpose: 16 rows of a tile are loaded, interleaved in four steps, stored.

// CHECK-LABEL: func.func @transpose
// CHECK-COUNT-16: vector.load
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: vector.store
// CHECK-NOT:   linalg.generic
func.func @transpose(%x: memref<64x32xf32>, %y: memref<32x64xf32>) {
  linalg.generic {indexing_maps = [#t, #m], iterator_types = ["parallel", "parallel"]}
    ins(%x : memref<64x32xf32>) outs(%y : memref<32x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// Edges that fill no tile stay as they are.

// CHECK-LABEL: func.func @ragged
// CHECK:       vector.shuffle
// CHECK:       linalg.generic
// CHECK:       linalg.generic
// CHECK-NOT:   linalg.generic
func.func @ragged(%x: memref<50x33xf32>, %y: memref<33x50xf32>) {
  linalg.generic {indexing_maps = [#t, #m], iterator_types = ["parallel", "parallel"]}
    ins(%x : memref<50x33xf32>) outs(%y : memref<33x50xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  return
}

// Two results in one pass: one stored, one summed up. Positions are vectors.

// CHECK-LABEL: func.func @both
// CHECK:       vector.step
// CHECK:       vector.store
// CHECK:       arith.addf %{{.*}} : vector<8xf64>
// CHECK-NOT:   linalg.generic
func.func @both(%x: memref<1x100xf64>, %y: memref<7x100xf64>, %z: memref<7xf64>) {
  linalg.generic {indexing_maps = [#p, #m, #r], iterator_types = ["parallel", "reduction"]}
    ins(%x : memref<1x100xf64>) outs(%y, %z : memref<7x100xf64>, memref<7xf64>) {
  ^bb0(%a: f64, %o: f64, %p: f64):
    %j = linalg.index 1 : index
    %k = arith.index_cast %j : index to i64
    %f = arith.sitofp %k : i64 to f64
    %e = arith.mulf %a, %f : f64
    %s = arith.addf %p, %e : f64
    linalg.yield %e, %s : f64, f64
  }
  return
}

// Must not fire: truth values are bytes in memory; nothing is contiguous; a sum
// that is not one op over what it adds.

// CHECK-LABEL: func.func @left_alone
// CHECK-COUNT-3: linalg.generic
func.func @left_alone(%a: memref<64xi1>, %b: memref<64xf32, strided<[2]>>, %c: memref<64xf32>, %d: memref<f32>) {
  linalg.generic {indexing_maps = [#v], iterator_types = ["parallel"]} outs(%a : memref<64xi1>) {
  ^bb0(%o: i1):
    %t = arith.constant true
    %n = arith.xori %o, %t : i1
    linalg.yield %n : i1
  }
  linalg.generic {indexing_maps = [#v], iterator_types = ["parallel"]} outs(%b : memref<64xf32, strided<[2]>>) {
  ^bb0(%o: f32):
    %s = arith.addf %o, %o : f32
    linalg.yield %s : f32
  }
  linalg.generic {indexing_maps = [#v, affine_map<(i) -> ()>], iterator_types = ["reduction"]} ins(%c : memref<64xf32>) outs(%d : memref<f32>) {
  ^bb0(%x: f32, %o: f32):
    %q = arith.divf %o, %x : f32
    linalg.yield %q : f32
  }
  return
}
