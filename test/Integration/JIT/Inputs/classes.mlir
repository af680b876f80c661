func.func @tiny(%a: tensor<16x16xf32>, %b: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %c = noodle.matmul %a, %b : tensor<16x16xf32>, tensor<16x16xf32> -> tensor<16x16xf32>
  return %c : tensor<16x16xf32>
}
func.func @unpacked(%a: tensor<100x100xf32>, %b: tensor<100x100xf32>) -> tensor<100x100xf32> {
  %c = noodle.matmul %a, %b : tensor<100x100xf32>, tensor<100x100xf32> -> tensor<100x100xf32>
  return %c : tensor<100x100xf32>
}
func.func @packed(%a: tensor<100x100xf32>, %b: tensor<100x100xf32>) -> tensor<100x100xf32> {
  %c = noodle.contract "ik,jk->ij" (%a, %b) : (tensor<100x100xf32>, tensor<100x100xf32>) -> tensor<100x100xf32>
  return %c : tensor<100x100xf32>
}
func.func @row(%a: tensor<100xf32>, %b: tensor<100x100xf32>) -> tensor<100xf32> {
  %c = noodle.matmul %a, %b : tensor<100xf32>, tensor<100x100xf32> -> tensor<100xf32>
  return %c : tensor<100xf32>
}
func.func @dot(%a: tensor<100x100xf32>, %b: tensor<100xf32>) -> tensor<100xf32> {
  %c = noodle.matmul %a, %b : tensor<100x100xf32>, tensor<100xf32> -> tensor<100xf32>
  return %c : tensor<100xf32>
}
func.func @tropical(%a: tensor<100x100xf32>, %b: tensor<100x100xf32>) -> tensor<100x100xf32> {
  %c = noodle.matmul %a, %b {semiring = #noodle.semiring<min_plus>} : tensor<100x100xf32>, tensor<100x100xf32> -> tensor<100x100xf32>
  return %c : tensor<100x100xf32>
}
func.func @both(%a: tensor<1100x1100xf32>, %b: tensor<1100x1100xf32>) -> tensor<1100x1100xf32> {
  %c = noodle.contract "ki,jk->ij" (%a, %b) : (tensor<1100x1100xf32>, tensor<1100x1100xf32>) -> tensor<1100x1100xf32>
  return %c : tensor<1100x1100xf32>
}
