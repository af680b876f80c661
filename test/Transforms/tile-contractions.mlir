// RUN: noodle-opt --pass-pipeline='builtin.module(func.func(noodle-tile-contractions{vector-bytes=64}))' %s | FileCheck %s

#A = affine_map<(i, j, k) -> (i, k)>
#At = affine_map<(i, j, k) -> (k, i)>
#B = affine_map<(i, j, k) -> (k, j)>
#Bt = affine_map<(i, j, k) -> (j, k)>
#C = affine_map<(i, j, k) -> (i, j)>
#J = affine_map<(i, j, k) -> (j)>
#M = affine_map<(i, k) -> (i, k)>
#X = affine_map<(i, k) -> (k)>
#Y = affine_map<(i, k) -> (i)>

// 8 rows of 2 vectors, straight from the operands; 256 is a multiple of
// everything, so there is one kernel. Sums begin at zero, in registers.

// CHECK-LABEL: func.func @product
func.func @product(%a: memref<256x256xf32>, %b: memref<256x256xf32>, %c: memref<256x256xf32>) {
// CHECK-NOT:   memref.alloc
// CHECK:       scf.parallel
// CHECK:         %[[SUMS:.*]]:16 = scf.for
// CHECK:           vector.load {{.*}} vector<16xf32>
// CHECK:           memref.load
// CHECK:           math.fma {{.*}} : vector<16xf32>
// CHECK-COUNT-16:    vector.store {{.*}} vector<16xf32>
// CHECK-NOT:   scf.for
// CHECK-NOT:   noodle.fused_contract
  noodle.fused_contract lhs(%a : memref<256x256xf32>) rhs(%b : memref<256x256xf32>) outs(%c : memref<256x256xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
    lhs_body {
    ^bb0(%x: f32):
      noodle.yield %x : f32
    } rhs_body {
    ^bb0(%y: f32):
      noodle.yield %y : f32
    } combine {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %t = arith.addf %s, %p : f32
      noodle.yield %t : f32
    } epilogue {
    ^bb0(%s: f32):
      noodle.yield %s : f32
    }
  return
}

// Columns that are not neighbours are packed: 16 x 16 blocks are transposed in
// registers. The epilogue is on the tile, bias loaded beside it.

// CHECK-LABEL: func.func @transposed
func.func @transposed(%a: memref<64x64xf32>, %b: memref<64x64xf32>, %bias: memref<64xf32>, %c: memref<64x64xf32>) {
// CHECK:       %[[PACKED:.*]] = memref.alloc() {alignment = 64 : i64, noodle.optional = -1 : i64} : memref<4096xf32>
// CHECK:       %[[AT:.*]] = memref.extract_aligned_pointer_as_index %[[PACKED]]
// CHECK:       %[[IS:.*]] = arith.cmpi ne, %[[AT]]
// CHECK:       scf.if %[[IS]] {
// CHECK:       vector.shuffle
// CHECK:       vector.store {{.*}}, %[[PACKED]]
// CHECK:       scf.if %[[IS]] {
// CHECK:       vector.load %[[PACKED]]
// CHECK:       math.fma
// CHECK:       vector.load {{.*}} vector<16xf32>
// CHECK:       arith.addf {{.*}} : vector<16xf32>
// CHECK:       arith.maximumf {{.*}} : vector<16xf32>
// CHECK:       vector.store
// CHECK:       } else {
// CHECK-NOT:   %[[PACKED]]
// CHECK:       return
  noodle.fused_contract lhs(%a : memref<64x64xf32>) rhs(%b : memref<64x64xf32>) extras(%bias : memref<64xf32>) outs(%c : memref<64x64xf32>)
    {indexing_maps = [#A, #Bt, #J, #C], zero = 0.0 : f32}
    lhs_body {
    ^bb0(%x: f32):
      noodle.yield %x : f32
    } rhs_body {
    ^bb0(%y: f32):
      noodle.yield %y : f32
    } combine {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %t = arith.addf %s, %p : f32
      noodle.yield %t : f32
    } epilogue {
    ^bb0(%s: f32, %e: f32):
      %zero = arith.constant 0.0 : f32
      %o = arith.addf %s, %e : f32
      %m = arith.maximumf %o, %zero : f32
      noodle.yield %m : f32
    }
  return
}

// Unknown extents: every tile has masks and counts its rows, so that one serves
// all; rows past the end are computed and not stored. Another semiring is
// another body.

// CHECK-LABEL: func.func @unknown
func.func @unknown(%a: memref<?x?xi32>, %b: memref<?x?xi32>, %c: memref<?x?xi32>) {
// CHECK:       vector.create_mask
// CHECK:       arith.addi {{.*}} : vector<16xi32>
// CHECK:       arith.minsi {{.*}} : vector<16xi32>
// CHECK:       vector.maskedstore
// CHECK-LABEL: func.func @matvec
  noodle.fused_contract lhs(%a : memref<?x?xi32>) rhs(%b : memref<?x?xi32>) outs(%c : memref<?x?xi32>)
    {indexing_maps = [#A, #B, #C], semiring = #noodle.semiring<min_plus>, zero = 2147483647 : i32}
    lhs_body {
    ^bb0(%x: i32):
      noodle.yield %x : i32
    } rhs_body {
    ^bb0(%y: i32):
      noodle.yield %y : i32
    } combine {
    ^bb0(%x: i32, %y: i32, %s: i32):
      %p = arith.addi %x, %y : i32
      %t = arith.minsi %s, %p : i32
      noodle.yield %t : i32
    } epilogue {
    ^bb0(%s: i32):
      noodle.yield %s : i32
    }
  return
}

// A matrix times a vector: lanes along the sum, added up pairwise.

func.func @matvec(%a: memref<1000x1000xf64>, %x: memref<1000xf64>, %y: memref<1000xf64>) {
// CHECK:       scf.for {{.*}} -> (vector<8xf64>, vector<8xf64>, vector<8xf64>, vector<8xf64>, vector<8xf64>, vector<8xf64>, vector<8xf64>, vector<8xf64>)
// CHECK:       vector.shuffle {{.*}} [0, 1, 2, 3]
// CHECK:       vector.shuffle {{.*}} [4, 5, 6, 7]
  noodle.fused_contract lhs(%a : memref<1000x1000xf64>) rhs(%x : memref<1000xf64>) outs(%y : memref<1000xf64>)
    {indexing_maps = [#M, #X, #Y], zero = 0.0 : f64}
    lhs_body {
    ^bb0(%p: f64):
      noodle.yield %p : f64
    } rhs_body {
    ^bb0(%q: f64):
      noodle.yield %q : f64
    } combine {
    ^bb0(%p: f64, %q: f64, %s: f64):
      %m = arith.mulf %p, %q : f64
      %t = arith.addf %s, %m : f64
      noodle.yield %t : f64
    } epilogue {
    ^bb0(%s: f64):
      noodle.yield %s : f64
    }
  return
}

// Inside a parallel loop nothing else is. Sums start from what out holds.

// CHECK-LABEL: func.func @inside
func.func @inside(%a: memref<256x256xf32>, %b: memref<256x256xf32>, %c: memref<256x256xf32>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
// CHECK:       scf.parallel
// CHECK-NOT:   scf.parallel
// CHECK:       math.fma
// CHECK:       vector.load
// CHECK:       arith.addf {{.*}} : vector<16xf32>
// CHECK:       vector.store
  scf.parallel (%i) = (%zero) to (%one) step (%one) {
    noodle.fused_contract lhs(%a : memref<256x256xf32>) rhs(%b : memref<256x256xf32>) outs(%c : memref<256x256xf32>)
      {indexing_maps = [#At, #B, #C], zero = 0.0 : f32, accumulate}
      lhs_body {
      ^bb0(%x: f32):
        noodle.yield %x : f32
      } rhs_body {
      ^bb0(%y: f32):
        noodle.yield %y : f32
      } combine {
      ^bb0(%x: f32, %y: f32, %s: f32):
        %p = arith.mulf %x, %y : f32
        %t = arith.addf %s, %p : f32
        noodle.yield %t : f32
      } epilogue {
      ^bb0(%s: f32):
        noodle.yield %s : f32
      }
  }
  return
}

// abc-bda-dc of the TCCG suite, row-major: neighbours of the output are those of
// %a's outermost dimension. Tiles run along them; packing loads along %a's own
// and transposes 16 x 16 blocks into as many tiles' panels.

#cA = affine_map<(a, b, c, d) -> (a, d, b)>
#cB = affine_map<(a, b, c, d) -> (c, d)>
#cC = affine_map<(a, b, c, d) -> (c, b, a)>

// CHECK-LABEL: func.func @across
func.func @across(%a: memref<48x24x32xf32>, %b: memref<16x24xf32>, %c: memref<16x32x48xf32>) {
// CHECK:       memref.alloc() : memref<32xindex>
// CHECK:       vector.load {{.*}} memref<?xf32, strided<[1]>>, vector<16xf32>
// CHECK-NOT:   vector.gather
// CHECK:       vector.shuffle
// CHECK:       vector.store
// CHECK:       math.fma {{.*}} : vector<16xf32>
// CHECK-NOT:   vector.scatter
// CHECK:       vector.store {{.*}} memref<?xf32, strided<[1]>>, vector<16xf32>
  noodle.fused_contract lhs(%a : memref<48x24x32xf32>) rhs(%b : memref<16x24xf32>) outs(%c : memref<16x32x48xf32>)
    {indexing_maps = [#cA, #cB, #cC], zero = 0.0 : f32}
    lhs_body {
    ^bb0(%x: f32):
      noodle.yield %x : f32
    } rhs_body {
    ^bb0(%y: f32):
      noodle.yield %y : f32
    } combine {
    ^bb0(%x: f32, %y: f32, %s: f32):
      %p = arith.mulf %x, %y : f32
      %t = arith.addf %s, %p : f32
      noodle.yield %t : f32
    } epilogue {
    ^bb0(%s: f32):
      noodle.yield %s : f32
    }
  return
}

// Complex numbers are pairs of reals: %b and i times %b, row by row, make one
// product of reals that are twice as many.

// CHECK-LABEL: func.func @complex
func.func @complex(%a: memref<32x32xcomplex<f32>>, %b: memref<32x32xcomplex<f32>>, %c: memref<32x32xcomplex<f32>>) {
// CHECK:       memref.alloc() {alignment = 64 : i64} : memref<32x2x32xcomplex<f32>>
// CHECK:       linalg.generic
// CHECK:         arith.negf
// CHECK-NOT:   complex.mul
// CHECK:       scf.for {{.*}} %c64
// CHECK:       math.fma {{.*}} : vector<16xf32>
  noodle.fused_contract lhs(%a : memref<32x32xcomplex<f32>>) rhs(%b : memref<32x32xcomplex<f32>>) outs(%c : memref<32x32xcomplex<f32>>)
    {indexing_maps = [#A, #B, #C], zero = #complex.number<:f32 0.0, 0.0> : complex<f32>}
    lhs_body {
    ^bb0(%x: complex<f32>):
      noodle.yield %x : complex<f32>
    } rhs_body {
    ^bb0(%y: complex<f32>):
      noodle.yield %y : complex<f32>
    } combine {
    ^bb0(%x: complex<f32>, %y: complex<f32>, %s: complex<f32>):
      %p = complex.mul %x, %y : complex<f32>
      %t = complex.add %s, %p : complex<f32>
      noodle.yield %t : complex<f32>
    } epilogue {
    ^bb0(%s: complex<f32>):
      noodle.yield %s : complex<f32>
    }
  return
}
