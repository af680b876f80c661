// RUN: noodle-opt %s --noodle-offload-ops --canonicalize --cse --split-input-file | FileCheck %s

// A matrix product in tiles: panels on their way through registers into shared
// memory, two of each, and one barrier a step. Panels along the sum are
// transposed, so their stores are single; all other accesses are whole chunks.
// CHECK-LABEL: func.func @product
// CHECK-DAG: %[[M:.*]] = tensor.dim %arg0, %c0 : tensor<?x?xf32>
// CHECK-DAG: %[[X:.*]] = arith.ceildivui %[[M]], %c128 : index
// CHECK: noodle.launch @contract_0 grid(%[[X]], %{{.*}}, %c1)
// The rows are cut in the left operand and in the result.
// CHECK-SAME: split = array<i64: 0, 128, 1, 0, 1>
// CHECK: gpu.func @contract_0(
// CHECK-SAME: workgroup(%[[A:[^ ]*]] : memref<2112xf32, #gpu.address_space<workgroup>> {llvm.align = 16 : i64}, %[[B:[^ ]*]] : memref<2048xf32, #gpu.address_space<workgroup>> {llvm.align = 16 : i64})
// CHECK-SAME: known_block_size = array<i32: 256, 1, 1>
// CHECK-SAME: noodle.kernel = {kind = "contract", text = "ik,kj->ij plus_times f32, tile 128x128x8"}
// Chunks where all extents are multiples of one.
// CHECK: scf.if %{{.*}} -> (vector<4xf32>, {{.*}}) {
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK: vector.load %{{.*}} {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
// CHECK: vector.load %[[A]]{{.*}} {alignment = 16 : i64} : memref<2112xf32, #gpu.address_space<workgroup>>, vector<4xf32>
// CHECK: vector.load %[[B]]{{.*}} {alignment = 16 : i64} : memref<2048xf32, #gpu.address_space<workgroup>>, vector<4xf32>
// CHECK-COUNT-128: math.fma %{{.*}} : vector<4xf32>
// CHECK: memref.store %{{.*}}, %[[A]]
// CHECK: vector.store %{{.*}}, %[[B]]{{.*}} {alignment = 16 : i64} : memref<2048xf32, #gpu.address_space<workgroup>>, vector<4xf32>
// CHECK: gpu.barrier
// CHECK: scf.yield
// Single elements where not.
// CHECK: } else {
// CHECK-NOT: vector.load %{{.*}} : memref<?xf32>
// CHECK: gpu.barrier
// CHECK: scf.for
// CHECK: memref.load %{{.*}} : memref<?xf32>
// CHECK: gpu.barrier
// CHECK: vector.store %{{.*}} {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
// CHECK: gpu.return
func.func @product(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c = noodle.contract "ik,kj->ij" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<tiled>} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %c : tensor<?x?xf32>
}

// -----

// Known extents: no branch for other ones, smaller tiles for small outputs.
// CHECK-LABEL: func.func @known
// CHECK: noodle.launch @contract_0 grid(%c2, %c3, %c1)
// CHECK: gpu.func @contract_0
// CHECK-SAME: tile 32x32x16
// CHECK-NOT: memref.load
// CHECK: gpu.return
func.func @known(%a: tensor<64x128xf32>, %b: tensor<128x96xf32>) -> tensor<64x96xf32> {
  %c = noodle.contract "ik,kj->ij" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<tiled>} : (tensor<64x128xf32>, tensor<128x96xf32>) -> tensor<64x96xf32>
  return %c : tensor<64x96xf32>
}

// -----

