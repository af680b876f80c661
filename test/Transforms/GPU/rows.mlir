// RUN: noodle-opt %s --noodle-offload-ops --canonicalize --cse --split-input-file | FileCheck %s

// Short rows: a warp each, whose threads hold them in registers. Global memory
// is read once and written once; nothing is shared.
// CHECK-LABEL: func.func @short
// CHECK: noodle.launch @rows_0
// CHECK-SAME: split = array<i64: 0, 8, 1, 1>
// CHECK: gpu.func @rows_0(%[[X:[^ ]*]]: memref<?xf32>, %[[OUT:[^ ]*]]: memref<?xf32>,
// CHECK-NOT: workgroup
// CHECK: text = "softmax f32, a warp a row"
// CHECK-NOT: gpu.barrier
// CHECK-COUNT-2: vector.load %[[X]][%{{.*}}] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
// CHECK-NOT: %[[X]]
// CHECK: arith.maximumf
// CHECK-COUNT-5: gpu.shuffle xor
// CHECK-COUNT-8: math.exp
// CHECK-COUNT-5: gpu.shuffle xor
// CHECK-COUNT-4: arith.divf
// CHECK: vector.store %{{.*}}, %[[OUT]]
// CHECK-NOT: gpu.barrier
// CHECK: gpu.return
func.func @short(%x: tensor<?x256xf32>) -> tensor<?x256xf32> {
  %0 = noodle.softmax %x {axis = 1 : i64, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<?x256xf32>
  return %0 : tensor<?x256xf32>
}

// -----

// Long rows: a block each, one barrier a fold, which has its own words.
// CHECK-LABEL: func.func @long
// CHECK: split = array<i64: 0, 1, 1, 1>
// CHECK: gpu.func @rows_0(%[[X:[^ ]*]]: memref<?xf64>, %[[OUT:[^ ]*]]: memref<?xf64>,
// CHECK-SAME: workgroup(%[[PARTS:[^ ]*]] : memref<16xf64,
// CHECK-SAME: known_block_size = array<i32: 256, 1, 1>
// CHECK-SAME: text = "softmax f64, a block a row"
// CHECK-COUNT-4: vector.load %[[X]]
// CHECK-NOT: %[[X]]
// f64 shuffles as two words.
// CHECK-COUNT-10: gpu.shuffle xor {{.*}} : i32
// CHECK: memref.store %{{.*}}, %[[PARTS]]
// CHECK: gpu.barrier
// CHECK-COUNT-8: memref.load %[[PARTS]]
// CHECK: gpu.barrier
// CHECK-NOT: gpu.barrier
// CHECK: gpu.return
func.func @long(%x: tensor<?x2048xf64>) -> tensor<?x2048xf64> {
  %0 = noodle.softmax %x {axis = 1 : i64, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<?x2048xf64>
  return %0 : tensor<?x2048xf64>
}

// -----

// Longer than the threads of a block can hold: shared memory keeps what fits,
// the rest is read again.
// CHECK-LABEL: func.func @longer
// CHECK: gpu.func @rows_0(%[[X:[^ ]*]]: memref<?xf32>, %[[OUT:[^ ]*]]: memref<?xf32>,
// CHECK-SAME: workgroup(%{{[^ ]*}} : memref<64xf32, {{.*}}, %[[CACHE:[^ ]*]] : memref<12224xf32, #gpu.address_space<workgroup>>
// CHECK-SAME: known_block_size = array<i32: 1024, 1, 1>
// CHECK-COUNT-4: vector.load %[[X]]
// CHECK: %[[FITS:.*]] = arith.cmpi ult, %{{.*}}, %c12224
// CHECK: scf.if %[[FITS]]
// CHECK: vector.store %{{.*}}, %[[CACHE]]
// CHECK: gpu.barrier
// CHECK: vector.load %[[CACHE]]
// CHECK: } else {
// CHECK: vector.load %[[X]]
// CHECK: gpu.barrier
func.func @longer(%x: tensor<?x40000xf32>) -> tensor<?x40000xf32> {
  %0 = noodle.softmax %x {axis = 1 : i64, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<?x40000xf32>
  return %0 : tensor<?x40000xf32>
}

// -----

// A width known only when called: one kernel for both, and a grid that gives
// the rows of a block of warps to as many blocks where they are long.
// CHECK-LABEL: func.func @either
// CHECK: %[[SHORT:.*]] = arith.cmpi ule, %{{.*}}, %c1024 : index
// CHECK: %[[Y:.*]] = arith.select %[[SHORT]], %c1, %c8 : index
// CHECK: noodle.launch @rows_0 grid(%{{.*}}, %[[Y]], %c1)
// Scale and shift are not cut.
// CHECK-SAME: split = array<i64: 1, 8, 1, 0, 0, 1>
// CHECK: text = "layer_norm f32, a warp or a block a row"
// CHECK: %[[WARP:.*]] = arith.cmpi ult, %{{.*}}, %c1025 : index
// CHECK: scf.if %[[WARP]]
// CHECK: gpu.barrier
// CHECK: math.sqrt
func.func @either(%x: tensor<?x?xf32>, %g: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?x?xf32> {
  %0 = noodle.layer_norm %x scale(%g : tensor<?xf32>) shift(%b : tensor<?xf32>) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// Along another axis 32 neighbouring threads do neighbouring lines, and barriers
// stand outside of all conditions.
// CHECK-LABEL: func.func @columns
// CHECK: gpu.func @rows_0(
// CHECK-SAME: text = "softmax and 1 map f32, 8 threads a line"
// CHECK: {{^}}      gpu.barrier
// CHECK: math.exp
// CHECK: {{^}}      gpu.barrier
// CHECK: arith.divf
// CHECK: arith.mulf
// CHECK: memref.store
func.func @columns(%x: tensor<?x100xf32>, %y: tensor<1x100xf32>) -> tensor<?x100xf32> {
  %0 = noodle.softmax %x {axis = 0 : i64, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<?x100xf32>
  %1 = noodle.map (%0, %y) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<?x100xf32>, tensor<1x100xf32>) -> tensor<?x100xf32> {
  ^bb0(%a: f32, %b: f32):
    %m = arith.mulf %a, %b : f32
    noodle.yield %m : f32
  }
  return %1 : tensor<?x100xf32>
}

// -----

// Reductions: the last dimension goes, threads run along it. An empty row gives
// the semiring's zero.
// CHECK-LABEL: func.func @reduce_rows
// CHECK: split = array<i64: 3, 8, 1, 1>
// CHECK: gpu.func @rows_0(
// CHECK-SAME: text = "reduce min_plus i32, a warp or a block a row"
// CHECK: %[[ZERO:.*]] = arith.constant 2147483647 : i32
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[ZERO]], %{{.*}} = %[[ZERO]], %{{.*}} = %[[ZERO]], %{{.*}} = %[[ZERO]])
// CHECK: vector.load %{{.*}} {alignment = 16 : i64} : memref<?xi32>, vector<4xi32>
// CHECK-COUNT-4: arith.minsi
// CHECK: gpu.shuffle xor
func.func @reduce_rows(%x: tensor<?x?xi32>) -> tensor<?xi32> {
  %0 = noodle.reduce %x {dims = array<i64: 1>, semiring = #noodle.semiring<min_plus>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<?x?xi32> -> tensor<?xi32>
  return %0 : tensor<?xi32>
}

// -----

// The last dimension stays: a column's threads add in shared memory.
// CHECK-LABEL: func.func @reduce_columns
// CHECK-NOT: split
// CHECK: gpu.func @rows_0(
// CHECK-SAME: workgroup(%[[PARTS:[^ ]*]] : memref<1024xf32
// CHECK-SAME: known_block_size = array<i32: 1024, 1, 1>
// CHECK-SAME: text = "reduce plus_times f32, 32 threads a column"
// CHECK: memref.store %{{.*}}, %[[PARTS]]
// CHECK-NEXT: {{^}}      gpu.barrier
// CHECK: memref.load %[[PARTS]]
func.func @reduce_columns(%x: tensor<?x100xf32>) -> tensor<100xf32> {
  %0 = noodle.reduce %x {dims = array<i64: 0>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<?x100xf32> -> tensor<100xf32>
  return %0 : tensor<100xf32>
}

// -----

// Few long rows: all the threads a block can have.
// CHECK-LABEL: func.func @all
// CHECK: gpu.func @rows_0(
// CHECK-SAME: known_block_size = array<i32: 1024, 1, 1>
// CHECK-SAME: text = "reduce plus_times f64, a block a row"
// CHECK: gpu.barrier
func.func @all(%x: tensor<1000x1000xf64>) -> tensor<f64> {
  %0 = noodle.reduce %x {dims = array<i64: 0, 1>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<1000x1000xf64> -> tensor<f64>
  return %0 : tensor<f64>
}

// -----

// A user's semiring is its own code.
noodle.semiring @bottleneck : f32
  traits <associative, commutative, distributive, annihilating, idempotent>
  zero {
    %z = arith.constant 0xFF800000 : f32
    noodle.yield %z : f32
  } one {
    %o = arith.constant 0x7F800000 : f32
    noodle.yield %o : f32
  } add {
  ^bb0(%a: f32, %b: f32):
    %m = arith.maxnumf %a, %b : f32
    noodle.yield %m : f32
  } mul {
  ^bb0(%a: f32, %b: f32):
    %m = arith.minnumf %a, %b : f32
    noodle.yield %m : f32
  }
// CHECK-LABEL: func.func @own
// CHECK: text = "reduce @bottleneck f32, a warp a row"
// CHECK: arith.maxnumf
func.func @own(%x: tensor<?x32xf32>) -> tensor<?xf32> {
  %0 = noodle.reduce %x {dims = array<i64: 1>, semiring = #noodle.semiring<@bottleneck>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : tensor<?x32xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
