// RUN: noodle-opt --pass-pipeline='builtin.module(func.func(noodle-collapse-loops))' %s | FileCheck %s

#m = affine_map<(i, j) -> (i, j)>
#t = affine_map<(i, j) -> (j, i)>
#c = affine_map<(i, j) -> (j)>

// CHECK-LABEL: func.func @map
// CHECK:       memref.collapse_shape %{{.*}} {{\[}}[0, 1]] : memref<100x3xf32> into memref<300xf32>
// CHECK:       linalg.generic {{.*}} iterator_types = ["parallel"]
// CHECK-SAME:    outs(%{{.*}} : memref<300xf32>)
func.func @map(%a: memref<100x3xf32>, %b: memref<100x3xf32>) {
  linalg.generic {indexing_maps = [#m, #m], iterator_types = ["parallel", "parallel"]} ins(%a : memref<100x3xf32>) outs(%b : memref<100x3xf32>) {
  ^bb0(%x: f32, %o: f32):
    %s = arith.addf %x, %x : f32
    linalg.yield %s : f32
  }
  return
}

// CHECK-LABEL: func.func @fill
// CHECK:       linalg.generic
// CHECK-SAME:    outs(%{{.*}} : memref<?xf32>)
func.func @fill(%v: f32, %b: memref<?x?xf32>) {
  linalg.fill ins(%v : f32) outs(%b : memref<?x?xf32>)
  return
}

// Must not fire: gaps between rows, an operand with one of the loops only, a
// transpose.

// CHECK-LABEL: func.func @apart
// CHECK-NOT:   memref.collapse_shape
func.func @apart(%a: memref<8x4xf32, strided<[16, 1]>>, %b: memref<8x4xf32>, %v: memref<4xf32>, %c: memref<4x8xf32>) {
  linalg.generic {indexing_maps = [#m, #m], iterator_types = ["parallel", "parallel"]} ins(%a : memref<8x4xf32, strided<[16, 1]>>) outs(%b : memref<8x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  }
  linalg.generic {indexing_maps = [#c, #m], iterator_types = ["parallel", "parallel"]} ins(%v : memref<4xf32>) outs(%b : memref<8x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  }
  linalg.generic {indexing_maps = [#t, #m], iterator_types = ["parallel", "parallel"]} ins(%c : memref<4x8xf32>) outs(%b : memref<8x4xf32>) {
  ^bb0(%x: f32, %o: f32):
    linalg.yield %x : f32
  }
  return
}

// CHECK-LABEL: func.func @nothing
// CHECK-NOT:   linalg.generic
func.func @nothing(%a: memref<0x4xf32>, %b: memref<0xf32>) {
  linalg.generic {indexing_maps = [#m, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]} ins(%a : memref<0x4xf32>) outs(%b : memref<0xf32>) {
  ^bb0(%x: f32, %o: f32):
    %s = arith.addf %o, %x : f32
    linalg.yield %s : f32
  }
  return
}
