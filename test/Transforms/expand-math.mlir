// RUN: noodle-opt --noodle-expand-math %s | FileCheck %s

// CHECK-DAG: llvm.func @sin(f64) -> f64 attributes {{{.*}}memory_effects{{.*}}no_unwind{{.*}}will_return
// CHECK-DAG: llvm.func @sinf(f32) -> f32

// CHECK-LABEL: func.func @double
func.func @double(%x: f64) -> f64 {
// CHECK:       llvm.call @sin(%{{.*}}) : (f64) -> f64
  %e = math.sin %x : f64
  return %e : f64
}

// CHECK-LABEL: func.func @polynomial
func.func @polynomial(%x: f32) -> f32 {
// CHECK-NOT:   llvm.call
// CHECK:       math.fma
// CHECK:       return
  %e = math.exp %x : f32
  return %e : f32
}

// CHECK-LABEL: func.func @library
func.func @library(%x: f32) -> f32 {
// CHECK:       llvm.call @sinf
  %e = math.sin %x : f32
  return %e : f32
}

// CHECK-LABEL: func.func @lanes
func.func @lanes(%x: vector<2xf64>) -> vector<2xf64> {
// CHECK-COUNT-2: llvm.call @sin
  %e = math.sin %x : vector<2xf64>
  return %e : vector<2xf64>
}

// The f64 polynomials keep scalars scalar and vectors whole; 2^k comes from its
// bits.
// CHECK-LABEL: func.func @polynomial64
func.func @polynomial64(%x: f64, %v: vector<4xf64>) -> (f64, vector<4xf64>) {
// CHECK-NOT:   llvm.call
// CHECK:       math.fma {{.*}} : f64
// CHECK:       arith.bitcast {{.*}} : i64 to f64
// CHECK:       math.fma {{.*}} : vector<4xf64>
// CHECK:       arith.bitcast {{.*}} : vector<4xi64> to vector<4xf64>
// CHECK-NOT:   vector.extract
// CHECK:       return
  %e = math.exp %x : f64
  %f = math.tanh %v : vector<4xf64>
  return %e, %f : f64, vector<4xf64>
}

// Each has one.
// CHECK-LABEL: func.func @all64
func.func @all64(%x: f64) -> (f64, f64, f64, f64, f64, f64, f64) {
// CHECK-NOT:   llvm.call
// CHECK-NOT:   math.{{(erf|exp|log|tanh)}}
// CHECK:       return
  %0 = math.erf %x : f64
  %1 = math.exp %x : f64
  %2 = math.expm1 %x : f64
  %3 = math.log %x : f64
  %4 = math.log1p %x : f64
  %5 = math.log2 %x : f64
  %6 = math.tanh %x : f64
  return %0, %1, %2, %3, %4, %5, %6 : f64, f64, f64, f64, f64, f64, f64
}
