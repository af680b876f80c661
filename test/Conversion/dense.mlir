// RUN: noodle-opt %s --convert-noodle-to-linalg --split-input-file | FileCheck %s

// CHECK-DAG: #[[IK:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[KJ:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[IJ:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func.func @product
// CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[FILL:.*]] = linalg.fill
// CHECK-SAME: ins(%[[ZERO]] : f32)
// CHECK: linalg.generic {indexing_maps = [#[[IK]], #[[KJ]], #[[IJ]]], iterator_types = ["parallel", "parallel", "reduction"]}
// CHECK-SAME: ins(%arg0, %arg1 : tensor<4x5xf32>, tensor<5x6xf32>) outs(%[[FILL]] : tensor<4x6xf32>)
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK-NOT: noodle.
func.func @product(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) -> tensor<4x6xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  return %c : tensor<4x6xf32>
}

// -----

// Extents that only the call knows are checked.
// CHECK-LABEL: func.func @dynamic
// CHECK: %[[A1:.*]] = tensor.dim %arg0, %c1
// CHECK: %[[B0:.*]] = tensor.dim %arg1, %c0
// CHECK: %[[SAME:.*]] = arith.cmpi eq, %[[A1]], %[[B0]]
// CHECK: noodle.check %[[SAME]], "extents of letter 'j' disagree: operand 1, dimension 0 and operand 0, dimension 1" {status = 3 : i32}
// CHECK: linalg.generic
func.func @dynamic(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %c : tensor<?x?xf32>
}

// -----

// Tiled ones stay contractions; site and strategy go along. An argument is not
// written to, so it is added to the sums.
// CHECK-LABEL: func.func @into
// CHECK-NOT: linalg.fill
// CHECK: %[[E:.*]] = tensor.empty() : tensor<4x6xf32>
// CHECK: noodle.fused_contract lhs(%arg0 : tensor<4x5xf32>) rhs(%arg1 : tensor<5x6xf32>) extras(%arg2 : tensor<4x6xf32>) outs(%[[E]] : tensor<4x6xf32>) {indexing_maps = [{{.*}}], noodle.schedule = "tiled", noodle.site = 3 : i64, zero = 0.000000e+00 : f32}
// CHECK: epilogue {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32, %[[INIT:.*]]: f32):
// CHECK-NEXT: arith.addf %[[INIT]], %[[SUM]] : f32
func.func @into(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>, %i: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) into(%i : tensor<4x6xf32>) {noodle.site = 3 : i64, strategy = #noodle.strategy<tiled>} : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  return %c : tensor<4x6xf32>
}

// -----

// What nobody else needs is where sums are formed.
// CHECK-LABEL: func.func @into_own
// CHECK: %[[FIRST:.*]] = noodle.fused_contract
// CHECK: noodle.fused_contract {{.*}} outs(%[[FIRST]] : tensor<4x6xf32>) {accumulate,
func.func @into_own(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) -> tensor<4x6xf32> {
  %i = noodle.contract "ij,jk->ik" (%a, %b) {strategy = #noodle.strategy<tiled>} : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  %c = noodle.contract "ij,jk->ik" (%a, %b) into(%i : tensor<4x6xf32>) {strategy = #noodle.strategy<tiled>} : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  return %c : tensor<4x6xf32>
}

// -----

// Conversions are part of reading and writing; a user's semiring is its code.
// CHECK-LABEL: func.func @tiled_accumulator
// CHECK: noodle.fused_contract {{.*}} outs(%{{.*}} : tensor<4xf32>) {{.*}}zero = 0.000000e+00 : f64}
// CHECK: lhs_body {
// CHECK: arith.extf
// CHECK: rhs_body {
// CHECK: arith.extf
// CHECK: combine {
// CHECK: arith.mulf {{.*}} : f64
// CHECK: epilogue {
// CHECK: arith.truncf
// CHECK-LABEL: func.func @tiled_user
// CHECK: noodle.fused_contract {{.*}}semiring = #noodle.semiring<@masks>, zero = 0 : i64}
// CHECK: combine {
// CHECK-NEXT: ^bb0(%[[X:.*]]: i64, %[[Y:.*]]: i64, %[[S:.*]]: i64):
// CHECK-NEXT: %[[P:.*]] = arith.minui %[[X]], %[[Y]]
// CHECK-NEXT: %[[T:.*]] = arith.ori %[[S]], %[[P]]
// CHECK-NEXT: noodle.yield %[[T]]
noodle.semiring @masks : i64 zero {
  %z = arith.constant 0 : i64
  noodle.yield %z : i64
} one {
  %z = arith.constant -1 : i64
  noodle.yield %z : i64
} add {
^bb0(%x: i64, %y: i64):
  %z = arith.ori %x, %y : i64
  noodle.yield %z : i64
} mul {
^bb0(%x: i64, %y: i64):
  %z = arith.minui %x, %y : i64
  noodle.yield %z : i64
}
func.func @tiled_accumulator(%a: tensor<4x5xf32>, %b: tensor<5xf32>) -> tensor<4xf32> {
  %c = noodle.contract "ij,j->i" (%a, %b) {accumulator = f64, strategy = #noodle.strategy<tiled>} : (tensor<4x5xf32>, tensor<5xf32>) -> tensor<4xf32>
  return %c : tensor<4xf32>
}
func.func @tiled_user(%a: tensor<4x5xi64>, %b: tensor<5xi64>) -> tensor<4xi64> {
  %c = noodle.contract "ij,j->i" (%a, %b) {semiring = #noodle.semiring<@masks>, strategy = #noodle.strategy<tiled>} : (tensor<4x5xi64>, tensor<5xi64>) -> tensor<4xi64>
  return %c : tensor<4xi64>
}

// -----

// The mask keeps the zero where nothing is computed; presence is asked where
// the mask is read, once it is fused.
// CHECK-LABEL: func.func @tiled_masked
// CHECK: %[[PRESENT:.*]] = linalg.generic
// CHECK: noodle.fused_contract {{.*}} extras(%[[PRESENT]] : tensor<4x6xi1>) {{.*}}zero = 0x7F800000 : f32}
// CHECK: epilogue {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32, %[[KEPT:.*]]: i1):
// CHECK: %[[ZERO:.*]] = arith.constant 0x7F800000 : f32
// CHECK: arith.select %[[KEPT]], %[[SUM]], %[[ZERO]]
func.func @tiled_masked(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>, %m: tensor<4x6xi1>) -> tensor<4x6xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : tensor<4x6xi1>) {mask_valued, semiring = #noodle.semiring<min_plus>, strategy = #noodle.strategy<tiled>} : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  return %c : tensor<4x6xf32>
}

// -----

// Other semirings start from their own zero; the mask keeps it.
// CHECK-LABEL: func.func @masked
// CHECK: arith.constant 0x7F800000 : f32
// CHECK: linalg.fill
// CHECK: linalg.generic
// CHECK: linalg.generic
// CHECK: arith.select
func.func @masked(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>, %m: tensor<4x6xi1>) -> tensor<4x6xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : tensor<4x6xi1>) {mask_valued, semiring = #noodle.semiring<min_plus>} : (tensor<4x5xf32>, tensor<5x6xf32>) -> tensor<4x6xf32>
  return %c : tensor<4x6xf32>
}

// -----

// Static 1s broadcast through constant maps, repeated letters take diagonals.
// CHECK-DAG: affine_map<(d0, d1) -> (0, d1)>
// CHECK-DAG: affine_map<(d0, d1) -> (d0, d0)>
// CHECK-LABEL: func.func @maps
// CHECK: linalg.generic
func.func @maps(%a: tensor<1x6xf32>, %b: tensor<4x4xf32>) -> tensor<4x6xf32> {
  %c = noodle.contract "ij,ii->ij" (%a, %b) : (tensor<1x6xf32>, tensor<4x4xf32>) -> tensor<4x6xf32>
  return %c : tensor<4x6xf32>
}

// -----

// Operands are converted, sums are formed in the accumulator's type.
// CHECK-LABEL: func.func @accumulator
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<4xf64>)
// CHECK: arith.extf
// CHECK: arith.extf
// CHECK: arith.mulf {{.*}} : f64
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<4xf32>)
// CHECK: arith.truncf
func.func @accumulator(%a: tensor<4x5xf32>, %b: tensor<5xf32>) -> tensor<4xf32> {
  %c = noodle.contract "ij,j->i" (%a, %b) {accumulator = f64} : (tensor<4x5xf32>, tensor<5xf32>) -> tensor<4xf32>
  return %c : tensor<4xf32>
}

