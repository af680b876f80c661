// REQUIRES: fake-cuda
// RUN: %fake_cuda noodle-jit-emulated %s --target cuda --strict --check --arg rand:3 --arg rand:4 --explain 2>&1 | FileCheck %s
// RUN: %fake_cuda noodle-jit-emulated %s --target auto --strict --check --arg rand:3 --arg rand:4 --explain 2>&1 | FileCheck %s --check-prefix=AUTO
// RUN: env NOODLE_FAKE_CUDA=fail=40,code=719 %fake_cuda noodle-jit-emulated %s --target cuda --check --arg rand:3 --arg rand:4
// RUN: env NOODLE_FAKE_CUDA=fail=90,code=719 %fake_cuda noodle-jit-emulated %s --target cuda --check --arg rand:3 --arg rand:4
// RUN: env NOODLE_FAKE_CUDA=fail=140,code=719 %fake_cuda noodle-jit-emulated %s --target cuda --check --arg rand:3 --arg rand:4
// RUN: env NOODLE_FAKE_CUDA=fail=190,code=719 %fake_cuda noodle-jit-emulated %s --target cuda --check --arg rand:3 --arg rand:4
// RUN: env NOODLE_FAKE_CUDA=fail=240,code=719 %fake_cuda noodle-jit-emulated %s --target cuda --check --arg rand:3 --arg rand:4

// Host and device take turns over the same tensors: an element written by the
// host, sparse tensors made in a loop, slices in and out, a branch, a function
// that launches, a sum that decides. The interpreter agrees, also where the device
// dies at some call of its driver.

// CHECK: 0 fallbacks
// CHECK: 100 % of the program's operations ran on the device
// AUTO: 0 % of the program's operations ran on the device
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func private @step(%a: tensor<?x?xf64, #csr>, %x: tensor<?x16xf64>) -> tensor<?x16xf64> {
  %y = noodle.contract "ij,jk->ik" (%a, %x) : (tensor<?x?xf64, #csr>, tensor<?x16xf64>) -> tensor<?x16xf64>
  %z = noodle.map (%y, %x) : (tensor<?x16xf64>, tensor<?x16xf64>) -> tensor<?x16xf64> {
  ^bb0(%p: f64, %q: f64):
    %c = arith.constant 0.1 : f64
    %t = arith.mulf %p, %c : f64
    %u = math.tanh %t : f64
    %w = arith.addf %u, %q : f64
    noodle.yield %w : f64
  }
  return %z : tensor<?x16xf64>
}
func.func private @mixed(%d: tensor<?x?xf64>, %x: tensor<?x16xf64>) -> (tensor<?x16xf64>, tensor<?x?xf64>, f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f64
  %n = tensor.dim %d, %c0 : tensor<?x?xf64>
  %big, %xs, %sum = scf.for %i = %c0 to %c5 step %c1 iter_args(%m = %d, %v = %x, %s = %zero) -> (tensor<?x?xf64>, tensor<?x16xf64>, f64) {
    // host writes into what the device made
    %m1 = tensor.insert %s into %m[%i, %i] : tensor<?x?xf64>
    %scaled = noodle.map (%m1, %m1) : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64> {
    ^bb0(%p: f64, %q: f64):
      %h = arith.constant 0.75 : f64
      %t = arith.mulf %p, %h : f64
      %u = arith.constant 0.3 : f64
      %k = arith.cmpf ogt, %t, %u : f64
      %z = arith.constant 0.0 : f64
      %w = arith.select %k, %t, %z : f64
      noodle.yield %w : f64
    }
    // sparse from the device's tensor, in the loop
    %a = noodle.convert %scaled : tensor<?x?xf64> -> tensor<?x?xf64, #csr>
    %v1 = func.call @step(%a, %v) : (tensor<?x?xf64, #csr>, tensor<?x16xf64>) -> tensor<?x16xf64>
    // a slice in, a slice out
    %sl = tensor.extract_slice %v1[0, 4] [%n, 8] [1, 1] : tensor<?x16xf64> to tensor<?x8xf64>
    %neg = noodle.map (%sl) : (tensor<?x8xf64>) -> tensor<?x8xf64> {
    ^bb0(%p: f64):
      %t = arith.negf %p : f64
      noodle.yield %t : f64
    }
    %v2 = tensor.insert_slice %neg into %v1[0, 4] [%n, 8] [1, 1] : tensor<?x8xf64> into tensor<?x16xf64>
    %odd = arith.remui %i, %c3 : index
    %is = arith.cmpi eq, %odd, %c1 : index
    %v3 = scf.if %is -> tensor<?x16xf64> {
      %l = noodle.layer_norm %v2 {epsilon = 1.0e-5 : f64} : tensor<?x16xf64>
      scf.yield %l : tensor<?x16xf64>
    } else {
      scf.yield %v2 : tensor<?x16xf64>
    }
    %tot = noodle.reduce %v3 {dims = array<i64: 0, 1>} : tensor<?x16xf64> -> tensor<f64>
    %e = tensor.extract %tot[] : tensor<f64>
    %s1 = arith.addf %s, %e : f64
    %prod = noodle.contract "ij,jk->ik" (%scaled, %m) : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
    %tr = noodle.transpose %prod {permutation = array<i64: 1, 0>} : tensor<?x?xf64> -> tensor<?x?xf64>
    %nrm = noodle.map (%tr, %s1, %m1) : (tensor<?x?xf64>, f64, tensor<?x?xf64>) -> tensor<?x?xf64> {
    ^bb0(%p: f64, %q: f64, %r: f64):
      %h = arith.constant 0.05 : f64
      %t = arith.mulf %p, %h : f64
      %u = arith.mulf %q, %h : f64
      %w = arith.addf %t, %u : f64
      %y = math.absf %w : f64
      %z = math.tanh %y : f64
      %z1 = arith.addf %z, %r : f64
      noodle.yield %z1 : f64
    }
    scf.yield %nrm, %v3, %s1 : tensor<?x?xf64>, tensor<?x16xf64>, f64
  }
  %fin = noodle.contract "ij,jk->ik" (%big, %xs) : (tensor<?x?xf64>, tensor<?x16xf64>) -> tensor<?x16xf64>
  return %fin, %big, %sum : tensor<?x16xf64>, tensor<?x?xf64>, f64
}
func.func @main(%d: tensor<37x37xf64>, %x: tensor<37x16xf64>) -> (tensor<?x16xf64>, tensor<?x?xf64>, f64) {
  %e = tensor.cast %d : tensor<37x37xf64> to tensor<?x?xf64>
  %y = tensor.cast %x : tensor<37x16xf64> to tensor<?x16xf64>
  %a, %b, %c = func.call @mixed(%e, %y) : (tensor<?x?xf64>, tensor<?x16xf64>) -> (tensor<?x16xf64>, tensor<?x?xf64>, f64)
  return %a, %b, %c : tensor<?x16xf64>, tensor<?x?xf64>, f64
}
