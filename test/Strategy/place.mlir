// RUN: noodle-opt %s --split-input-file --noodle-elaborate --noodle-select-strategy="target=auto chip=sm_90" | FileCheck %s
// RUN: noodle-opt %s --split-input-file --noodle-elaborate --noodle-select-strategy="target=cuda chip=sm_90" | FileCheck %s --check-prefix=CUDA
// RUN: noodle-opt %s --split-input-file --noodle-elaborate --noodle-select-strategy="target=cuda strategy=loops" | FileCheck %s --check-prefix=LOOPS
// RUN: noodle-opt %s --split-input-file --noodle-elaborate --noodle-select-strategy | FileCheck %s --check-prefix=CPU
// RUN: not noodle-opt %s --split-input-file --noodle-select-strategy="target=tpu" 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: noodle-select-strategy: no target 'tpu': use cpu, cuda or auto

// A large product is worth its transfers; the site says what was predicted.
// CHECK: noodle.chip = "sm_90"
// CHECK-SAME: fallback = "tiled"
// CHECK-SAME: host_seconds = {{.*}}kernel_seconds = {{.*}}strategy = "gpu"{{.*}}transfer_seconds =
// CHECK-LABEL: func.func @large
// CHECK: noodle.contract {{.*}}noodle.fallback = #noodle.strategy<tiled>
// CHECK-SAME: noodle.why = "{{[0-9.]+}} ms kernel + {{[0-9.]+}} ms transfer against {{[0-9.]+}} s on the cpu"
// CHECK-SAME: strategy = #noodle.strategy<gpu>
// CUDA-LABEL: func.func @large
// CUDA: noodle.why = "the target is cuda: {{[0-9.]+}} ms kernel + {{[0-9.]+}} ms transfer against {{[0-9.]+}} s on the cpu"
// An option that names a strategy is a wish for all ops.
// LOOPS-LABEL: func.func @large
// LOOPS: noodle.contract {{.*}}noodle.why = "the option asks for it"
// LOOPS-SAME: strategy = #noodle.strategy<loops>
// CPU-NOT: noodle.chip
// CPU-LABEL: func.func @large
// CPU: noodle.contract
// CPU-NOT: noodle.fallback
// CPU-SAME: strategy = #noodle.strategy<tiled>
func.func @large(%a: tensor<4096x4096xf32>, %b: tensor<4096x4096xf32>) -> tensor<4096x4096xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<4096x4096xf32>, tensor<4096x4096xf32>) -> tensor<4096x4096xf32>
  return %c : tensor<4096x4096xf32>
}

// -----

// A small one is not, and says what it would have taken.
// CHECK-LABEL: func.func @small
// CHECK: noodle.contract
// CHECK-NOT: noodle.fallback
// CHECK-SAME: noodle.why = "a dense contraction of two operands; on the gpu {{[0-9.]+}} us kernel + {{[0-9.]+}} us transfer against {{[0-9.]+}} {{us|ns}}"
// CHECK-SAME: strategy = #noodle.strategy<tiled>
// CUDA-LABEL: func.func @small
// CUDA: strategy = #noodle.strategy<gpu>
func.func @small(%a: tensor<16x16xf32>, %b: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
  return %c : tensor<16x16xf32>
}

// -----

// One pass over entries is done here before they are there.
// CHECK-LABEL: func.func @once
// CHECK: noodle.softmax
// CHECK-SAME: strategy = #noodle.strategy<loops>
func.func @once(%x: tensor<1024x1024xf32>) -> tensor<1024x1024xf32> {
  %y = noodle.transpose %x {permutation = array<i64: 1, 0>} : tensor<1024x1024xf32> -> tensor<1024x1024xf32>
  %z = noodle.softmax %x {axis = 1 : i64, strategy = #noodle.strategy<loops>} : tensor<1024x1024xf32>
  return %z : tensor<1024x1024xf32>
}

// -----

// Beside ops on the device such a pass is cheaper there: its data is there. It
// pays for no transfer.
// CHECK-LABEL: func.func @chain
// CHECK: noodle.contract {{.*}}strategy = #noodle.strategy<gpu>
// CHECK: noodle.softmax
// CHECK-SAME: noodle.why = "{{[0-9.]+}} us kernel + 0.00 ns transfer against
// CHECK-SAME: strategy = #noodle.strategy<gpu>
// CHECK: noodle.contract {{.*}}strategy = #noodle.strategy<gpu>
func.func @chain(%a: tensor<2048x2048xf32>, %b: tensor<2048x2048xf32>) -> tensor<2048x2048xf32> {
  %c = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<2048x2048xf32>, tensor<2048x2048xf32>) -> tensor<2048x2048xf32>
  %d = noodle.softmax %c {axis = 1 : i64} : tensor<2048x2048xf32>
  %e = noodle.contract "ij,jk->ik" (%d, %b) : (tensor<2048x2048xf32>, tensor<2048x2048xf32>) -> tensor<2048x2048xf32>
  return %e : tensor<2048x2048xf32>
}

