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
