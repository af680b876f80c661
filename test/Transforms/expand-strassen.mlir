// RUN: noodle-opt --pass-pipeline='builtin.module(noodle-expand-strassen{from=64 vector-bytes=64})' %s | FileCheck %s

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#K = affine_map<(i) -> (i)>

// One level: seven products of quarters, two temporaries, sums of the left
// operand's quarters in the products, those of the right one in passes. The
// temporaries are one block; where it is refused the product is formed as usual.

// CHECK-LABEL: func.func @one(
// CHECK: %[[BLOCK:.*]] = memref.alloc() {noodle.optional = 0 : i64} : memref<20096xi8>
// CHECK: %[[AT:.*]] = memref.extract_aligned_pointer_as_index %[[BLOCK]]
// CHECK: %[[MEMORY:.*]] = memref.cast %[[BLOCK]]
// CHECK: %[[IS:.*]] = arith.cmpi ne, %[[AT]]
// CHECK: scf.if %[[IS]] {
// CHECK: call @one.strassen(%{{.*}}, %{{.*}}, %{{.*}}, %[[MEMORY]], %{{.*}}) : (memref<100x100xf32, strided<[?, 1], offset: ?>>
// CHECK: scf.if %[[IS]] {
// CHECK-NEXT: } else {
// CHECK-NEXT: noodle.fused_contract
// CHECK-SAME: noodle.schedule = "tiled", noodle.site = 0 : i64
// CHECK: return
// CHECK-LABEL: func.func private @one.strassen(
// CHECK: memref.view %{{.*}}[%{{.*}}][] : memref<?xi8> to memref<50x50xf32>
// CHECK: memref.view %{{.*}}[%{{.*}}][] : memref<?xi8> to memref<50x50xf32>
// CHECK-NOT: memref.view
// CHECK-NOT: memref.alloc
// CHECK: noodle.fused_contract
// CHECK-SAME: noodle.schedule = "tiled", noodle.site = 0 : i64
// CHECK: noodle.fused_contract {{.*}} extras(
// CHECK: scf.parallel
// CHECK:   vector.load
// CHECK:   arith.subf {{.*}} : vector<16xf32>
// CHECK:   vector.maskedstore
// CHECK: noodle.fused_contract
// CHECK: ^bb0(%[[P:.*]]: f32, %[[Q:.*]]: f32):
// CHECK-NEXT: arith.subf %[[P]], %[[Q]] : f32
// CHECK: noodle.fused_contract {{.*}}accumulate
// CHECK: noodle.fused_contract
// CHECK: noodle.fused_contract {{.*}}accumulate
// CHECK: noodle.fused_contract
// CHECK-NOT: noodle.fused_contract
// CHECK: return
func.func @one(%a: memref<100x100xf32>, %b: memref<100x100xf32>, %c: memref<100x100xf32>) {
  noodle.fused_contract lhs(%a : memref<100x100xf32>) rhs(%b : memref<100x100xf32>) outs(%c : memref<100x100xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32, noodle.schedule = "strassen", noodle.site = 0 : i64}
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

// Two levels, and rests of 1, 2 and 3 by thin products.

// CHECK-LABEL: func.func @rests(
// CHECK: call @rests.strassen(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (memref<128x132xf32, strided<[?, 1], offset: ?>>, memref<132x136xf32, strided<[?, 1], offset: ?>>
// CHECK: noodle.fused_contract {{.*}} memref<128x2xf32
// CHECK-SAME: accumulate
// CHECK: noodle.fused_contract {{.*}} outs(%{{.*}} : memref<129x3xf32
// CHECK: noodle.fused_contract {{.*}} outs(%{{.*}} : memref<1x136xf32
// CHECK-LABEL: func.func private @rests.strassen_0(
// CHECK-LABEL: func.func private @rests.strassen(
// CHECK-COUNT-7: call @rests.strassen_0(
// CHECK-NOT: call
// CHECK: return
func.func @rests(%a: memref<129x134xf32>, %b: memref<134x139xf32>, %c: memref<129x139xf32>) {
  noodle.fused_contract lhs(%a : memref<129x134xf32>) rhs(%b : memref<134x139xf32>) outs(%c : memref<129x139xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32, noodle.schedule = "strassen", noodle.site = 0 : i64}
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

// How often extents are halved that only the run knows, it decides.

// CHECK-LABEL: func.func @unknown(
// CHECK: %[[LEAST:.*]] = arith.minui
// CHECK: %[[MANY:.*]] = arith.constant 256 : index
// CHECK: %[[IS:.*]] = arith.cmpi uge, %{{.*}}, %[[MANY]]
// CHECK: %[[DONE:.*]] = scf.if %[[IS]] -> (i1) {
// CHECK:   %[[GRANTED:.*]] = arith.cmpi ne
// CHECK:   scf.if %[[GRANTED]] {
// CHECK:     call @unknown.strassen(
// CHECK:   scf.yield %[[GRANTED]] : i1
// CHECK: } else {
// CHECK:   arith.constant 128 : index
// CHECK:   arith.constant 64 : index
// CHECK:   %[[NO:.*]] = arith.constant false
// CHECK:   scf.yield %[[NO]] : i1
// CHECK: scf.if %[[DONE]] {
// CHECK-NEXT: } else {
// CHECK-NEXT:   noodle.fused_contract
// CHECK-LABEL: func.func private @unknown.strassen
func.func @unknown(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %c: memref<?x?xf32>) {
  noodle.fused_contract lhs(%a : memref<?x?xf32>) rhs(%b : memref<?x?xf32>) outs(%c : memref<?x?xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32, noodle.schedule = "strassen", noodle.site = 0 : i64}
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

// What is small stays as it is.

// CHECK-LABEL: func.func @small(
// CHECK-NOT: call
// CHECK: noodle.fused_contract
// CHECK-SAME: noodle.schedule = "tiled"
func.func @small(%a: memref<63x63xf32>, %b: memref<63x63xf32>, %c: memref<63x63xf32>) {
  noodle.fused_contract lhs(%a : memref<63x63xf32>) rhs(%b : memref<63x63xf32>) outs(%c : memref<63x63xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32, noodle.schedule = "strassen", noodle.site = 0 : i64}
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

// So is what is no product of matrices.

// CHECK-LABEL: func.func @dot(
// CHECK-NOT: call
// CHECK: noodle.fused_contract
func.func @dot(%a: memref<100xf32>, %b: memref<100xf32>, %c: memref<100xf32>) {
  noodle.fused_contract lhs(%a : memref<100xf32>) rhs(%b : memref<100xf32>) outs(%c : memref<100xf32>)
    {indexing_maps = [#K, #K, #K], zero = 0.0 : f32, noodle.schedule = "strassen", noodle.site = 0 : i64}
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