// -----

// All indices are judged first.
// CHECK-LABEL: func.func @gather
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction"]
// CHECK: arith.maxsi
// CHECK: arith.cmpi ult
// CHECK: noodle.check %{{.*}}, "an index is out of range for dimension 0 of the input" {status = 4 : i32}
// CHECK: linalg.generic
// CHECK: tensor.extract %arg0
func.func @gather(%x: tensor<?x4xf32>, %i: tensor<?xi64>) -> tensor<?x4xf32> {
  %g = noodle.gather %x[%i] {axis = 0 : i64} : tensor<?x4xf32>, tensor<?xi64> -> tensor<?x4xf32>
  return %g : tensor<?x4xf32>
}

// -----

// Slices are added one after the other.
// CHECK-LABEL: func.func @scatter
// CHECK: scf.for
// CHECK: noodle.check %{{.*}}, "an index is out of range for dimension 0 of init" {status = 4 : i32}
// CHECK: scf.for
// CHECK: arith.addf
// CHECK: tensor.insert
func.func @scatter(%u: tensor<?x4xf32>, %i: tensor<?xi64>, %x: tensor<9x4xf32>) -> tensor<9x4xf32> {
  %s = noodle.scatter %u[%i] into %x {axis = 0 : i64} : tensor<?x4xf32>, tensor<?xi64>, tensor<9x4xf32>
  return %s : tensor<9x4xf32>
}

// -----

// CHECK-LABEL: func.func @softmax
// CHECK: arith.maxnumf
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: arith.addf
// CHECK: arith.divf
func.func @softmax(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %p = noodle.softmax %x {axis = 1 : i64} : tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// -----

// CHECK-LABEL: func.func @concat
// CHECK: tensor.insert_slice %arg0 into %{{.*}}[0, 0] [2, 4] [1, 1]
// CHECK: tensor.insert_slice %arg1 into
func.func @concat(%a: tensor<2x4xf32>, %b: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %c = noodle.concat (%a, %b) {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %c : tensor<?x4xf32>
}

// -----

// An empty letter leaves zeros.
// CHECK-LABEL: func.func @empty
// CHECK: %[[ZERO:.*]] = arith.constant 0x7F800000 : f32
// CHECK: %[[FILL:.*]] = linalg.fill ins(%[[ZERO]] : f32)
// CHECK: return %[[FILL]]
func.func @empty(%a: tensor<4x0xf32>, %b: tensor<0x6xf32>) -> tensor<4x6xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) {semiring = #noodle.semiring<min_plus>} : (tensor<4x0xf32>, tensor<0x6xf32>) -> tensor<4x6xf32>
  return %c : tensor<4x6xf32>
}