// -----

// In a loop the transfers are few and the steps many.
// CHECK-LABEL: func.func @loop
// CHECK: noodle.map
// CHECK: strategy = #noodle.strategy<gpu>
func.func @loop(%x: tensor<1000000xf32>) -> tensor<1000000xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 1000 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%v = %x) -> tensor<1000000xf32> {
    %w = noodle.map (%v) : (tensor<1000000xf32>) -> tensor<1000000xf32> {
    ^bb0(%e: f32):
      %s = arith.mulf %e, %e : f32
      noodle.yield %s : f32
    }
    scf.yield %w : tensor<1000000xf32>
  }
  return %r : tensor<1000000xf32>
}

// -----

// The host's own code in the loop needs each step's tensor.
// CHECK-LABEL: func.func @loop_on_host
// CHECK: noodle.map
// CHECK: strategy = #noodle.strategy<loops>
func.func @loop_on_host(%x: tensor<1000000xf32>) -> (tensor<1000000xf32>, f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 1000 : index
  %zero = arith.constant 0.0 : f32
  %r, %t = scf.for %i = %c0 to %n step %c1 iter_args(%v = %x, %sum = %zero) -> (tensor<1000000xf32>, f32) {
    %w = noodle.map (%v) : (tensor<1000000xf32>) -> tensor<1000000xf32> {
    ^bb0(%e: f32):
      %s = arith.mulf %e, %e : f32
      noodle.yield %s : f32
    }
    %e = tensor.extract %w[%i] : tensor<1000000xf32>
    %u = arith.addf %sum, %e : f32
    scf.yield %w, %u : tensor<1000000xf32>, f32
  }
  return %r, %t : tensor<1000000xf32>, f32
}

// -----

