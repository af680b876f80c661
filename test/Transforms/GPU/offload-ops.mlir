// RUN: noodle-opt %s --noodle-offload-ops --split-input-file | FileCheck %s

// A launch, its result where it ran, and the op itself where it did not. The
// kernel has the pass description's example as its op.
// CHECK-LABEL: func.func @map(
// CHECK-SAME: %[[X:[^:]*]]: tensor<64xf32>)
// CHECK: %[[INIT:.*]] = tensor.empty() : tensor<64xf32>
// CHECK: %[[RAN:.*]], %[[OUT:.*]] = noodle.launch @elementwise_0 grid(%{{.*}}, %{{.*}}, %{{.*}}) ins(%[[X]] : tensor<64xf32>) outs(%[[INIT]] : tensor<64xf32>)
// CHECK-SAME: site = 3 : i64
// CHECK: %[[R:.*]] = scf.if %[[RAN]] -> (tensor<64xf32>) {
// CHECK-NEXT: scf.yield %[[OUT]]
// CHECK-NEXT: } else {
// CHECK-NEXT: %[[H:.*]] = noodle.map (%[[X]]) {noodle.site = 3 : i64, strategy = #noodle.strategy<loops>}
// CHECK: scf.yield %[[H]]
// CHECK: return %[[R]]
// CHECK: gpu.module @noodle_device {
// CHECK-NEXT: gpu.func @elementwise_0(%{{.*}}: memref<?xf32>, %{{.*}}: memref<?xf32>{{.*}}) kernel
// CHECK-SAME: known_block_size
// CHECK-SAME: noodle.kernel = {kind = "elementwise", text = "{{.+}}"}
// CHECK: arith.negf
func.func @map(%x: tensor<64xf32>) -> tensor<64xf32> {
  %y = noodle.map (%x) {noodle.site = 3 : i64, noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%e: f32):
    %s = arith.negf %e : f32
    noodle.yield %s : f32
  }
  return %y : tensor<64xf32>
}

// -----

// A product and the maps behind it are one kernel; the host's code has all
// three. Extents are checked first; the product's own come from its operands.
// CHECK-LABEL: func.func @fused(
// CHECK-SAME: %[[A:[^:]*]]: tensor<?x?xf32>, %[[B:[^:]*]]: tensor<?x?xf32>, %[[V:[^:]*]]: tensor<?x?xf32>)
// CHECK: noodle.check %{{.*}}, "extents of letter 'j' disagree: operand 1, dimension 0 and operand 0, dimension 1" {status = 3 : i32}
// CHECK: noodle.check %{{.*}}, "extents disagree: operand 1, dimension 0 and operand 0, dimension 0" {status = 3 : i32}
// CHECK: noodle.launch @contract_0
// CHECK-SAME: ins(%[[A]], %[[B]], %[[V]] :
// CHECK-NOT: noodle.launch
// CHECK: } else {
// CHECK: %[[P:.*]] = noodle.contract {{.*}}strategy = #noodle.strategy<tiled>
// CHECK: %[[Q:.*]] = noodle.map (%[[P]], %[[V]]) {strategy = #noodle.strategy<loops>}
// CHECK: %[[S:.*]] = noodle.map (%[[Q]]) {strategy = #noodle.strategy<loops>}
// CHECK: scf.yield %[[S]]
// CHECK: gpu.func @contract_0
// CHECK: math.absf
func.func @fused(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %v: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %p = noodle.contract "ij,jk->ik" (%a, %b) {noodle.fallback = #noodle.strategy<tiled>, strategy = #noodle.strategy<gpu>} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %q = noodle.map (%p, %v) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32> {
  ^bb0(%x: f32, %y: f32):
    %s = arith.addf %x, %y : f32
    noodle.yield %s : f32
  }
  %r = noodle.map (%q) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<?x?xf32>) -> tensor<?x?xf32> {
  ^bb0(%x: f32):
    %s = math.absf %x : f32
    noodle.yield %s : f32
  }
  return %r : tensor<?x?xf32>
}

// -----

