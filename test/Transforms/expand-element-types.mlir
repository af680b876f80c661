// RUN: noodle-opt %s -noodle-expand-element-types | FileCheck %s
// RUN: noodle-opt %s -noodle-expand-element-types=expand-half | FileCheck %s --check-prefix=HALF

// Arithmetic is f32's, rounded after each op.
// CHECK-LABEL: @sum
// CHECK: %[[X:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK: %[[Y:.*]] = arith.extf %{{.*}} : f16 to f32
// CHECK: %[[S:.*]] = arith.addf %[[X]], %[[Y]] : f32
// CHECK: %[[R:.*]] = arith.truncf %[[S]] : f32 to f16
// CHECK: %[[Z:.*]] = arith.extf %[[R]] : f16 to f32
// CHECK: math.exp %[[Z]] : f32
// CHECK: arith.cmpf olt, %{{.*}}, %{{.*}} : f32
// CHECK: arith.select %{{.*}} : f16
// HALF-LABEL: @sum
// HALF-NOT: arith.extf
// HALF-NOT: arith.truncf
// HALF: math.exp
// HALF: return
func.func @sum(%a: f16, %b: f16) -> f16 {
  %s = arith.addf %a, %b : f16
  %e = math.exp %s : f16
  %c = arith.cmpf olt, %e, %s : f16
  %r = arith.select %c, %e, %s : f16
  return %r : f16
}

// Conversions of bf16 are integer code, also of vectors.
// CHECK-LABEL: @brain
// CHECK: arith.shli %{{.*}} : vector<8xi32>
// CHECK: arith.mulf %{{.*}} : vector<8xf32>
// CHECK: arith.cmpf uno, %{{.*}} : vector<8xf32>
// CHECK: arith.trunci %{{.*}} : vector<8xi32> to vector<8xi16>
// CHECK-NOT: arith.truncf
func.func @brain(%a: vector<8xbf16>) -> vector<8xbf16> {
  %p = arith.mulf %a, %a : vector<8xbf16>
  return %p : vector<8xbf16>
}

// f64 is rounded to odd first, so that it is rounded once.
// CHECK-LABEL: @wide
// CHECK: %[[NEAR:.*]] = arith.truncf %{{.*}} : f64 to f32
// CHECK: %[[BACK:.*]] = arith.extf %[[NEAR]] : f32 to f64
// CHECK: arith.cmpf ueq, %[[BACK]]
// CHECK: arith.truncf %{{.*}} : f32 to f16
// CHECK: arith.extf %{{.*}} : f32 to f64
func.func @wide(%a: f64) -> f64 {
  %n = arith.truncf %a : f64 to f16
  %w = arith.extf %n : f16 to f64
  return %w : f64
}

// What only moves stays.
// CHECK-LABEL: @moves
// CHECK-NEXT: arith.constant 1.500000e+00 : bf16
// CHECK-NEXT: memref.load
// CHECK-NEXT: arith.select
// CHECK-NEXT: arith.bitcast
// CHECK-NEXT: return
func.func @moves(%m: memref<4xbf16>, %i: index, %c: i1) -> i16 {
  %k = arith.constant 1.5 : bf16
  %x = memref.load %m[%i] : memref<4xbf16>
  %s = arith.select %c, %k, %x : bf16
  %b = arith.bitcast %s : bf16 to i16
  return %b : i16
}

// The normal numbers of f16 are not those of f32.
// CHECK-LABEL: @normal
// CHECK-NOT: math.isnormal
// CHECK: arith.cmpi ult
func.func @normal(%a: f16) -> i1 {
  %r = math.isnormal %a : f16
  return %r : i1
}

// CHECK-LABEL: @complex
// CHECK-NOT: complex.mul
// CHECK-COUNT-4: arith.mulf
// CHECK: complex.create
func.func @complex(%a: complex<f32>, %b: complex<f32>) -> complex<f32> {
  %p = complex.mul %a, %b : complex<f32>
  return %p : complex<f32>
}