// Sizes come from statistics, and where there are none the host stays.
// CHECK-LABEL: func.func @stats
// CHECK: noodle.contract {{.*}}strategy = #noodle.strategy<gpu>
// CHECK: noodle.contract
// CHECK-SAME: noodle.why = "a dense contraction of two operands; not on the gpu: sizes are unknown"
// CHECK-SAME: strategy = #noodle.strategy<tiled>
func.func @stats(%a: tensor<?x?xf32> {noodle.stats = #noodle.stats<extents = [4096, 4096]>},
                 %b: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %c = noodle.contract "ij,jk->ik" (%a, %a) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %d = noodle.contract "ij,jk->ik" (%b, %b) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %c, %d : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

// An op's own wish comes first; one that cannot be granted is answered.
// CHECK-LABEL: func.func @asked
// CHECK: noodle.map
// CHECK-SAME: noodle.fallback = #noodle.strategy<loops>
// CHECK-SAME: noodle.why = "the op asks for it: {{.*}} against {{.*}} on the cpu"
// CHECK-SAME: strategy = #noodle.strategy<gpu>
// CHECK: noodle.concat
// CHECK-SAME: noodle.why = "one pass over the entries (the op asks for gpu, but {{.+}})"
// CHECK-SAME: strategy = #noodle.strategy<loops>
// CUDA-LABEL: func.func @asked
// CUDA: noodle.concat
// CUDA: noodle.map
// CUDA-SAME: noodle.why = "the op asks for it"
// CUDA-SAME: strategy = #noodle.strategy<loops>
// CPU-LABEL: func.func @asked
// CPU: noodle.map
// CPU-SAME: noodle.why = "one pass over the entries (the op asks for gpu, but the target is cpu)"
// CPU-SAME: strategy = #noodle.strategy<loops>
func.func @asked(%x: tensor<64xf32>) -> tensor<128xf32> {
  %y = noodle.map (%x) {strategy = #noodle.strategy<gpu>} : (tensor<64xf32>) -> tensor<64xf32> {
  ^bb0(%e: f32):
    %s = arith.negf %e : f32
    noodle.yield %s : f32
  }
  %z = noodle.concat (%x, %y) {axis = 0 : i64, strategy = #noodle.strategy<gpu>} : (tensor<64xf32>, tensor<64xf32>) -> tensor<128xf32>
  %w = noodle.map (%z) {strategy = #noodle.strategy<loops>} : (tensor<128xf32>) -> tensor<128xf32> {
  ^bb0(%e: f32):
    %s = arith.negf %e : f32
    noodle.yield %s : f32
  }
  return %w : tensor<128xf32>
}

// -----

// An op that only the interpreter has stays with it.
// CUDA-LABEL: func.func @interpreted
// CUDA: noodle.map
// CUDA-NOT: noodle.fallback
// CUDA-SAME: strategy = #noodle.strategy<reference>
func.func @interpreted(%x: tensor<64xi64>) -> tensor<64xi64> {
  %y = noodle.map (%x, %x) : (tensor<64xi64>, tensor<64xi64>) -> tensor<64xi64> {
  ^bb0(%a: i64, %b: i64):
    %q = arith.divsi %a, %b : i64
    noodle.yield %q : i64
  }
  return %y : tensor<64xi64>
}

// -----

// Sizes are followed through ops, loops and branches: of all these ops the
// times are known.
// CHECK-LABEL: func.func @followed
// CHECK-NOT: sizes are unknown
// CHECK: return
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @followed(%a: tensor<?x?xf32, #csr> {noodle.stats = #noodle.stats<extents = [64, 128], stored = 1024>},
                    %x: tensor<?x?xf32> {noodle.stats = #noodle.stats<extents = [128, 32]>}, %p: i1) -> (tensor<?xf32>, tensor<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %zero = arith.constant 0.0 : f32
  %ax = noodle.contract "ij,jk->ik" (%a, %x) : (tensor<?x?xf32, #csr>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %t = noodle.transpose %ax {permutation = array<i64: 1, 0>} : tensor<?x?xf32> -> tensor<?x?xf32>
  %r = noodle.reduce %t {dims = array<i64: 0>} : tensor<?x?xf32> -> tensor<?xf32>
  %n = tensor.dim %r, %c0 : tensor<?xf32>
  %s = tensor.splat %zero[%n] : tensor<?xf32>
  %v = scf.for %i = %c0 to %c9 step %c1 iter_args(%w = %s) -> tensor<?xf32> {
    %u = noodle.map (%w, %r) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32> {
    ^bb0(%e: f32, %f: f32):
      %g = arith.addf %e, %f : f32
      noodle.yield %g : f32
    }
    scf.yield %u : tensor<?xf32>
  }
  %y = scf.while (%w = %v) : (tensor<?xf32>) -> tensor<?xf32> {
    %m = noodle.softmax %w {axis = 0 : i64} : tensor<?xf32>
    scf.condition(%p) %m : tensor<?xf32>
  } do {
  ^bb0(%w: tensor<?xf32>):
    %m = noodle.softmax %w {axis = 0 : i64} : tensor<?xf32>
    scf.yield %m : tensor<?xf32>
  }
  %b = scf.if %p -> tensor<?xf32> {
    scf.yield %y : tensor<?xf32>
  } else {
    scf.yield %v : tensor<?xf32>
  }
  %z = noodle.softmax %b {axis = 0 : i64} : tensor<?xf32>
  %d = noodle.convert %a : tensor<?x?xf32, #csr> -> tensor<?x?xf32>
  %l = noodle.layer_norm %d {epsilon = 1.0e-5 : f64} : tensor<?x?xf32>
  return %z, %l : tensor<?xf32>, tensor<?x?xf32>
}

// -----

// Without the number of entries a sparse op's times are unknown.
// CHECK-LABEL: func.func @uncounted
// CHECK: noodle.why = "operand 0 is sparse; not on the gpu: sizes are unknown"
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @uncounted(%a: tensor<64x128xf32, #csr>, %x: tensor<128x32xf32>) -> tensor<64x32xf32> {
  %y = noodle.contract "ij,jk->ik" (%a, %x) : (tensor<64x128xf32, #csr>, tensor<128x32xf32>) -> tensor<64x32xf32>
  return %y : tensor<64x32xf32>
}
