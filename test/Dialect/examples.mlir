// RUN: noodle-opt %s | noodle-opt | FileCheck %s
// RUN: noodle-opt %s --mlir-print-op-generic | noodle-opt | FileCheck %s
// RUN: noodle-opt %s --emit-bytecode | noodle-opt | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>

// CHECK-LABEL: noodle.semiring @bottleneck : f64 traits <associative, commutative, distributive, annihilating, idempotent> zero {
// CHECK: } one {
// CHECK: } add {
// CHECK-NEXT: ^bb0(%{{.*}}: f64, %{{.*}}: f64):
// CHECK: } mul {
noodle.semiring @bottleneck : f64
  traits <associative, commutative, distributive, annihilating, idempotent>
  zero {
    %z = arith.constant 0xFFF0000000000000 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 0x7FF0000000000000 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    %m = arith.maximumf %a, %b : f64
    noodle.yield %m : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    %m = arith.minimumf %a, %b : f64
    noodle.yield %m : f64
  }

// CHECK-LABEL: @contract
func.func @contract(%a: tensor<4x5xf64>, %x: tensor<5xf64>) -> tensor<4xf64> {
  // CHECK: noodle.contract "ij,j->i"(%{{.*}}, %{{.*}}) {semiring = #noodle.semiring<min_plus>} : (tensor<4x5xf64>, tensor<5xf64>) -> tensor<4xf64>
  %y = noodle.contract "ij,j->i" (%a, %x) {semiring = #noodle.semiring<min_plus>}
    : (tensor<4x5xf64>, tensor<5xf64>) -> tensor<4xf64>
  return %y : tensor<4xf64>
}

// CHECK-LABEL: @matmul
func.func @matmul(%a: tensor<4x5xf32>, %b: tensor<5x6xf32>) -> tensor<4x6xf32> {
  // CHECK: noodle.matmul %{{.*}}, %{{.*}} : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  %c = noodle.matmul %a, %b : tensor<4x5xf32>, tensor<5x6xf32> -> tensor<4x6xf32>
  return %c : tensor<4x6xf32>
}

// CHECK-LABEL: @map
func.func @map(%x: tensor<?x4xf32>, %k: f32) -> tensor<?x4xf32> {
  // CHECK: noodle.map (%{{.*}}, %{{.*}}) : (tensor<?x4xf32>, f32) -> tensor<?x4xf32> {
  // CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32):
  // CHECK-NEXT: arith.mulf
  // CHECK-NEXT: noodle.yield %{{.*}} : f32
  %r = noodle.map (%x, %k) : (tensor<?x4xf32>, f32) -> tensor<?x4xf32> {
  ^bb0(%a: f32, %b: f32):
    %m = arith.mulf %a, %b : f32
    noodle.yield %m : f32
  }
  // CHECK: noodle.map @relu (%{{.*}}) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %s = noodle.map @relu (%r) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %s : tensor<?x4xf32>
}
func.func private @relu(%x: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %y = arith.maximumf %x, %zero : f32
  return %y : f32
}

// CHECK-LABEL: @softmax
func.func @softmax(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
  // CHECK: noodle.softmax %{{.*}} {axis = 1 : i64} : tensor<?x10xf32>
  %p = noodle.softmax %x {axis = 1 : i64} : tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// CHECK-LABEL: @layer_norm
func.func @layer_norm(%x: tensor<?x64xf32>, %g: tensor<64xf32>, %b: tensor<64xf32>) -> tensor<?x64xf32> {
  // CHECK: noodle.layer_norm %{{.*}} scale(%{{.*}} : tensor<64xf32>) shift(%{{.*}} : tensor<64xf32>) : tensor<?x64xf32>
  %y = noodle.layer_norm %x scale(%g : tensor<64xf32>) shift(%b : tensor<64xf32>)
    {epsilon = 1.0e-5 : f64} : tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// CHECK-LABEL: @reduce
func.func @reduce(%x: tensor<?x?xf64>) -> tensor<?xf64> {
  // CHECK: noodle.reduce %{{.*}} {dims = array<i64: 1>, semiring = #noodle.semiring<max_plus>} : tensor<?x?xf64> -> tensor<?xf64>
  %m = noodle.reduce %x {dims = array<i64: 1>, semiring = #noodle.semiring<max_plus>}
    : tensor<?x?xf64> -> tensor<?xf64>
  return %m : tensor<?xf64>
}

// CHECK-LABEL: @transpose
func.func @transpose(%x: tensor<?x4xf32>) -> tensor<4x?xf32> {
  // CHECK: noodle.transpose %{{.*}} {permutation = array<i64: 1, 0>} : tensor<?x4xf32> -> tensor<4x?xf32>
  %t = noodle.transpose %x {permutation = array<i64: 1, 0>} : tensor<?x4xf32> -> tensor<4x?xf32>
  return %t : tensor<4x?xf32>
}

// CHECK-LABEL: @concat
func.func @concat(%a: tensor<2x4xf32>, %b: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: noodle.concat(%{{.*}}, %{{.*}}) {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %c = noodle.concat (%a, %b) {axis = 0 : i64} : (tensor<2x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %c : tensor<?x4xf32>
}

// CHECK-LABEL: @gather
func.func @gather(%x: tensor<?x4xf32>, %i: tensor<?xi64>) -> tensor<?x4xf32> {
  // CHECK: noodle.gather %{{.*}}[%{{.*}}] : tensor<?x4xf32>, tensor<?xi64> -> tensor<?x4xf32>
  %g = noodle.gather %x[%i] {axis = 0 : i64} : tensor<?x4xf32>, tensor<?xi64> -> tensor<?x4xf32>
  return %g : tensor<?x4xf32>
}

// CHECK-LABEL: @scatter
func.func @scatter(%u: tensor<?x4xf32>, %i: tensor<?xi64>, %x: tensor<9x4xf32>) -> tensor<9x4xf32> {
  // CHECK: noodle.scatter %{{.*}}[%{{.*}}] into %{{.*}} : tensor<?x4xf32>, tensor<?xi64>, tensor<9x4xf32>
  %s = noodle.scatter %u[%i] into %x {axis = 0 : i64}
    : tensor<?x4xf32>, tensor<?xi64>, tensor<9x4xf32>
  return %s : tensor<9x4xf32>
}

// CHECK-LABEL: @convert
func.func @convert(%a: tensor<?x?xf64, #csr>) -> tensor<?x?xf64> {
  // CHECK: noodle.convert %{{.*}} {absent = 0x7FF0000000000000 : f64} : tensor<?x?xf64, #{{.*}}> -> tensor<?x?xf64>
  %d = noodle.convert %a {absent = 0x7FF0000000000000 : f64} : tensor<?x?xf64, #csr> -> tensor<?x?xf64>
  return %d : tensor<?x?xf64>
}

// CHECK-LABEL: @check
func.func @check(%ok: i1, %good: i1, %node: index) {
  // CHECK: noodle.check %{{.*}}, "weights must not be negative"
  noodle.check %ok, "weights must not be negative"
  // CHECK: noodle.check %{{.*}}, "the weight of node {0} is negative"(%{{.*}})
  noodle.check %good, "the weight of node {0} is negative" (%node)
  return
}

// CHECK-LABEL: @poll
func.func @poll() {
  // CHECK: noodle.poll
  noodle.poll
  return
}

// CHECK-LABEL: @mark
func.func @mark(%m: index, %n: index) {
  // CHECK: noodle.mark begin 3(%{{.*}}, %{{.*}})
  noodle.mark begin 3 (%m, %n)
  // CHECK: noodle.mark end 3
  noodle.mark end 3
  return
}

// CHECK-LABEL: @fused_contract
func.func @fused_contract(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %bias: tensor<16xf32>, %c: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // CHECK: noodle.fused_contract lhs(%{{.*}} : tensor<4x8xf32>) rhs(%{{.*}} : tensor<8x16xf32>) extras(%{{.*}} : tensor<16xf32>) outs(%{{.*}} : tensor<4x16xf32>) {indexing_maps = [{{.*}}], zero = 0.000000e+00 : f32}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>)
    extras(%bias : tensor<16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
                      affine_map<(i, j, k) -> (j)>, affine_map<(i, j, k) -> (i, j)>],
     zero = 0.0 : f32}
    lhs_body {
    ^bb0(%x: f32):
      noodle.yield %x : f32
    } rhs_body {
    ^bb0(%y: f32):
      noodle.yield %y : f32
    } combine {
    ^bb0(%x: f32, %y: f32, %sum: f32):
      %p = arith.mulf %x, %y : f32
      %s = arith.addf %sum, %p : f32
      noodle.yield %s : f32
    } epilogue {
    ^bb0(%sum: f32, %shift: f32):
      %o = arith.addf %sum, %shift : f32
      noodle.yield %o : f32
    } : tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}

// CHECK-LABEL: @blas_product
func.func @blas_product(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %c: memref<?x?xf32>) {
  // CHECK: noodle.blas_product lhs(%{{.*}} : memref<?x?xf32>) rhs(%{{.*}} : memref<?x?xf32>) outs(%{{.*}} : memref<?x?xf32>) {indexing_maps = [{{.*}}], site = 3 : i64}
  %formed = noodle.blas_product lhs(%a : memref<?x?xf32>) rhs(%b : memref<?x?xf32>)
    outs(%c : memref<?x?xf32>)
    {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>,
                      affine_map<(i, j, k) -> (i, j)>], site = 3 : i64}
  return
}

// CHECK-LABEL: @launch
func.func @launch(%x: tensor<?xf32>, %init: tensor<?xf32>, %blocks: index, %one: index, %n: i64) -> tensor<?xf32> {
  // CHECK: %{{.*}}, %[[Y:.*]] = noodle.launch @scale grid(%{{.*}}, %{{.*}}, %{{.*}}) ins(%{{.*}} : tensor<?xf32>) outs(%{{.*}} : tensor<?xf32>) scalars(%{{.*}}) {site = 3 : i64} : tensor<?xf32>
  %ran, %y = noodle.launch @scale grid(%blocks, %one, %one)
    ins(%x : tensor<?xf32>) outs(%init : tensor<?xf32>) scalars(%n)
    {site = 3 : i64} : tensor<?xf32>
  // CHECK: return %[[Y]]
  return %y : tensor<?xf32>
}

// CHECK-LABEL: @host_access
func.func @host_access(%y: memref<?xf32>) {
  // CHECK: noodle.host_access read %{{.*}} : memref<?xf32>
  noodle.host_access read %y : memref<?xf32>
  // CHECK: noodle.host_access write %{{.*}} : memref<?xf32>
  noodle.host_access write %y : memref<?xf32>
  return
}

// CHECK-LABEL: @stats
// CHECK-SAME: {noodle.stats = #noodle.stats<extents = [64, 64], stored = 128, longest = 16>}
func.func @stats(%a: tensor<?x?xf64, #csr> {noodle.stats = #noodle.stats<extents =
    [64, 64], stored = 128, longest = 16>}) {
  return
}
