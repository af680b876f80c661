// RUN: noodle-opt %s --noodle-structure-pipeline="target=cuda strategy=library" | FileCheck %s
// RUN: noodle-opt %s --noodle-schedule-pipeline="target=cuda strategy=library" | FileCheck %s --check-prefix=PACKED

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>

// The routine, then our kernel, then the host.
// CHECK-LABEL: func.func @product(
// CHECK: %[[RAN:.*]], %[[OUT:.*]] = noodle.launch @library_gemm_f32_0
// CHECK: scf.if %[[RAN]]
// CHECK-NEXT: scf.yield %[[OUT]]
// CHECK-NEXT: } else {
// CHECK: %[[OURS:.*]], %{{.*}} = noodle.launch @contract_0
// CHECK: scf.if %[[OURS]]
// CHECK: } else {
// CHECK: noodle.fused_contract
func.func @product(%a: tensor<?x?xf32>, %b: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = noodle.matmul %a, %b : tensor<?x?xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// A map behind it is a kernel of its own.
// CHECK-LABEL: func.func @followed(
// CHECK: noodle.launch @library_gemm_f32
// CHECK: noodle.launch @elementwise
func.func @followed(%a: tensor<?x?xf32>, %b: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %y = noodle.matmul %a, %b : tensor<?x?xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
  %z = noodle.map (%y) : (tensor<?x64xf32>) -> tensor<?x64xf32> {
  ^bb0(%v: f32):
    %w = arith.negf %v : f32
    noodle.yield %w : f32
  }
  return %z : tensor<?x64xf32>
}

// Rows 5, columns 6, inner 7, batch 8; the second operand is transposed; the
// leading dimensions; the steps of the batch.
// CHECK-LABEL: func.func @batched(
// CHECK: noodle.launch @library_gemm_f64_0
// CHECK-SAME: scalars(%c5_i64, %c6_i64, %c7_i64, %c8_i64, %c0_i64{{.*}}, %c1_i64{{.*}}, %c7_i64{{.*}}, %c7_i64{{.*}}, %c6_i64{{.*}}, %c35_i64, %c42_i64, %c30_i64)
func.func @batched(%a: tensor<8x5x7xf64>, %b: tensor<8x6x7xf64>) -> tensor<8x5x6xf64> {
  %w = noodle.contract "bij,bkj->bik" (%a, %b) : (tensor<8x5x7xf64>, tensor<8x6x7xf64>) -> tensor<8x5x6xf64>
  return %w : tensor<8x5x6xf64>
}

// CHECK-LABEL: func.func @sparse(
// CHECK: noodle.launch @library_csrmv_f64_0
// CHECK: noodle.launch @sparse_rows
func.func @sparse(%s: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %z = noodle.matmul %s, %x : tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>
  return %z : tensor<?xf64>
}

// No library knows other semirings, or a sum into a tensor.
// CHECK-LABEL: func.func @ours(
// CHECK-NOT: library
// CHECK: noodle.launch @contract
// CHECK-NOT: library_
// CHECK: noodle.launch @contract
func.func @ours(%a: tensor<?x?xf32>, %b: tensor<?x64xf32>, %c: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %y = noodle.matmul %a, %b {semiring = #noodle.semiring<min_plus>} : tensor<?x?xf32>, tensor<?x64xf32> -> tensor<?x64xf32>
  %z = noodle.contract "ij,jk->ik" (%a, %b) into(%c : tensor<?x64xf32>) : (tensor<?x?xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  return %y, %z : tensor<?x64xf32>, tensor<?x64xf32>
}

// CHECK: gpu.module
// CHECK: gpu.func @library_gemm_f32_0

// Names of routines have no code.
// PACKED: noodle.device
// PACKED-NOT: gpu.func @library
// PACKED: noodle.kernels = [{
// PACKED-SAME: name = "library_gemm_f32_0", routine = "gemm_f32"
