#dcsr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed, d1 : compressed)}>
#coo = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed(nonunique), d1 : singleton(soa))}>
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#vec = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed)}>
!d = tensor<?x?xf64, #dcsr>
func.func @same(%a: !d) -> tensor<?x?xf64, #coo> {
  %y = noodle.convert %a : !d -> tensor<?x?xf64, #coo>
  return %y : tensor<?x?xf64, #coo>
}
func.func @csr(%a: !d, %x: tensor<?x?xf64, #csr>) -> !d {
  %y = noodle.matmul %a, %x : !d, tensor<?x?xf64, #csr> -> !d
  return %y : !d
}
func.func @dense(%a: !d, %x: tensor<?x?xf64>) -> !d {
  %y = noodle.contract "ij,jk->ik" (%a, %x) : (!d, tensor<?x?xf64>) -> !d
  return %y : !d
}
func.func @vec(%a: !d, %x: tensor<?xf64>) -> tensor<?xf64, #vec> {
  %y = noodle.contract "ij,j->i" (%a, %x) : (!d, tensor<?xf64>) -> tensor<?xf64, #vec>
  return %y : tensor<?xf64, #vec>
}
func.func @svec(%a: !d, %x: tensor<?xf64, #vec>) -> tensor<?xf64, #vec> {
  %y = noodle.contract "ij,j->i" (%a, %x) : (!d, tensor<?xf64, #vec>) -> tensor<?xf64, #vec>
  return %y : tensor<?xf64, #vec>
}
func.func @push(%a: !d, %x: tensor<?xf64, #vec>) -> tensor<?xf64, #vec> {
  %y = noodle.contract "i,ij->j" (%x, %a) : (tensor<?xf64, #vec>, !d) -> tensor<?xf64, #vec>
  return %y : tensor<?xf64, #vec>
}
func.func @add(%a: !d, %b: !d) -> !d {
  %y = noodle.merge union (%a, %b) : (!d, !d) -> !d {
  ^bb0(%x: f64, %z: f64):
    %m = arith.addf %x, %z : f64
    noodle.entry %m : f64
  }
  return %y : !d
}
func.func @trans(%a: !d) -> !d {
  %y = noodle.transpose %a {permutation = array<i64: 1, 0>} : !d -> !d
  return %y : !d
}
func.func @sums(%a: !d) -> (tensor<f64>, tensor<?xf64>) {
  %y = noodle.reduce %a {dims = array<i64: 0, 1>} : !d -> tensor<f64>
  %z = noodle.reduce %a {dims = array<i64: 0>} : !d -> tensor<?xf64>
  return %y, %z : tensor<f64>, tensor<?xf64>
}
func.func @rows(%a: !d) -> tensor<?xf64> {
  %z = noodle.reduce %a {dims = array<i64: 1>} : !d -> tensor<?xf64>
  return %z : tensor<?xf64>
}
func.func @square(%a: !d) -> !d {
  %l = noodle.select (%a) {part = "lower"} : (!d) -> !d
  %y = noodle.contract "ij,kj->ik" (%a, %l) : (!d, !d) -> !d
  return %y : !d
}
func.func @rowsums(%a: !d) -> tensor<?xf64, #vec> {
  %z = noodle.contract "ij->i" (%a) : (!d) -> tensor<?xf64, #vec>
  return %z : tensor<?xf64, #vec>
}
func.func @minplus(%a: !d, %x: tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #coo> {
  %y = noodle.matmul %a, %x {semiring = #noodle.semiring<min_plus>} : !d, tensor<?x?xf64, #csr> -> tensor<?x?xf64, #coo>
  return %y : tensor<?x?xf64, #coo>
}
