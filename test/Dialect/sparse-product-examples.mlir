// The example of noodle.sparse_product, and what its verifier refuses.
// RUN: noodle-opt %s --split-input-file --verify-diagnostics | noodle-opt --split-input-file --verify-diagnostics | FileCheck %s

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>

// CHECK-LABEL: func.func @triangles
// CHECK: noodle.sparse_product(%{{.*}}, %{{.*}}) mask(%{{.*}} : tensor<?x?xi64, #{{.*}}>) from(%{{.*}} : i64) {scaled} mul {
func.func @triangles(%l: tensor<?x?xi64, #csr>) -> tensor<i64> {
  %zero = arith.constant 0 : i64
    %n = noodle.sparse_product (%l, %l) mask(%l : tensor<?x?xi64, #csr>)
      from(%zero : i64) {scaled} mul {
    ^bb0(%x: i64, %y: i64):
      %p = arith.muli %x, %y : i64
      noodle.product_yield %p : i64
    } add {
    ^bb0(%x: i64, %y: i64):
      %s = arith.addi %x, %y : i64
      noodle.product_yield %s : i64
    } finish {
    ^bb0(%p: i64, %z: i64):
      %t = arith.muli %p, %z : i64
      noodle.product_yield %t : i64
    } : (tensor<?x?xi64, #csr>, tensor<?x?xi64, #csr>) -> tensor<i64>
  return %n : tensor<i64>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @mixed(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64>, %m: tensor<?x?xf64, #csr>, %zero: f64) -> tensor<?x?xf64, #csr> {
  // expected-error@+1 {{multiplies two CSR matrices, or two dense ones}}
  %n = noodle.sparse_product (%a, %b) from(%zero : f64) mul {
  ^bb0(%x: f64, %y: f64):
    %p = arith.mulf %x, %y : f64
    noodle.product_yield %p : f64
  } add {
  ^bb0(%x: f64, %y: f64):
    %s = arith.addf %x, %y : f64
    noodle.product_yield %s : f64
  } finish {
  ^bb0(%p: f64):
    noodle.product_yield %p : f64
  } : (tensor<?x?xf64, #csr>, tensor<?x?xf64>) -> tensor<?x?xf64, #csr>
  return %n : tensor<?x?xf64, #csr>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @nowhere(%a: tensor<?x?xf64>, %b: tensor<?x?xf64>, %m: tensor<?x?xf64, #csr>, %zero: f64) -> tensor<?x?xf64, #csr> {
  // expected-error@+1 {{needs a mask}}
  %n = noodle.sparse_product (%a, %b) from(%zero : f64) mul {
  ^bb0(%x: f64, %y: f64):
    %p = arith.mulf %x, %y : f64
    noodle.product_yield %p : f64
  } add {
  ^bb0(%x: f64, %y: f64):
    %s = arith.addf %x, %y : f64
    noodle.product_yield %s : f64
  } finish {
  ^bb0(%p: f64):
    noodle.product_yield %p : f64
  } : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64, #csr>
  return %n : tensor<?x?xf64, #csr>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @absent(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csr>, %m: tensor<?x?xf64, #csr>, %zero: f64) -> tensor<?x?xf64, #csr> {
  // expected-error@+1 {{what the mask lacks has no entry to scale by}}
  %n = noodle.sparse_product (%a, %b) mask(%m : tensor<?x?xf64, #csr>) from(%zero : f64) {complement, scaled} mul {
  ^bb0(%x: f64, %y: f64):
    %p = arith.mulf %x, %y : f64
    noodle.product_yield %p : f64
  } add {
  ^bb0(%x: f64, %y: f64):
    %s = arith.addf %x, %y : f64
    noodle.product_yield %s : f64
  } finish {
  ^bb0(%p: f64, %q: f64):
    noodle.product_yield %p : f64
  } : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr>
  return %n : tensor<?x?xf64, #csr>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @pattern(%a: tensor<?x?xf64>, %b: tensor<?x?xf64>, %m: tensor<?x?xf64, #csr>, %zero: f64) -> tensor<?x?xf64, #csr> {
  // expected-error@+1 {{takes the pattern of dense operands' mask as it is}}
  %n = noodle.sparse_product (%a, %b) mask(%m : tensor<?x?xf64, #csr>) from(%zero : f64) {valued} mul {
  ^bb0(%x: f64, %y: f64):
    %p = arith.mulf %x, %y : f64
    noodle.product_yield %p : f64
  } add {
  ^bb0(%x: f64, %y: f64):
    %s = arith.addf %x, %y : f64
    noodle.product_yield %s : f64
  } finish {
  ^bb0(%p: f64):
    noodle.product_yield %p : f64
  } : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64, #csr>
  return %n : tensor<?x?xf64, #csr>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @total(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csr>, %m: tensor<?x?xf64, #csr>, %zero: f64) -> tensor<?xf64> {
  // expected-error@+1 {{returns a CSR matrix, or of CSR matrices under a mask the sums of its rows or of all}}
  %n = noodle.sparse_product (%a, %b) from(%zero : f64) mul {
  ^bb0(%x: f64, %y: f64):
    %p = arith.mulf %x, %y : f64
    noodle.product_yield %p : f64
  } add {
  ^bb0(%x: f64, %y: f64):
    %s = arith.addf %x, %y : f64
    noodle.product_yield %s : f64
  } finish {
  ^bb0(%p: f64):
    noodle.product_yield %p : f64
  } : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<?xf64>
  return %n : tensor<?xf64>
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @body(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csr>, %m: tensor<?x?xf64, #csr>, %zero: f64) -> tensor<?x?xf64, #csr> {
  // expected-error@+1 {{finish must take ('f64', 'f64') and yield 'f64'}}
  %n = noodle.sparse_product (%a, %b) mask(%m : tensor<?x?xf64, #csr>) from(%zero : f64) {scaled} mul {
  ^bb0(%x: f64, %y: f64):
    %p = arith.mulf %x, %y : f64
    noodle.product_yield %p : f64
  } add {
  ^bb0(%x: f64, %y: f64):
    %s = arith.addf %x, %y : f64
    noodle.product_yield %s : f64
  } finish {
  ^bb0(%p: f64):
    noodle.product_yield %p : f64
  } : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csr>
  return %n : tensor<?x?xf64, #csr>
}
