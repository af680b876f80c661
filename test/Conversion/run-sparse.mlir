// Every form that sparse operands are lowered to, executed beside the
// interpreter; --strict refuses an op that has no compiled form.
// REQUIRES: noodle-jit
// DEFINE: %{run} = noodle-jit %s --check --strict
// RUN: %{run} -e spmv --arg %S/Inputs/a34.mtx --arg rand:1:4 | FileCheck %s
// RUN: %{run} -e spmv_columns --arg %S/Inputs/a34.mtx --arg rand:1:4 | FileCheck %s
// RUN: %{run} -e two_sums --arg %S/Inputs/a34.mtx --arg rand:2:3x5 | FileCheck %s
// RUN: %{run} -e diagonal --arg %S/Inputs/c55.mtx | FileCheck %s
// RUN: %{run} -e spgemm --arg %S/Inputs/a34.mtx --arg %S/Inputs/b45.mtx | FileCheck %s --check-prefix=CSR
// RUN: %{run} -e meet --arg %S/Inputs/a34.mtx --arg %S/Inputs/a34.mtx | FileCheck %s --check-prefix=CSR
// RUN: %{run} -e sampled --arg %S/Inputs/a34.mtx --arg rand:3:3x6 --arg rand:4:4x6 | FileCheck %s --check-prefix=CSR
// RUN: %{run} -e masked --arg rand:1:3x5 --arg rand:2:5x4 --arg %S/Inputs/a34.mtx --arg rand:4:3x4 | FileCheck %s
// RUN: %{run} -e map --arg %S/Inputs/a34.mtx --arg 2.5 --arg rand:3:3x1 | FileCheck %s --check-prefix=CSR
// RUN: %{run} -e user --arg %S/Inputs/a34.mtx --arg rand:1:4 | FileCheck %s
// CHECK: tensor<
// CSR: csr tensor<

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>

