#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @main(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) {semiring = #noodle.semiring<min_plus>}
    : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}