// Other semirings and types: their own zero past the sum's end, chunks of two,
// a minimum that keeps NaN in one instruction where there is one.
// CHECK-LABEL: func.func @others
// CHECK: gpu.func @contract_0
// CHECK-SAME: ik,kj->ij min_plus f32, tile 128x128x8
// CHECK-DAG: arith.constant dense<0x7F800000> : vector<4xf32>
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}} : vector<4xf32>
// CHECK: arith.minimumf %{{.*}}, %[[SUM]] : vector<4xf32>
// CHECK: gpu.func @contract_1
// CHECK-SAME: ik,kj->ij max_plus f64, tile 128x64x8
// CHECK: vector.load %{{.*}} {alignment = 16 : i64} : memref<?xf64>, vector<2xf64>
// CHECK-NOT: arith.maximumf
// CHECK: gpu.func @contract_2
// CHECK-SAME: ik,kj->ij plus_times i32 in i64, tile 128x64x8
// CHECK: vector.load %{{.*}} {alignment = 8 : i64} : memref<?xi32>, vector<2xi32>
// CHECK: arith.extsi %{{.*}} : vector<2xi32> to vector<2xi64>
// CHECK: gpu.func @contract_3
// CHECK-SAME: memref<2112xi32, #gpu.address_space<workgroup>>
// CHECK-SAME: ik,kj->ij or_and i1, tile 128x128x8
// CHECK-NOT: vector.load %{{.*}} : memref<?xi1>
// CHECK: memref.load %{{.*}} : memref<?xi1>
// CHECK: arith.andi %{{.*}} : vector<4xi32>
// CHECK: arith.trunci %{{.*}} : i32 to i1
func.func @others(%f: tensor<?x?xf32>, %d: tensor<?x?xf64>, %i: tensor<?x?xi32>, %b: tensor<?x?xi1>) -> (tensor<?x?xf32>, tensor<?x?xf64>, tensor<?x?xi64>, tensor<?x?xi1>) {
  %0 = noodle.contract "ik,kj->ij" (%f, %f) {semiring = #noodle.semiring<min_plus>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<tiled>} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %1 = noodle.contract "ik,kj->ij" (%d, %d) {semiring = #noodle.semiring<max_plus>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<tiled>} : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
  %2 = noodle.contract "ik,kj->ij" (%i, %i) {accumulator = i64, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<tiled>} : (tensor<?x?xi32>, tensor<?x?xi32>) -> tensor<?x?xi64>
  %3 = noodle.contract "ik,kj->ij" (%b, %b) {semiring = #noodle.semiring<or_and>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  return %0, %1, %2, %3 : tensor<?x?xf32>, tensor<?x?xf64>, tensor<?x?xi64>, tensor<?x?xi1>
}

// -----

// Where zero does not annihilate, no step past the end is multiplied: the loop
// over a step's products ends with the sum.
noodle.semiring @tropical : f32 traits <associative, commutative>
  zero {
    %z = arith.constant 0.0 : f32
    noodle.yield %z : f32
  } one {
    %z = arith.constant 0.0 : f32
    noodle.yield %z : f32
  } add {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    noodle.yield %s : f32
  } mul {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    noodle.yield %s : f32
  }
// CHECK-LABEL: func.func @exact
// CHECK: gpu.func @contract_0
// CHECK-SAME: ik,kj->ij tropical f32, tile 64x64x16
// CHECK: scf.for %[[FROM:.*]] = %c0 to %[[K:.*]] step %c16
// CHECK: %[[LEFT:.*]] = arith.subi %[[K]], %[[FROM]]
// CHECK: %[[STEPS:.*]] = arith.minui %[[LEFT]], %c16
// CHECK: scf.for %{{.*}} = %c0 to %[[STEPS]] step %c1
func.func @exact(%a: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c = noodle.contract "ik,kj->ij" (%a, %a) {semiring = #noodle.semiring<@tropical>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %c : tensor<?x?xf32>
}

// -----

// Batches are the grid's z, of which there is an end: the rest stand along y.
// CHECK-LABEL: func.func @batches
// CHECK-DAG: %[[Z:.*]] = arith.minui %[[COUNT:.*]], %c65535
// CHECK-DAG: %[[ROUNDS:.*]] = arith.ceildivui %[[COUNT]], %c65535
// CHECK: %[[Y:.*]] = arith.muli %{{.*}}, %[[ROUNDS]]
// CHECK: noodle.launch @contract_0 grid(%{{.*}}, %[[Y]], %[[Z]])
// CHECK-NOT: split
// CHECK: gpu.func @contract_0
// CHECK: %[[ZID:.*]] = gpu.block_id z
// CHECK: %[[BATCH:.*]] = arith.addi %{{.*}}, %[[ZID]]
// CHECK: arith.cmpi ult, %[[BATCH]]
func.func @batches(%a: tensor<?x?x?xf32>, %b: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %c = noodle.contract "bik,bkj->bij" (%a, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<tiled>} : (tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %c : tensor<?x?x?xf32>
}

// -----

// A sum for each row: a warp where the matrix runs along the sum, a lane where
// it runs along the output.
// CHECK-LABEL: func.func @vectors
// CHECK: noodle.launch @contract_0 {{.*}}split = array<i64: 0, 8, 1, 0, 1>
// CHECK: noodle.launch @contract_1
// CHECK-NOT: split
// CHECK: gpu.func @contract_0
// CHECK-SAME: a warp for each sum
// CHECK-NOT: gpu.barrier
// CHECK-COUNT-5: gpu.shuffle
// CHECK: gpu.func @contract_1
// CHECK-SAME: workgroup(%{{[^ ]*}} : memref<256xf32, #gpu.address_space<workgroup>>
// CHECK-SAME: a lane for each sum
// CHECK-NOT: gpu.shuffle
// CHECK: gpu.barrier
func.func @vectors(%a: tensor<?x?xf32>, %x: tensor<?xf32>, %y: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %0 = noodle.contract "ij,j->i" (%a, %x) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<tiled>} : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %1 = noodle.contract "ji,j->i" (%a, %y) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<tiled>} : (tensor<?x?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0, %1 : tensor<?xf32>, tensor<?xf32>
}

// -----

// init and the maps behind run on each sum before it is written. A row of the
// bias is not cut with the rows.
// CHECK-LABEL: func.func @epilogue
// CHECK: noodle.launch @contract_0 {{.*}}ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : {{.*}}, tensor<1x?xf32>)
// CHECK-SAME: split = array<i64: 0, 128, 1, 0, 1, 0, 1>
// CHECK: gpu.func @contract_0
// CHECK: %[[INIT:.*]] = memref.load %arg2
// CHECK: %[[S:.*]] = arith.addf %[[INIT]], %{{.*}} : f32
// CHECK: %[[BIAS:.*]] = memref.load %arg3
// CHECK: arith.addf %[[S]], %[[BIAS]] : f32
func.func @epilogue(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %i: tensor<?x?xf32>, %bias: tensor<1x?xf32>) -> tensor<?x?xf32> {
  %c = noodle.contract "ik,kj->ij" (%a, %b) into(%i : tensor<?x?xf32>) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<tiled>} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %d = noodle.map (%c, %bias) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<?x?xf32>, tensor<1x?xf32>) -> tensor<?x?xf32> {
  ^bb0(%x: f32, %y: f32):
    %s = arith.addf %x, %y : f32
    noodle.yield %s : f32
  }
  return %d : tensor<?x?xf32>
}
