// RUN: noodle-opt %s | noodle-opt | FileCheck %s
// RUN: noodle-opt %s --mlir-print-op-generic | noodle-opt | FileCheck %s
// RUN: noodle-opt %s --emit-bytecode | noodle-opt | FileCheck %s

// Forms beyond the documented examples: every optional part, every format.

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed), posWidth = 64, crdWidth = 64}>

// CHECK-DAG: #[[CSR:.*]] = #sparse_tensor.encoding<{ map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32 }>
// CHECK-DAG: #[[CSC:.*]] = #sparse_tensor.encoding<{ map = (d0, d1) -> (d1 : dense, d0 : compressed), posWidth = 64, crdWidth = 64 }>

// CHECK: module attributes {noodle.fp = #noodle.fp<reassoc>}
module attributes {noodle.fp = #noodle.fp<reassoc>} {

// No traits declared: nothing is printed.
// CHECK: noodle.semiring @first : i32 zero {
noodle.semiring @first : i32 traits <none>
  zero {
    %z = arith.constant 0 : i32
    noodle.yield %z : i32
  } one {
    %z = arith.constant 1 : i32
    noodle.yield %z : i32
  } add {
  ^bb0(%a: i32, %b: i32):
    %m = arith.addi %a, %b : i32
    noodle.yield %m : i32
  } mul {
  ^bb0(%a: i32, %b: i32):
    noodle.yield %a : i32
  }

// CHECK-LABEL: @equations
func.func @equations(%s: tensor<f64>, %v: tensor<4xf64>, %m: tensor<4x5xf64>, %n: tensor<5x6xf64>) attributes {noodle.fp = #noodle.fp<fast>} {
  // CHECK: noodle.contract ",,->"(
  %0 = noodle.contract ",,->" (%s, %s, %s) : (tensor<f64>, tensor<f64>, tensor<f64>) -> tensor<f64>
  // CHECK: noodle.contract "a,->a"(
  %1 = noodle.contract "a,->a" (%v, %s) : (tensor<4xf64>, tensor<f64>) -> tensor<4xf64>
  // CHECK: noodle.contract "row0 row1, row1 row2 -> row0 row2"(
  %2 = noodle.contract "row0 row1, row1 row2 -> row0 row2" (%m, %n) : (tensor<4x5xf64>, tensor<5x6xf64>) -> tensor<4x6xf64>
  return
}

// CHECK-LABEL: @equation_forms
func.func @equation_forms(%s: tensor<f64>, %v: tensor<4xf64>, %one: tensor<1xf64>, %d: tensor<?xf64>, %m: tensor<4x4xf64>) {
  // A free output letter, and one whose extent an init knows.
  // CHECK: noodle.contract "->i"(%{{.*}}) : (tensor<f64>) -> tensor<7xf64>
  %0 = noodle.contract "->i" (%s) : (tensor<f64>) -> tensor<7xf64>
  // CHECK: noodle.contract "->i"(%{{.*}}) into(%{{.*}} : tensor<?xf64>) : (tensor<f64>) -> tensor<?xf64>
  %1 = noodle.contract "->i" (%s) into(%d : tensor<?xf64>) : (tensor<f64>) -> tensor<?xf64>
  // Extents of 1 broadcast; dynamic ones take a known extent.
  // CHECK: noodle.contract " i , i,i -> i "(
  %2 = noodle.contract " i , i,i -> i " (%one, %d, %v) : (tensor<1xf64>, tensor<?xf64>, tensor<4xf64>) -> tensor<4xf64>
  // CHECK: noodle.contract "i,i->i"(%{{.*}}, %{{.*}}) : (tensor<1xf64>, tensor<?xf64>) -> tensor<3xf64>
  %3 = noodle.contract "i,i->i" (%one, %d) : (tensor<1xf64>, tensor<?xf64>) -> tensor<3xf64>
  // CHECK: noodle.contract "ii->i"(
  %4 = noodle.contract "ii->i" (%m) : (tensor<4x4xf64>) -> tensor<4xf64>
  // CHECK: noodle.contract "i i -> "(
  %5 = noodle.contract "i i -> " (%m) : (tensor<4x4xf64>) -> tensor<f64>
  return
}

// CHECK-LABEL: @contract_options
func.func @contract_options(%a: tensor<4x5xf32, #csr>, %b: tensor<5x6xf32, #csc>, %mask: tensor<4x6xi1, #csr>,
                            %dense: tensor<4x6xi32>, %i: tensor<4x6xf64>) {
  // CHECK: noodle.contract "ij,jk->ik"(%{{.*}}, %{{.*}}) mask(%{{.*}} : tensor<4x6xi1, #[[CSR]]>) into(%{{.*}} : tensor<4x6xf64>) {accumulator = f64, strategy = #noodle.strategy<sparse>} : (tensor<4x5xf32, #[[CSR]]>, tensor<5x6xf32, #[[CSC]]>) -> tensor<4x6xf64>
  %0 = noodle.contract "ij,jk->ik" (%a, %b) mask(%mask : tensor<4x6xi1, #csr>) into(%i : tensor<4x6xf64>)
    {accumulator = f64, strategy = #noodle.strategy<sparse>} : (tensor<4x5xf32, #csr>, tensor<5x6xf32, #csc>) -> tensor<4x6xf64>
  // CHECK: mask(%{{.*}} : tensor<4x6xi32>) {mask_complement, mask_valued} :
  %1 = noodle.contract "ij,jk->ik" (%a, %b) mask(%dense : tensor<4x6xi32>) {mask_valued, mask_complement}
    : (tensor<4x5xf32, #csr>, tensor<5x6xf32, #csc>) -> tensor<4x6xf32, #csr>
  return
}

// Each semiring has the types its table gives; plus_times is not printed.
// CHECK-LABEL: @semirings
func.func @semirings(%f: tensor<4xf32>, %i: tensor<4xi32>, %b: tensor<4xi1>) {
  // CHECK: noodle.contract "i->"(%{{.*}}) : (tensor<4xf32>)
  %0 = noodle.contract "i->" (%f) {semiring = #noodle.semiring<plus_times>} : (tensor<4xf32>) -> tensor<f32>
  // CHECK: #noodle.semiring<min_plus>
  %1 = noodle.contract "i->" (%i) {semiring = #noodle.semiring<min_plus>} : (tensor<4xi32>) -> tensor<i32>
  // CHECK: #noodle.semiring<max_plus>
  %2 = noodle.contract "i->" (%f) {semiring = #noodle.semiring<max_plus>} : (tensor<4xf32>) -> tensor<f32>
  // CHECK: #noodle.semiring<max_times>
  %3 = noodle.contract "i->" (%f) {semiring = #noodle.semiring<max_times>} : (tensor<4xf32>) -> tensor<f32>
  // CHECK: #noodle.semiring<max_min>
  %4 = noodle.contract "i->" (%i) {semiring = #noodle.semiring<max_min>} : (tensor<4xi32>) -> tensor<i32>
  // CHECK: #noodle.semiring<min_max>
  %5 = noodle.contract "i->" (%f) {semiring = #noodle.semiring<min_max>} : (tensor<4xf32>) -> tensor<f32>
  // CHECK: #noodle.semiring<or_and>
  %6 = noodle.contract "i->" (%b) {semiring = #noodle.semiring<or_and>} : (tensor<4xi1>) -> tensor<i1>
  // CHECK: #noodle.semiring<xor_and>
  %7 = noodle.contract "i->" (%b) {semiring = #noodle.semiring<xor_and>} : (tensor<4xi1>) -> tensor<i1>
  // CHECK: #noodle.semiring<log_plus>
  %8 = noodle.contract "i->" (%f) {semiring = #noodle.semiring<log_plus>} : (tensor<4xf32>) -> tensor<f32>
  // CHECK: #noodle.semiring<@first>
  %9 = noodle.contract "i->" (%i) {semiring = #noodle.semiring<@first>} : (tensor<4xi32>) -> tensor<i32>
  return
}

// CHECK-LABEL: @matmul_ranks
func.func @matmul_ranks(%v: tensor<4xf64>, %m: tensor<3x4xf64>, %b: tensor<1x4x?xf64>, %c: tensor<7x2x?x4xf64>) {
  // CHECK: tensor<4xf64>, tensor<4xf64> -> tensor<f64>
  %0 = noodle.matmul %v, %v : tensor<4xf64>, tensor<4xf64> -> tensor<f64>
  // CHECK: tensor<3x4xf64>, tensor<4xf64> -> tensor<3xf64>
  %1 = noodle.matmul %m, %v : tensor<3x4xf64>, tensor<4xf64> -> tensor<3xf64>
  // CHECK: tensor<4xf64>, tensor<1x4x?xf64> -> tensor<1x?xf64>
  %2 = noodle.matmul %v, %b : tensor<4xf64>, tensor<1x4x?xf64> -> tensor<1x?xf64>
  // CHECK: tensor<7x2x?x4xf64>, tensor<1x4x?xf64> -> tensor<7x2x?x?xf64>
  %3 = noodle.matmul %c, %b : tensor<7x2x?x4xf64>, tensor<1x4x?xf64> -> tensor<7x2x?x?xf64>
  return
}

// CHECK-LABEL: @map_forms
func.func @map_forms(%a: tensor<3x4xf32, #csr>, %r: tensor<1x4xf32>, %k: f64) {
  // CHECK: noodle.map (%{{.*}}) : (tensor<3x4xf32, #[[CSR]]>) -> tensor<3x4xf32, #[[CSR]]> {
  %0 = noodle.map (%a) : (tensor<3x4xf32, #csr>) -> tensor<3x4xf32, #csr> {
  ^bb0(%x: f32):
    %y = math.exp %x : f32
    noodle.yield %y : f32
  }
  // CHECK: noodle.map (%{{.*}}, %{{.*}}) {absent = -1.000000e+00 : f32, over = #noodle.over<all>, strategy = #noodle.strategy<reference>}
  %1 = noodle.map (%a, %r) {over = #noodle.over<all>, absent = -1.0 : f32, strategy = #noodle.strategy<reference>}
    : (tensor<3x4xf32, #csr>, tensor<1x4xf32>) -> tensor<3x4xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.subf %x, %y : f32
    noodle.yield %z : f32
  }
  // CHECK: noodle.map (%{{.*}}) {absent = 7 : i64, over = #noodle.over<stored>}
  %2 = noodle.map (%a) {over = #noodle.over<stored>, absent = 7 : i64} : (tensor<3x4xf32, #csr>) -> tensor<3x4xi64> {
  ^bb0(%x: f32):
    %y = arith.constant 1 : i64
    noodle.yield %y : i64
  }
  // A static result needs no tensor operand, nor any operand.
  // CHECK: noodle.map (%{{.*}}) : (f64) -> tensor<2xf64> {
  %3 = noodle.map (%k) : (f64) -> tensor<2xf64> {
  ^bb0(%x: f64):
    noodle.yield %x : f64
  }
  // CHECK: noodle.map () : () -> tensor<2xi1> {
  %4 = noodle.map () : () -> tensor<2xi1> {
    %x = arith.constant true
    noodle.yield %x : i1
  }
  return
}

// CHECK-LABEL: @movement
func.func @movement(%a: tensor<3x4xf32, #csr>, %x: tensor<3x4xf32>, %i: tensor<5xi32>) {
  // CHECK: noodle.reduce %{{.*}} {absent = 1.000000e+00 : f32, dims = array<i64: 0, 1>} : tensor<3x4xf32, #[[CSR]]> -> tensor<f32>
  %0 = noodle.reduce %a {dims = array<i64: 0, 1>, absent = 1.0 : f32} : tensor<3x4xf32, #csr> -> tensor<f32>
  // CHECK: noodle.transpose %{{.*}} {permutation = array<i64: 1, 0>} : tensor<3x4xf32, #[[CSR]]> -> tensor<4x3xf32, #[[CSC]]>
  %1 = noodle.transpose %a {permutation = array<i64: 1, 0>} : tensor<3x4xf32, #csr> -> tensor<4x3xf32, #csc>
  // CHECK: noodle.concat(%{{.*}}, %{{.*}}) {axis = 1 : i64} : (tensor<3x4xf32, #[[CSR]]>, tensor<3x4xf32, #[[CSR]]>) -> tensor<3x8xf32, #[[CSC]]>
  %2 = noodle.concat (%a, %a) {axis = 1 : i64} : (tensor<3x4xf32, #csr>, tensor<3x4xf32, #csr>) -> tensor<3x8xf32, #csc>
  // CHECK: noodle.gather %{{.*}}[%{{.*}}] {axis = 1 : i64} : tensor<3x4xf32>, tensor<5xi32> -> tensor<3x?xf32>
  %3 = noodle.gather %x[%i] {axis = 1 : i64} : tensor<3x4xf32>, tensor<5xi32> -> tensor<3x?xf32>
  // CHECK: noodle.layer_norm %{{.*}} {epsilon = 0.000000e+00 : f64} : tensor<3x4xf32>
  %4 = noodle.layer_norm %x {epsilon = 0.0 : f64} : tensor<3x4xf32>
  // CHECK: noodle.convert %{{.*}} : tensor<3x4xf32, #[[CSR]]> -> tensor<3x4xi1, #[[CSC]]>
  %5 = noodle.convert %a : tensor<3x4xf32, #csr> -> tensor<3x4xi1, #csc>
  return
}

// CHECK-LABEL: @statistics
// CHECK-SAME: {noodle.stats = #noodle.stats<stored = 5>}
// CHECK-SAME: {noodle.stats = #noodle.stats<extents = [-1, 8]>}
// CHECK-SAME: {noodle.stats = #noodle.stats<>}
func.func @statistics(%a: tensor<?x?xf32, #csr> {noodle.stats = #noodle.stats<stored = 5>},
                      %b: tensor<?x8xf32> {noodle.stats = #noodle.stats<extents = [-1, 8]>},
                      %c: tensor<?x8xf32> {noodle.stats = #noodle.stats<>}) {
  return
}

}
