// RUN: noodle-opt --noodle-expand-math %s | FileCheck %s

// CHECK-DAG: llvm.func @exp(f64) -> f64 attributes {{{.*}}memory_effects{{.*}}no_unwind{{.*}}will_return
// CHECK-DAG: llvm.func @sinf(f32) -> f32

// CHECK-LABEL: func.func @double
func.func @double(%x: f64) -> f64 {
// CHECK:       llvm.call @exp(%{{.*}}) : (f64) -> f64
  %e = math.exp %x : f64
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
// CHECK-COUNT-2: llvm.call @exp
  %e = math.exp %x : vector<2xf64>
  return %e : vector<2xf64>
}
