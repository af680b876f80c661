// RUN: noodle-opt %s | noodle-opt | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>

// CHECK-LABEL: @narrow
func.func @narrow(%a: tensor<4x5xf16>, %b: tensor<5x6xf16>, %c: tensor<4x5xbf16>, %d: tensor<5xbf16>) -> (tensor<4x6xf16>, tensor<4x6xf32>, tensor<4xbf16>, tensor<4xf64>) {
  // CHECK: noodle.matmul %{{.*}} : tensor<4x5xf16>, tensor<5x6xf16> -> tensor<4x6xf16>
  %0 = noodle.matmul %a, %b : tensor<4x5xf16>, tensor<5x6xf16> -> tensor<4x6xf16>
  // CHECK: noodle.matmul %{{.*}} : tensor<4x5xf16>, tensor<5x6xf16> -> tensor<4x6xf32>
  %1 = noodle.matmul %a, %b : tensor<4x5xf16>, tensor<5x6xf16> -> tensor<4x6xf32>
  // CHECK: {accumulator = bf16, semiring = #noodle.semiring<max_plus>}
  %2 = noodle.contract "ij,j->i" (%c, %d) {accumulator = bf16, semiring = #noodle.semiring<max_plus>} : (tensor<4x5xbf16>, tensor<5xbf16>) -> tensor<4xbf16>
  %3 = noodle.contract "ij,j->i" (%c, %d) {accumulator = f64} : (tensor<4x5xbf16>, tensor<5xbf16>) -> tensor<4xf64>
  return %0, %1, %2, %3 : tensor<4x6xf16>, tensor<4x6xf32>, tensor<4xbf16>, tensor<4xf64>
}

// CHECK-LABEL: @bytes
func.func @bytes(%a: tensor<4x5xi8>, %b: tensor<5x6xi8>) -> (tensor<4x6xi8>, tensor<4x6xi32>, tensor<4x6xi8>) {
  %0 = noodle.matmul %a, %b : tensor<4x5xi8>, tensor<5x6xi8> -> tensor<4x6xi8>
  // CHECK: noodle.matmul %{{.*}} : tensor<4x5xi8>, tensor<5x6xi8> -> tensor<4x6xi32>
  %1 = noodle.matmul %a, %b : tensor<4x5xi8>, tensor<5x6xi8> -> tensor<4x6xi32>
  %2 = noodle.matmul %a, %b {semiring = #noodle.semiring<min_plus>} : tensor<4x5xi8>, tensor<5x6xi8> -> tensor<4x6xi8>
  return %0, %1, %2 : tensor<4x6xi8>, tensor<4x6xi32>, tensor<4x6xi8>
}

// CHECK-LABEL: @complex
func.func @complex(%a: tensor<?x?xcomplex<f64>, #csr>, %x: tensor<?xcomplex<f64>>, %r: tensor<?xf32>) -> (tensor<?xcomplex<f64>>, tensor<?x?xf64>, tensor<?xcomplex<f32>>) {
  %0 = noodle.matmul %a, %x : tensor<?x?xcomplex<f64>, #csr>, tensor<?xcomplex<f64>> -> tensor<?xcomplex<f64>>
  // CHECK: complex.conj
  // CHECK: complex.abs
  %1 = noodle.map (%a) {absent = 1.0 : f64, over = #noodle.over<stored>} : (tensor<?x?xcomplex<f64>, #csr>) -> tensor<?x?xf64> {
  ^bb0(%z: complex<f64>):
    %c = complex.conj %z : complex<f64>
    %m = complex.abs %c : complex<f64>
    noodle.yield %m : f64
  }
  // CHECK: noodle.convert %{{.*}} : tensor<?xf32> -> tensor<?xcomplex<f32>>
  %2 = noodle.convert %r : tensor<?xf32> -> tensor<?xcomplex<f32>>
  return %0, %1, %2 : tensor<?xcomplex<f64>>, tensor<?x?xf64>, tensor<?xcomplex<f32>>
}

// CHECK-LABEL: noodle.semiring @bytes_semiring : i8
noodle.semiring @bytes_semiring : i8
  traits <associative, commutative>
  zero {
    %z = arith.constant -128 : i8
    noodle.yield %z : i8
  } one {
    %o = arith.constant 127 : i8
    noodle.yield %o : i8
  } add {
  ^bb0(%a: i8, %b: i8):
    %m = arith.maxsi %a, %b : i8
    noodle.yield %m : i8
  } mul {
  ^bb0(%a: i8, %b: i8):
    %m = arith.minsi %a, %b : i8
    noodle.yield %m : i8
  }

// A user's semiring has one type, so the default accumulator is the operands'.
// CHECK-LABEL: @user
func.func @user(%a: tensor<4x5xi8>, %b: tensor<5xi8>) -> tensor<4xi8> {
  %0 = noodle.matmul %a, %b {semiring = #noodle.semiring<@bytes_semiring>} : tensor<4x5xi8>, tensor<5xi8> -> tensor<4xi8>
  return %0 : tensor<4xi8>
}
