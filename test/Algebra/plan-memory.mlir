// RUN: noodle-opt %s "--noodle-plan-contractions=memory-limit=2000" --split-input-file --verify-diagnostics | FileCheck %s

// What fits is left alone.
// CHECK-LABEL: func.func @small
// CHECK-NOT: scf.for
// CHECK: noodle.plan = "split from ij,jk,kl->il: as written, 64 multiplications, 144 bytes alive at most"
func.func @small(%a: tensor<2x3xf64>, %b: tensor<3x4xf64>, %c: tensor<4x5xf64>) -> tensor<2x5xf64> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) : (tensor<2x3xf64>, tensor<3x4xf64>, tensor<4x5xf64>) -> tensor<2x5xf64>
  return %d : tensor<2x5xf64>
}

// -----

// A ring of four: 16x16 entries take 2048 bytes, so one letter is fixed at a
// time, and what an index makes is added to what the ones before made.
// CHECK-LABEL: func.func @ring
// CHECK: %[[ZERO:.*]] = tensor.splat
// CHECK: %[[SUM:.*]] = scf.for %[[I:.*]] = {{.*}} iter_args(%[[ACC:.*]] = %[[ZERO]])
// CHECK: noodle.poll
// CHECK-COUNT-2: tensor.extract_slice {{.*}} to tensor<16xf64>
// CHECK: noodle.contract {{.*}} into(%[[ACC]] : tensor<f64>) {{{.*}}noodle.plan = "split from ij,jk,kl,li->: {{.*}}, in 16 slices of {{.}}, {{.*}} bytes alive at most"
// CHECK: return %[[SUM]]
func.func @ring(%a: tensor<16x16xf64>, %b: tensor<16x16xf64>, %c: tensor<16x16xf64>, %e: tensor<16x16xf64>) -> tensor<f64> {
  %d = noodle.contract "ij,jk,kl,li->" (%a, %b, %c, %e) : (tensor<16x16xf64>, tensor<16x16xf64>, tensor<16x16xf64>, tensor<16x16xf64>) -> tensor<f64>
  return %d : tensor<f64>
}

// -----

// What is there already is added to; unknown extents are compared first.
// CHECK-LABEL: func.func @into
// CHECK: noodle.check {{.*}}, "extents of 
// CHECK: scf.for {{.*}} iter_args({{.*}} = %arg4)
func.func @into(%a: tensor<16x16xf64>, %b: tensor<16x16xf64>, %c: tensor<16x16xf64>, %e: tensor<16x16xf64>, %i: tensor<f64>) -> tensor<f64> {
  %b0 = tensor.cast %b : tensor<16x16xf64> to tensor<?x?xf64>
  %c0 = tensor.cast %c : tensor<16x16xf64> to tensor<?x?xf64>
  %a0 = tensor.cast %a : tensor<16x16xf64> to tensor<?x?xf64>
  %e0 = tensor.cast %e : tensor<16x16xf64> to tensor<?x?xf64>
  %d = noodle.contract "ij,jk,kl,li->" (%a0, %b0, %c0, %e0) into(%i : tensor<f64>) : (tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<f64>
  return %d : tensor<f64>
}

// -----

// The result alone is too large, so no order will do.
func.func @never(%a: tensor<20x30xf64>, %b: tensor<30x40xf64>, %c: tensor<40x20xf64>) -> tensor<20x20xf64> {
  // expected-error @below {{no order of these products keeps within the memory limit of 1.95 KiB: the smallest peak found is}}
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) : (tensor<20x30xf64>, tensor<30x40xf64>, tensor<40x20xf64>) -> tensor<20x20xf64>
  return %d : tensor<20x20xf64>
}

// -----

// Unknown extents may be small: no error, as the call itself looks.
// CHECK-LABEL: func.func @unknown
// CHECK: noodle.contract "ij,jk,kl->il"(%arg0, %arg1, %arg2) {noodle.plan = "one loop nest: an intermediate would have
func.func @unknown(%a: tensor<?x?xf64>, %b: tensor<?x?xf64>, %c: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %d = noodle.contract "ij,jk,kl->il" (%a, %b, %c) : (tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
  return %d : tensor<?x?xf64>
}
