// RUN: noodle-opt --pass-pipeline='builtin.module(noodle-when-present{ops=math,-math.fma passes=builtin.module(cse)})' --split-input-file %s | FileCheck %s
// RUN: noodle-opt --pass-pipeline='builtin.module(noodle-when-present{ops=math.fma passes=builtin.module(cse)})' --split-input-file %s | FileCheck %s --check-prefix=NAMED

// An op that does not count: nothing runs. Named, it does.
// CHECK-LABEL: func.func @one
// CHECK-COUNT-2: arith.addf
// NAMED-LABEL: func.func @one
// NAMED-COUNT-1: arith.addf
// NAMED-NOT:     arith.addf
func.func @one(%a: f32) -> (f32, f32) {
  %x = arith.addf %a, %a : f32
  %y = arith.addf %a, %a : f32
  %z = math.fma %x, %y, %a : f32
  return %y, %z : f32, f32
}

// -----

// Another op of the dialect.
// CHECK-LABEL: func.func @other
// CHECK-COUNT-1: arith.addf
// CHECK-NOT:     arith.addf
// NAMED-LABEL: func.func @other
// NAMED-COUNT-2: arith.addf
func.func @other(%a: f32) -> (f32, f32) {
  %x = arith.addf %a, %a : f32
  %y = arith.addf %a, %a : f32
  %z = math.exp %x : f32
  return %y, %z : f32, f32
}
