// RUN: noodle-opt %s --noodle-offload-ops --canonicalize --cse --split-input-file | FileCheck %s

// A chain of maps is one kernel: two accesses of 16 bytes a tensor in flight,
// then the arithmetic; the last block goes entry by entry. Any part of the
// entries may be computed alone.
// CHECK-LABEL: func.func @chain
// CHECK: %[[BLOCKS:.*]] = arith.ceildivui %{{.*}}, %c2048 : index
// CHECK: %[[GRID:.*]] = arith.maxui %[[BLOCKS]], %c1 : index
// CHECK: noodle.launch @elementwise_0 grid(%[[GRID]], %c1, %c1)
// CHECK-SAME: split = array<i64: 2, 2048, 1, 1, 1>
// CHECK-NOT: noodle.launch
// CHECK: gpu.func @elementwise_0(
// CHECK-SAME: %[[X:[^ ]*]]: memref<?xf32>, %[[Y:[^ ]*]]: memref<?xf32>, %[[OUT:[^ ]*]]: memref<?xf32>,
// CHECK-SAME: known_block_size = array<i32: 256, 1, 1>
// CHECK-SAME: text = "2 maps f32, flat"
// CHECK: scf.if
// CHECK: vector.load %[[X]][%[[A:.*]]] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
// CHECK: vector.load %[[Y]][%[[A]]] {alignment = 16 : i64}
// CHECK: vector.load %[[X]][%[[B:.*]]] {alignment = 16 : i64}
// CHECK: vector.load %[[Y]][%[[B]]] {alignment = 16 : i64}
// CHECK-NOT: vector.load
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK: vector.store %{{.*}}, %[[OUT]][%[[A]]] {alignment = 16 : i64}
// CHECK: vector.store %{{.*}}, %[[OUT]][%[[B]]] {alignment = 16 : i64}
// CHECK: } else {
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %c256
// CHECK: memref.load %[[X]][%[[I]]]
// CHECK: memref.store %{{.*}}, %[[OUT]][%[[I]]]
func.func @chain(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %k: f32) -> tensor<?x?xf32> {
  %0 = noodle.map (%x, %k) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<?x?xf32>, f32) -> tensor<?x?xf32> {
  ^bb0(%a: f32, %b: f32):
    %m = arith.mulf %a, %b : f32
    noodle.yield %m : f32
  }
  %1 = noodle.map (%0, %y) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32> {
  ^bb0(%a: f32, %b: f32):
    %m = arith.addf %a, %b : f32
    noodle.yield %m : f32
  }
  return %1 : tensor<?x?xf32>
}

// -----

// With broadcasting, rows: 16 threads do the 64 columns of one, a tensor
// without columns is read once a row. A tensor of one row is not cut.
// CHECK-LABEL: func.func @rows
// CHECK: noodle.launch @elementwise_0
// CHECK-SAME: split = array<i64: 0, 16, 1, 0, 1, 1>
// CHECK: gpu.func @elementwise_0(
// CHECK-SAME: %[[X:[^ ]*]]: memref<?xf32>, %[[Y:[^ ]*]]: memref<?xf32>, %[[Z:[^ ]*]]: memref<?xf32>, %[[OUT:[^ ]*]]: memref<?xf32>,
// CHECK-SAME: text = "map f32, rows"
// CHECK: %[[IN:.*]] = arith.cmpi ult, %[[ROW:.*]], %{{.*}} : index
// CHECK: scf.if %[[IN]]
// CHECK: memref.load %[[Z]][%[[ROW]]]
// CHECK: scf.for %[[J:.*]] = %{{.*}} to %c64
// CHECK: %[[AT:.*]] = arith.addi %{{.*}}, %[[J]]
// CHECK: vector.load %[[X]][%[[AT]]] {alignment = 16 : i64}
// CHECK: vector.load %[[Y]][%[[J]]] {alignment = 16 : i64}
// CHECK: vector.store %{{.*}}, %[[OUT]][%[[AT]]] {alignment = 16 : i64}
func.func @rows(%x: tensor<?x64xf32>, %y: tensor<1x64xf32>, %z: tensor<?x1xf32>) -> tensor<?x64xf32> {
  %0 = noodle.map (%x, %y, %z) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<?x64xf32>, tensor<1x64xf32>, tensor<?x1xf32>) -> tensor<?x64xf32> {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %b : f32
    %n = arith.addf %m, %c : f32
    noodle.yield %n : f32
  }
  return %0 : tensor<?x64xf32>
}

