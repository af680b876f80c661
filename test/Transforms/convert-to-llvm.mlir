// RUN: noodle-opt --noodle-convert-to-llvm %s | FileCheck %s

// CHECK-LABEL: llvm.func @add
// CHECK:         llvm.fadd
func.func @add(%a: f32, %b: f32) -> f32 {
  %c = arith.addf %a, %b : f32
  return %c : f32
}