// Not one kernel: a second user of the first, another shape, a strategy of the
// host, marks between.
// CHECK-LABEL: func.func @apart(
// CHECK: noodle.launch @elementwise_0
// CHECK: noodle.launch @elementwise_1
// CHECK: noodle.launch @elementwise_2
// CHECK: noodle.map {{.*}}strategy = #noodle.strategy<loops>
// CHECK: noodle.mark begin 0
// CHECK: noodle.launch
// CHECK: noodle.mark end 0
// CHECK: noodle.mark begin 1
// CHECK: noodle.launch
// CHECK: noodle.mark end 1
func.func @apart(%x: tensor<64xf32>) -> (tensor<64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64xf32>) {
  %a = noodle.map (%x) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%e: f32):
    %s = arith.negf %e : f32
    noodle.yield %s : f32
  }
  %b = noodle.map (%a) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%e: f32):
    %s = math.absf %e : f32
    noodle.yield %s : f32
  }
  %w = tensor.expand_shape %b [[0, 1]] output_shape [64, 1] : tensor<64xf32> into tensor<64x1xf32>
  %i = tensor.expand_shape %a [[0, 1]] output_shape [1, 64] : tensor<64xf32> into tensor<1x64xf32>
  %c = noodle.map (%w, %i) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<64x1xf32>, tensor<1x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%e: f32, %f: f32):
    %s = arith.mulf %e, %f : f32
    noodle.yield %s : f32
  }
  %d = noodle.map (%c) {strategy = #noodle.strategy<loops>} : (tensor<64x64xf32>) -> tensor<64x64xf32> {
  ^bb0(%e: f32):
    %s = arith.negf %e : f32
    noodle.yield %s : f32
  }
  noodle.mark begin 0
  %m = noodle.map (%x) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%e: f32):
    %s = math.sqrt %e : f32
    noodle.yield %s : f32
  }
  noodle.mark end 0
  noodle.mark begin 1
  %n = noodle.map (%m) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%e: f32):
    %s = math.absf %e : f32
    noodle.yield %s : f32
  }
  noodle.mark end 1
  return %b, %c, %d, %n : tensor<64xf32>, tensor<64x64xf32>, tensor<64x64xf32>, tensor<64xf32>
}

// -----

// Equal kernels are one.
// CHECK-LABEL: func.func @twice(
// CHECK-COUNT-2: noodle.launch @elementwise_0
// CHECK: gpu.func @elementwise_0
// CHECK-NOT: gpu.func
func.func @twice(%x: tensor<64xf32>, %y: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %a = noodle.map (%x) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%e: f32):
    %s = arith.negf %e : f32
    noodle.yield %s : f32
  }
  %b = noodle.map (%y) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%e: f32):
    %s = arith.negf %e : f32
    noodle.yield %s : f32
  }
  return %a, %b : tensor<64xf32>, tensor<64xf32>
}

// -----

// Vectors that run along a dimension are checked, and so is what the result's
// type says of it. A program's own use of an inner extent is no second user.
// CHECK-LABEL: func.func @checks(
// CHECK-SAME: %[[X:[^:]*]]: tensor<?x?xf32>, %[[V:[^:]*]]: tensor<?xf32>)
// CHECK: noodle.check %{{.*}}, "extents disagree: scale and the input's last dimension"
// CHECK: %[[RAN:.*]], %{{.*}} = noodle.launch @{{.*}} ins(%[[X]], %[[V]] :
// CHECK: %[[R:.*]] = scf.if %[[RAN]]
// CHECK-NOT: noodle.launch
// CHECK: return %[[R]]
func.func @checks(%x: tensor<?x?xf32>, %v: tensor<?xf32>) -> (tensor<?x?xf32>, index) {
  %c0 = arith.constant 0 : index
  %a = noodle.layer_norm %x scale(%v : tensor<?xf32>) {epsilon = 1.0e-5 : f64, noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : tensor<?x?xf32>
  %d = tensor.dim %a, %c0 : tensor<?x?xf32>
  %b = noodle.map (%a) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<?x?xf32>) -> tensor<?x?xf32> {
  ^bb0(%e: f32):
    %s = arith.negf %e : f32
    noodle.yield %s : f32
  }
  return %b, %d : tensor<?x?xf32>, index
}

// -----

// A static extent beside an unknown one is checked before the launch, too, and
// one that broadcasts is not.
// CHECK-LABEL: func.func @static(
// CHECK: noodle.check %{{.*}}, "extents disagree: operand 1, dimension 0 and operand 0, dimension 0"
// CHECK: noodle.launch
// CHECK-NOT: noodle.check
// CHECK: noodle.launch
func.func @static(%x: tensor<8xf32>, %y: tensor<?xf32>, %u: tensor<1xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %z = noodle.map (%x, %y) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<8xf32>, tensor<?xf32>) -> tensor<?xf32> {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    noodle.yield %s : f32
  }
  %w = noodle.map (%y, %u) {noodle.fallback = #noodle.strategy<loops>, strategy = #noodle.strategy<gpu>} : (tensor<?xf32>, tensor<1xf32>) -> tensor<?xf32> {
  ^bb0(%e: f32, %f: f32):
    %s = arith.addf %e, %f : f32
    noodle.yield %s : f32
  }
  return %z, %w : tensor<?xf32>, tensor<?xf32>
}

// -----

// A sparse operand goes as its buffers; the host's code keeps the tensor.
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
// CHECK-LABEL: func.func @sparse(
// CHECK: noodle.launch @{{.*}} ins({{.*}}memref<{{.*}}xi32>
// CHECK: } else {
// CHECK: noodle.contract {{.*}}strategy = #noodle.strategy<sparse>
func.func @sparse(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) {noodle.fallback = #noodle.strategy<sparse>, strategy = #noodle.strategy<gpu>} : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}

// -----

// CHECK-LABEL: func.func @nothing(
// CHECK-NOT: gpu.module
func.func @nothing(%x: tensor<64xf32>) -> tensor<64xf32> {
  %y = noodle.softmax %x {axis = 0 : i64, strategy = #noodle.strategy<loops>} : tensor<64xf32>
  return %y : tensor<64xf32>
}
