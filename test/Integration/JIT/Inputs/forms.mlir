#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#coo = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed(nonunique), d1 : singleton(soa)), posWidth = 32, crdWidth = 32}>
#dcsr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed, d1 : compressed), posWidth = 64, crdWidth = 32}>
func.func @main(%a: tensor<?x?xf64, #coo>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) {semiring = #noodle.semiring<min_plus>}
    : (tensor<?x?xf64, #coo>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}
func.func @square(%a: tensor<?x?xf64, #dcsr>, %b: tensor<?x?xf64, #coo>)
    -> (tensor<?x?xf64, #coo>, tensor<?x?xf64, #dcsr>) {
  %y = noodle.matmul %a, %b
    : tensor<?x?xf64, #dcsr>, tensor<?x?xf64, #coo> -> tensor<?x?xf64, #coo>
  %z = noodle.convert %y : tensor<?x?xf64, #coo> -> tensor<?x?xf64, #dcsr>
  return %y, %z : tensor<?x?xf64, #coo>, tensor<?x?xf64, #dcsr>
}
func.func @long(%a: tensor<?x?xi64, #dcsr>) -> tensor<?x?xi64, #dcsr> {
  %y = noodle.transpose %a {permutation = array<i64: 1, 0>}
    : tensor<?x?xi64, #dcsr> -> tensor<?x?xi64, #dcsr>
  return %y : tensor<?x?xi64, #dcsr>
}

#vector = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed), posWidth = 32, crdWidth = 32}>
#vector64 = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed)}>
func.func @push(%x: tensor<?xf64, #vector>, %a: tensor<?x?xf64, #csr>) -> tensor<?xf64, #vector> {
  %y = noodle.contract "i,ij->j" (%x, %a) {semiring = #noodle.semiring<min_plus>}
    : (tensor<?xf64, #vector>, tensor<?x?xf64, #csr>) -> tensor<?xf64, #vector>
  return %y : tensor<?xf64, #vector>
}
func.func @pull(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64, #vector>)
    -> (tensor<?xf64>, tensor<?xf64, #vector>, tensor<f64>) {
  %y = noodle.contract "ij,j->i" (%a, %x)
    : (tensor<?x?xf64, #csr>, tensor<?xf64, #vector>) -> tensor<?xf64>
  %z = noodle.contract "ij,j->i" (%a, %x)
    : (tensor<?x?xf64, #csr>, tensor<?xf64, #vector>) -> tensor<?xf64, #vector>
  %s = noodle.contract "i,i->" (%x, %z)
    : (tensor<?xf64, #vector>, tensor<?xf64, #vector>) -> tensor<f64>
  return %y, %z, %s : tensor<?xf64>, tensor<?xf64, #vector>, tensor<f64>
}
func.func @entries(%x: tensor<?xf64, #vector>, %d: tensor<?xf64>)
    -> (tensor<?xf64>, tensor<?xf64, #vector64>, tensor<?xf64, #vector>, tensor<f64>, tensor<?xf64, #vector>) {
  %e = noodle.convert %x {absent = 7.0 : f64} : tensor<?xf64, #vector> -> tensor<?xf64>
  %w = noodle.convert %d : tensor<?xf64> -> tensor<?xf64, #vector64>
  %m = noodle.merge union (%x, %x, %d) : (tensor<?xf64, #vector>, tensor<?xf64, #vector>, tensor<?xf64>) -> tensor<?xf64, #vector> {
  ^bb0(%a: f64, %b: f64, %c: f64):
    %s = arith.addf %a, %c : f64
    noodle.entry %s : f64
  }
  %r = noodle.reduce %x {dims = array<i64: 0>} : tensor<?xf64, #vector> -> tensor<f64>
  %t = noodle.map (%x, %d) : (tensor<?xf64, #vector>, tensor<?xf64>) -> tensor<?xf64, #vector> {
  ^bb0(%a: f64, %b: f64):
    %s = arith.mulf %a, %b : f64
    noodle.yield %s : f64
  }
  return %e, %w, %m, %r, %t : tensor<?xf64>, tensor<?xf64, #vector64>, tensor<?xf64, #vector>, tensor<f64>, tensor<?xf64, #vector>
}
// Three steps of a search that does not go back to where it began.
func.func @search(%a: tensor<?x?xi32, #csr>, %from: tensor<?xi32, #vector>)
    -> tensor<?xi32, #vector> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %r = scf.for %k = %c0 to %c3 step %c1 iter_args(%f = %from) -> tensor<?xi32, #vector> {
    %y = noodle.contract "i,ij->j" (%f, %a) mask(%from : tensor<?xi32, #vector>) {mask_complement}
      : (tensor<?xi32, #vector>, tensor<?x?xi32, #csr>) -> tensor<?xi32, #vector>
    scf.yield %y : tensor<?xi32, #vector>
  }
  return %r : tensor<?xi32, #vector>
}
