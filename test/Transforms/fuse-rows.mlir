// RUN: noodle-opt --pass-pipeline='builtin.module(func.func(noodle-fuse-rows))' --split-input-file %s | FileCheck %s

#m = affine_map<(i, j) -> (i, j)>
#r = affine_map<(i, j) -> (i)>

// The steps of a softmax, four rows at a time: nothing but the result is as
// large as the whole.

// CHECK-LABEL: func.func @softmax
// CHECK:       scf.forall (%[[I:.*]]) = (0) to (4096) step (4) shared_outs(%[[O:.*]] = %{{.*}}) -> (tensor<4096x1024xf32>)
// CHECK:         %[[X:.*]] = tensor.extract_slice %{{.*}}[%[[I]], 0] [4, 1024] [1, 1]
// CHECK:         linalg.fill {{.*}} -> tensor<4xf32>
// CHECK:         linalg.generic {{.*}} ins(%[[X]] : tensor<4x1024xf32>) outs(%{{.*}} : tensor<4xf32>)
// CHECK:         %[[P:.*]] = linalg.generic {{.*}} ins(%[[X]], %{{.*}} : tensor<4x1024xf32>, tensor<4xf32>) outs(%{{.*}} : tensor<4x1024xf32>)
// CHECK:         linalg.generic {{.*}} ins(%[[P]] : tensor<4x1024xf32>)
// CHECK:         %[[Y:.*]] = linalg.generic
// CHECK:         scf.forall.in_parallel
// CHECK:           tensor.parallel_insert_slice %[[Y]] into %[[O]][%[[I]], 0] [4, 1024] [1, 1]
// CHECK-NOT:   linalg.generic
func.func @softmax(%x: tensor<4096x1024xf32>) -> tensor<4096x1024xf32> {
  %zero = arith.constant 0.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %e0 = tensor.empty() : tensor<4096xf32>
  %f0 = linalg.fill ins(%low : f32) outs(%e0 : tensor<4096xf32>) -> tensor<4096xf32>
  %max = linalg.generic {indexing_maps = [#m, #r], iterator_types = ["parallel", "reduction"]}
    ins(%x : tensor<4096x1024xf32>) outs(%f0 : tensor<4096xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.maximumf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<4096xf32>
  %e1 = tensor.empty() : tensor<4096x1024xf32>
  %pow = linalg.generic {indexing_maps = [#m, #r, #m], iterator_types = ["parallel", "parallel"]}
    ins(%x, %max : tensor<4096x1024xf32>, tensor<4096xf32>) outs(%e1 : tensor<4096x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %d = arith.subf %a, %b : f32
    %s = math.exp %d : f32
    linalg.yield %s : f32
  } -> tensor<4096x1024xf32>
  %e2 = tensor.empty() : tensor<4096xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4096xf32>) -> tensor<4096xf32>
  %sum = linalg.generic {indexing_maps = [#m, #r], iterator_types = ["parallel", "reduction"]}
    ins(%pow : tensor<4096x1024xf32>) outs(%f2 : tensor<4096xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<4096xf32>
  %e3 = tensor.empty() : tensor<4096x1024xf32>
  %quo = linalg.generic {indexing_maps = [#m, #r, #m], iterator_types = ["parallel", "parallel"]}
    ins(%pow, %sum : tensor<4096x1024xf32>, tensor<4096xf32>) outs(%e3 : tensor<4096x1024xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4096x1024xf32>
  return %quo : tensor<4096x1024xf32>
}

// -----

#m = affine_map<(i, j) -> (i, j)>
#r = affine_map<(i, j) -> (i)>

// Rows of unknown number: the last block has fewer. The sums escape too, and
// extents come from what the results are made of.

// CHECK-LABEL: func.func @unknown
// CHECK:       %[[N:.*]] = tensor.dim
// CHECK:       scf.forall (%[[I:.*]]) = (0) to (%[[N]]) step (8) shared_outs(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (tensor<?xf32>, tensor<?x512xf32>)
// CHECK:         %[[LEFT:.*]] = arith.subi %[[N]], %[[I]]
// CHECK:         %[[ROWS:.*]] = arith.minsi %[[LEFT]]
// CHECK:         tensor.extract_slice %{{.*}}[%[[I]], 0] [%[[ROWS]], 512] [1, 1]
// CHECK:         scf.forall.in_parallel
// CHECK-COUNT-2:   tensor.parallel_insert_slice
// CHECK:       return %{{.*}}, %{{.*}}, %[[N]]
func.func @unknown(%x: tensor<?x512xf32>) -> (tensor<?xf32>, tensor<?x512xf32>, index) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x512xf32>
  %e0 = tensor.empty(%n) : tensor<?xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#m, #r], iterator_types = ["parallel", "reduction"]}
    ins(%x : tensor<?x512xf32>) outs(%f0 : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  %e1 = tensor.empty(%n) : tensor<?x512xf32>
  %y = linalg.generic {indexing_maps = [#m, #r, #m], iterator_types = ["parallel", "parallel"]}
    ins(%x, %sum : tensor<?x512xf32>, tensor<?xf32>) outs(%e1 : tensor<?x512xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<?x512xf32>
  %d = tensor.dim %y, %c0 : tensor<?x512xf32>
  return %sum, %y, %d : tensor<?xf32>, tensor<?x512xf32>, index
}

// -----

#m = affine_map<(i, j) -> (i, j)>
#t = affine_map<(i, j) -> (j, i)>
#r = affine_map<(i, j) -> (i)>
#c = affine_map<(i, j) -> (j)>

// Must not fire: small; a sum over rows of what rows made; a transpose, whose
// rows are another's columns.

// CHECK-LABEL: func.func @apart
// CHECK-NOT:   scf.forall
func.func @apart(%x: tensor<64x64xf32>, %y: tensor<1024x1024xf32>) -> (tensor<64x64xf32>, tensor<1024xf32>) {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<64xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<64xf32>) -> tensor<64xf32>
  %sum = linalg.generic {indexing_maps = [#m, #r], iterator_types = ["parallel", "reduction"]}
    ins(%x : tensor<64x64xf32>) outs(%f0 : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<64xf32>
  %e1 = tensor.empty() : tensor<64x64xf32>
  %q = linalg.generic {indexing_maps = [#m, #r, #m], iterator_types = ["parallel", "parallel"]}
    ins(%x, %sum : tensor<64x64xf32>, tensor<64xf32>) outs(%e1 : tensor<64x64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.divf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<64x64xf32>
  %e2 = tensor.empty() : tensor<1024xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1024xf32>) -> tensor<1024xf32>
  %rows = linalg.generic {indexing_maps = [#m, #r], iterator_types = ["parallel", "reduction"]}
    ins(%y : tensor<1024x1024xf32>) outs(%f2 : tensor<1024xf32>) {
  ^bb0(%a: f32, %o: f32):
    %s = arith.addf %o, %a : f32
    linalg.yield %s : f32
  } -> tensor<1024xf32>
  %e3 = tensor.empty() : tensor<1024xf32>
  %f3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<1024xf32>) -> tensor<1024xf32>
  %w = linalg.generic {indexing_maps = [#m, #c, #r], iterator_types = ["parallel", "reduction"]}
    ins(%y, %rows : tensor<1024x1024xf32>, tensor<1024xf32>) outs(%f3 : tensor<1024xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<1024xf32>
  return %q, %w : tensor<64x64xf32>, tensor<1024xf32>
}
