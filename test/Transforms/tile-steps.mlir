// What the steps of register tiles are made of, by element type and CPU.
// RUN: noodle-opt %s -noodle-tile-contractions="vector-bytes=64 features=avx512bf16,avx512vnni" | FileCheck %s --check-prefixes=CHECK,DOT
// RUN: noodle-opt %s -noodle-tile-contractions="vector-bytes=64" | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: noodle-opt %s -noodle-tile-contractions="vector-bytes=32 features=avx512bf16,avx512vnni" | FileCheck %s --check-prefix=AVX2

#a = affine_map<(i, j, k) -> (i, k)>
#b = affine_map<(i, j, k) -> (k, j)>
#c = affine_map<(i, j, k) -> (i, j)>

// Sums of i8 products: left bytes are made unsigned, and sums begin with what
// that must take back. Others widen to i16.
// CHECK-LABEL: func @bytes
// DOT: arith.constant dense<16843009> : vector<16xi32>
// DOT: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// DOT: arith.constant -2139062144 : i32
// DOT: arith.xori
// DOT: vector.bitcast %{{.*}} : vector<16xi32> to vector<64xi8>
// DOT: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"
// WIDE: arith.extsi %{{.*}} : vector<32xi8> to vector<32xi16>
// WIDE: llvm.call_intrinsic "llvm.x86.avx512.pmaddw.d.512"
// AVX2-LABEL: func @bytes
// AVX2: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
func.func @bytes(%a: memref<64x256xi8>, %b: memref<256x64xi8>, %c: memref<64x64xi32>) {
  noodle.fused_contract lhs(%a : memref<64x256xi8>) rhs(%b : memref<256x64xi8>) outs(%c : memref<64x64xi32>)
    {indexing_maps = [#a, #b, #c], zero = 0 : i32}
    lhs_body {
    ^bb0(%x: i8):
      %w = arith.extsi %x : i8 to i32
      noodle.yield %w : i32
    } rhs_body {
    ^bb0(%y: i8):
      %w = arith.extsi %y : i8 to i32
      noodle.yield %w : i32
    } combine {
    ^bb0(%l: i32, %r: i32, %sum: i32):
      %p = arith.muli %l, %r : i32
      %s = arith.addi %sum, %p : i32
      noodle.yield %s : i32
    } epilogue {
    ^bb0(%sum: i32):
      noodle.yield %sum : i32
    }
  return
}

// CHECK-LABEL: func @brain
// DOT: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"
// DOT-SAME: vector<32xbf16>
// WIDE-NOT: llvm.call_intrinsic
// WIDE: math.fma
// AVX2-LABEL: func @brain
// AVX2: math.fma {{.*}} : vector<8xf32>
func.func @brain(%a: memref<64x256xbf16>, %b: memref<256x64xbf16>, %c: memref<64x64xf32>) {
  noodle.fused_contract lhs(%a : memref<64x256xbf16>) rhs(%b : memref<256x64xbf16>) outs(%c : memref<64x64xf32>)
    {indexing_maps = [#a, #b, #c], zero = 0.0 : f32}
    lhs_body {
    ^bb0(%x: bf16):
      %w = arith.extf %x : bf16 to f32
      noodle.yield %w : f32
    } rhs_body {
    ^bb0(%y: bf16):
      %w = arith.extf %y : bf16 to f32
      noodle.yield %w : f32
    } combine {
    ^bb0(%l: f32, %r: f32, %sum: f32):
      %p = arith.mulf %l, %r : f32
      %s = arith.addf %sum, %p : f32
      noodle.yield %s : f32
    } epilogue {
    ^bb0(%sum: f32):
      noodle.yield %sum : f32
    }
  return
}

// Factors are looked at first; the loop of clean ones compares once.
// CHECK-LABEL: func @shortest
// CHECK: arith.constant dense<0xFF800000>
// CHECK: arith.cmpf ule
// CHECK: vector.reduction <or>
// CHECK: scf.if
// CHECK: arith.cmpf uno
// CHECK: } else {
// CHECK: %[[SUM:.*]] = arith.addf %[[L:.*]], %{{.*}} : vector<16xf32>
// CHECK-NEXT: %[[LESS:.*]] = arith.cmpf olt, %[[SUM]], %[[OLD:.*]] : vector<16xf32>
// CHECK-NEXT: arith.select %[[LESS]], %[[SUM]], %[[OLD]] : vector<16xi1>, vector<16xf32>
func.func @shortest(%a: memref<64x256xf32>, %b: memref<256x64xf32>, %c: memref<64x64xf32>) {
  noodle.fused_contract lhs(%a : memref<64x256xf32>) rhs(%b : memref<256x64xf32>) outs(%c : memref<64x64xf32>)
    {indexing_maps = [#a, #b, #c], zero = 0x7F800000 : f32}
    lhs_body {
    ^bb0(%x: f32):
      noodle.yield %x : f32
    } rhs_body {
    ^bb0(%y: f32):
      noodle.yield %y : f32
    } combine {
    ^bb0(%l: f32, %r: f32, %sum: f32):
      %p = arith.addf %l, %r : f32
      %less = arith.cmpf olt, %sum, %p : f32
      %least = arith.select %less, %sum, %p : f32
      %nan = arith.cmpf uno, %sum, %sum : f32
      %s = arith.select %nan, %sum, %least : f32
      noodle.yield %s : f32
    } epilogue {
    ^bb0(%sum: f32):
      noodle.yield %sum : f32
    }
  return
}

// 32 steps of a sum of booleans are one of words.
// CHECK-LABEL: func @reach
// CHECK: arith.andi %{{.*}}, %{{.*}} : vector<16xi32>
// CHECK-NEXT: arith.ori %{{.*}}, %{{.*}} : vector<16xi32>
// CHECK: arith.cmpi ne, %{{.*}} : vector<16xi32>
func.func @reach(%a: memref<64x256xi1>, %b: memref<256x64xi1>, %c: memref<64x64xi1>) {
  noodle.fused_contract lhs(%a : memref<64x256xi1>) rhs(%b : memref<256x64xi1>) outs(%c : memref<64x64xi1>)
    {indexing_maps = [#a, #b, #c], zero = false}
    lhs_body {
    ^bb0(%x: i1):
      noodle.yield %x : i1
    } rhs_body {
    ^bb0(%y: i1):
      noodle.yield %y : i1
    } combine {
    ^bb0(%l: i1, %r: i1, %sum: i1):
      %p = arith.andi %l, %r : i1
      %s = arith.ori %sum, %p : i1
      noodle.yield %s : i1
    } epilogue {
    ^bb0(%sum: i1):
      noodle.yield %sum : i1
    }
  return
}
