// A contraction's block loads its tiles four elements a time, keeps them in
// shared memory, reads those four a time, and adds up in registers.
// RUN: noodle-opt %s --noodle-schedule-pipeline="target=cuda strategy=gpu chip=sm_80" \
// RUN:   | %noodle_build/test/lib/noodle-ptx --chip=sm_80 - | FileCheck %s

// CHECK: .entry contract_0
// CHECK: .maxntid 256, 1, 1
// CHECK-DAG: .shared .align 16
// CHECK-DAG: ld.global.nc.v4.b32
// CHECK-DAG: st.shared.v4.b32
// CHECK: bar.sync
// CHECK-COUNT-8: ld.shared.v4.b32
// CHECK: fma.rn.f32
// CHECK-NOT: ld.local
// CHECK-NOT: st.local
// CHECK: st.global.v4.b32
func.func @product(%a: tensor<4096x4096xf32>, %b: tensor<4096x4096xf32>) -> tensor<4096x4096xf32> {
  %c = noodle.matmul %a, %b : tensor<4096x4096xf32>, tensor<4096x4096xf32> -> tensor<4096x4096xf32>
  return %c : tensor<4096x4096xf32>
}

// The columns of a result that is no multiple of the tile, and f64: two a time.
// CHECK: .entry contract_1
// CHECK: ld.shared.v2.b64
// CHECK: fma.rn.f64
func.func @wide(%a: tensor<?x4096xf64>, %b: tensor<4096x4096xf64>) -> tensor<?x4096xf64> {
  %c = noodle.matmul %a, %b : tensor<?x4096xf64>, tensor<4096x4096xf64> -> tensor<?x4096xf64>
  return %c : tensor<?x4096xf64>
}