func.func @spmv(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>, tensor<?xf64>) {
  %p = noodle.matmul %a, %x : tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>
  %m = noodle.matmul %a, %x {semiring = #noodle.semiring<min_plus>} : tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>
  %i = noodle.contract "ij,j->i" (%a, %x) into(%p : tensor<?xf64>) {semiring = #noodle.semiring<max_plus>} : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  return %p, %m, %i : tensor<?xf64>, tensor<?xf64>, tensor<?xf64>
}

func.func @spmv_columns(%a: tensor<?x?xf64, #csc>, %x: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>) {
  %m = noodle.matmul %a, %x {semiring = #noodle.semiring<max_min>} : tensor<?x?xf64, #csc>, tensor<?xf64> -> tensor<?xf64>
  %s = noodle.reduce %a {dims = array<i64: 0>} : tensor<?x?xf64, #csc> -> tensor<?xf64>
  return %m, %s : tensor<?xf64>, tensor<?xf64>
}

func.func @two_sums(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64>) -> (tensor<?xf64>, tensor<?xf64>) {
  %y = noodle.contract "jk,jl->k" (%a, %b) {semiring = #noodle.semiring<min_plus>} : (tensor<?x?xf64, #csr>, tensor<?x?xf64>) -> tensor<?xf64>
  %z = noodle.contract "jk,jl->k" (%a, %b) : (tensor<?x?xf64, #csr>, tensor<?x?xf64>) -> tensor<?xf64>
  return %y, %z : tensor<?xf64>, tensor<?xf64>
}

func.func @diagonal(%a: tensor<?x?xf64, #csc>) -> (tensor<?xf64>, tensor<f64>) {
  %y = noodle.contract "ii->i" (%a) {semiring = #noodle.semiring<min_plus>} : (tensor<?x?xf64, #csc>) -> tensor<?xf64>
  %t = noodle.contract "ii->" (%a) : (tensor<?x?xf64, #csc>) -> tensor<f64>
  return %y, %t : tensor<?xf64>, tensor<f64>
}

func.func @spgemm(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csc>) -> (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csc>) {
  %y = noodle.matmul %a, %b : tensor<?x?xf64, #csr>, tensor<?x?xf64, #csc> -> tensor<?x?xf64, #csr>
  %z = noodle.matmul %a, %b {semiring = #noodle.semiring<min_plus>} : tensor<?x?xf64, #csr>, tensor<?x?xf64, #csc> -> tensor<?x?xf64, #csc>
  return %y, %z : tensor<?x?xf64, #csr>, tensor<?x?xf64, #csc>
}

func.func @meet(%a: tensor<?x?xf64, #csr>, %b: tensor<?x?xf64, #csc>) -> tensor<?x?xf64, #csr> {
  %y = noodle.contract "ij,ij->ij" (%a, %b) : (tensor<?x?xf64, #csr>, tensor<?x?xf64, #csc>) -> tensor<?x?xf64, #csr>
  return %y : tensor<?x?xf64, #csr>
}

func.func @sampled(%a: tensor<?x?xf64, #csr>, %u: tensor<?x?xf64>, %v: tensor<?x?xf64>) -> tensor<?x?xf64, #csr> {
  %y = noodle.contract "ij,ik,jk->ij" (%a, %u, %v) : (tensor<?x?xf64, #csr>, tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64, #csr>
  return %y : tensor<?x?xf64, #csr>
}

func.func @masked(%a: tensor<?x?xf64>, %b: tensor<?x?xf64>, %m: tensor<?x?xf64, #csr>, %i: tensor<?x?xf64>) -> (tensor<?x?xf64>, tensor<?x?xf64>) {
  %y = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : tensor<?x?xf64, #csr>) into(%i : tensor<?x?xf64>) : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
  %z = noodle.contract "ij,jk->ik" (%a, %b) mask(%m : tensor<?x?xf64, #csr>) {mask_complement, mask_valued, semiring = #noodle.semiring<max_plus>} : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
  return %y, %z : tensor<?x?xf64>, tensor<?x?xf64>
}

func.func @map(%a: tensor<?x?xf64, #csr>, %k: f64, %d: tensor<?x1xf64>) -> (tensor<?x?xf64, #csr>, tensor<?x?xf64>, tensor<?x?xf64, #csr>, tensor<?x?xi32, #csr>, tensor<?x?xf64>) {
  %t = noodle.map (%a, %k, %d) : (tensor<?x?xf64, #csr>, f64, tensor<?x1xf64>) -> tensor<?x?xf64, #csr> {
  ^bb0(%x: f64, %y: f64, %w: f64):
    %m = arith.mulf %x, %y : f64
    %n = arith.addf %m, %w : f64
    noodle.yield %n : f64
  }
  %u = noodle.convert %t {absent = 1.0 : f64} : tensor<?x?xf64, #csr> -> tensor<?x?xf64>
  %s = noodle.transpose %t {permutation = array<i64: 1, 0>} : tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csr>
  %i = noodle.convert %t : tensor<?x?xf64, #csr> -> tensor<?x?xi32, #csr>
  %v = noodle.map (%a, %k, %d) {absent = 2.0 : f64} : (tensor<?x?xf64, #csr>, f64, tensor<?x1xf64>) -> tensor<?x?xf64> {
  ^bb0(%x: f64, %y: f64, %w: f64):
    %m = arith.mulf %x, %y : f64
    %n = arith.addf %m, %w : f64
    noodle.yield %n : f64
  }
  return %t, %u, %s, %i, %v : tensor<?x?xf64, #csr>, tensor<?x?xf64>, tensor<?x?xf64, #csr>, tensor<?x?xi32, #csr>, tensor<?x?xf64>
}

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
func.func @user(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> (tensor<?xf64>, tensor<?xf64>, tensor<f64>) {
  %y = noodle.matmul %a, %x {semiring = #noodle.semiring<@bottleneck>} : tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>
  %z = noodle.contract "ij,k->i" (%a, %x) {semiring = #noodle.semiring<@bottleneck>} : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  %s = noodle.reduce %x {dims = array<i64: 0>, semiring = #noodle.semiring<@bottleneck>} : tensor<?xf64> -> tensor<f64>
  return %y, %z, %s : tensor<?xf64>, tensor<?xf64>, tensor<f64>
}
