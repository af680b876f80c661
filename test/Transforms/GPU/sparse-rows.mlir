// RUN: noodle-opt %s --noodle-offload-ops --canonicalize --cse --split-input-file | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>

// A warp a row: its threads take the stored entries, and fold. The kernel gets
// the matrix as its three buffers, of which the positions alone are cut.
// CHECK-LABEL: func.func @vector
// CHECK: %[[P:.*]] = sparse_tensor.positions %{{.*}} {level = 1 : index} : {{.*}} to memref<?xi32>
// CHECK: %[[C:.*]] = sparse_tensor.coordinates %{{.*}} {level = 1 : index} : {{.*}} to memref<?xi32>
// CHECK: %[[V:.*]] = sparse_tensor.values %{{.*}} : {{.*}} to memref<?xf64>
// CHECK: noodle.launch @sparse_rows_0
// CHECK-SAME: ins(%[[P]], %[[C]], %[[V]], %{{.*}} : memref<?xi32>, memref<?xi32>, memref<?xf64>, tensor<?xf64>)
// CHECK-SAME: split = array<i64: 0, 8, 2, 0, 0, 0, 1>
// CHECK: gpu.func @sparse_rows_0(%[[POS:[^ ]*]]: memref<?xi32>, %[[CRD:[^ ]*]]: memref<?xi32>, %[[VAL:[^ ]*]]: memref<?xf64>, %[[X:[^ ]*]]: memref<?xf64>,
// CHECK-SAME: text = "ij,j->i min_plus f64 CSR, a warp a row, by entries"
// CHECK: memref.load %[[POS]]
// CHECK: memref.load %[[POS]]
// CHECK: scf.for %[[K:.*]] = %{{.*}} to %{{.*}} step %c32 iter_args
// CHECK: memref.load %[[CRD]][%[[K]]]
// CHECK: memref.load %[[VAL]][%[[K]]]
// CHECK: memref.load %[[X]]
// CHECK-COUNT-10: gpu.shuffle xor
func.func @vector(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %0 = noodle.contract "ij,j->i" (%a, %x) {semiring = #noodle.semiring<min_plus>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>

// Many columns: threads take columns, and the row's entries one by one. Wide
// accesses where the columns fill a warp of them.
// CHECK-LABEL: func.func @matrix
// CHECK: noodle.launch @sparse_rows_0
// CHECK: gpu.func @sparse_rows_0(%{{[^ ]*}}: memref<?xindex>, %{{[^ ]*}}: memref<?xindex>, %[[VAL:[^ ]*]]: memref<?xf32>, %[[X:[^ ]*]]: memref<?xf32>, %[[OUT:[^ ]*]]: memref<?xf32>,
// CHECK-SAME: text = "ij,jk->ik plus_times f32 CSR, a warp a row, by columns"
// CHECK-NOT: gpu.shuffle
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.load %[[VAL]]
// CHECK: vector.load %[[X]][%{{.*}}] {alignment = 16 : i64}
// CHECK: vector.store %{{.*}}, %[[OUT]][%{{.*}}] {alignment = 16 : i64}
// CHECK: } else {
// CHECK: memref.load %[[X]]
// CHECK: memref.store %{{.*}}, %[[OUT]]
func.func @matrix(%a: tensor<?x?xf32, #csr>, %x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = noodle.contract "ij,jk->ik" (%a, %x) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<?x?xf32, #csr>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed), posWidth = 64, crdWidth = 32}>

// A CSC matrix holds the rows of its transpose. Operands are multiplied in
// their order, sums go to init, and the map behind runs in the kernel.
// CHECK-LABEL: func.func @transposed
// CHECK: noodle.launch @sparse_rows_0
// CHECK-SAME: split = array<i64: 0, 8, 2, 0, 0, 0, 1, 0, 1>
// CHECK: gpu.func @sparse_rows_0(
// CHECK-SAME: text = "jk,ji->ik max_plus f32 CSC and 1 map, a warp a row, by entries"
// CHECK: memref.store
func.func @transposed(%a: tensor<9x8xf32, #csc>, %x: tensor<9x3xf32>, %c: tensor<8x3xf32>, %b: tensor<1x3xf32>) -> tensor<8x3xf32> {
  %0 = noodle.contract "jk,ji->ik" (%x, %a) into (%c : tensor<8x3xf32>) {semiring = #noodle.semiring<max_plus>, strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<sparse>} : (tensor<9x3xf32>, tensor<9x8xf32, #csc>) -> tensor<8x3xf32>
  %1 = noodle.map (%0, %b) {strategy = #noodle.strategy<gpu>, noodle.fallback = #noodle.strategy<loops>} : (tensor<8x3xf32>, tensor<1x3xf32>) -> tensor<8x3xf32> {
  ^bb0(%p: f32, %q: f32):
    %m = arith.addf %p, %q : f32
    noodle.yield %m : f32
  }
  return %1 : tensor<8x3xf32>
}