// -----

// A tensor along some of the rows' dimensions has no cut, so nor has the launch.
// CHECK-LABEL: func.func @some_rows
// CHECK: noodle.launch @elementwise_0
// CHECK-NOT: split
// CHECK: scf.if
func.func @some_rows(%x: tensor<5x6x64xf32>, %y: tensor<1x6x1xf32>) -> tensor<5x6x64xf32> {
  %0 = noodle.map (%x, %y) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<5x6x64xf32>, tensor<1x6x1xf32>) -> tensor<5x6x64xf32> {
  ^bb0(%a: f32, %b: f32):
    %m = arith.mulf %a, %b : f32
    noodle.yield %m : f32
  }
  return %0 : tensor<5x6x64xf32>
}

// -----

// i1 goes byte by byte beside whole accesses of the other type.
// CHECK-LABEL: func.func @booleans
// CHECK: gpu.func @elementwise_0(%[[X:[^ ]*]]: memref<?xi1>, %[[OUT:[^ ]*]]: memref<?xf64>,
// CHECK-NOT: xi1>
// CHECK-COUNT-4: memref.load %[[X]]
// CHECK: arith.uitofp
// CHECK: vector.store %{{.*}}, %[[OUT]][%{{.*}}] {alignment = 16 : i64} : memref<?xf64>, vector<2xf64>
func.func @booleans(%x: tensor<1000xi1>) -> tensor<1000xf64> {
  %0 = noodle.convert %x {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<1000xi1> -> tensor<1000xf64>
  return %0 : tensor<1000xf64>
}

// -----

// The last dimension moves: tiles of 32x32 whose lines are padded by one; the
// barrier stands outside of all conditions.
// CHECK-LABEL: func.func @tiles
// CHECK: gpu.func @elementwise_0(
// CHECK-SAME: workgroup(%[[TILE:[^ ]*]] : memref<1056xf32, #gpu.address_space<workgroup>>
// CHECK-SAME: text = "transpose and 1 map f32, tiles 32x32"
// CHECK-COUNT-4: memref.store %{{.*}}, %[[TILE]]
// CHECK: {{^ *}}}
// CHECK-NEXT: {{^}}      gpu.barrier
// CHECK: memref.load %[[TILE]]
// CHECK: arith.negf
func.func @tiles(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = noodle.transpose %x {permutation = array<i64: 1, 0>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<?x?xf32> -> tensor<?x?xf32>
  %1 = noodle.map (%0) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<?x?xf32>) -> tensor<?x?xf32> {
  ^bb0(%a: f32):
    %m = arith.negf %a : f32
    noodle.yield %m : f32
  }
  return %1 : tensor<?x?xf32>
}

// -----

// The last dimension stays: whole rows change places. Their width is not known,
// so accesses of 16 bytes depend on it, for all threads alike.
// CHECK-LABEL: func.func @outer
// CHECK: gpu.func @elementwise_0(
// CHECK-NOT: workgroup
// CHECK: text = "transpose f32, rows"
// CHECK: %[[REST:.*]] = arith.remui %[[WIDTH:.*]], %c4
// CHECK: %[[WHOLE:.*]] = arith.cmpi eq, %[[REST]], %c0
// CHECK: scf.if %[[WHOLE]]
// CHECK: vector.load
// CHECK: vector.store
// CHECK: } else {
// CHECK-NOT: vector.load
// CHECK: memref.load
// CHECK: memref.store
func.func @outer(%x: tensor<3x5x?xf32>) -> tensor<5x3x?xf32> {
  %0 = noodle.transpose %x {permutation = array<i64: 1, 0, 2>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<3x5x?xf32> -> tensor<5x3x?xf32>
  return %0 : tensor<5x3x?xf32>
}
