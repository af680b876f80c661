#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, d0 : compressed)}>
// What the vendors have routines for, in each of the ways operands can lie.
func.func @main(%a: tensor<37x19xf32>, %b: tensor<19x64xf32>, %s: tensor<50x50xf64, #csr>, %x: tensor<50xf64>, %bt: tensor<8x5x7xf64>, %bu: tensor<8x6x7xf64>, %d: tensor<50x13xf64>, %t: tensor<50x50xf64, #csc>) -> (tensor<37x64xf32>, tensor<50xf64>, tensor<8x5x6xf64>, tensor<50x13xf64>, tensor<64x37xf32>) {
  %y = noodle.matmul %a, %b : tensor<37x19xf32>, tensor<19x64xf32> -> tensor<37x64xf32>
  %z = noodle.matmul %s, %x : tensor<50x50xf64, #csr>, tensor<50xf64> -> tensor<50xf64>
  %w = noodle.contract "bij,bkj->bik" (%bt, %bu) : (tensor<8x5x7xf64>, tensor<8x6x7xf64>) -> tensor<8x5x6xf64>
  %v = noodle.contract "ji,jk->ik" (%t, %d) : (tensor<50x50xf64, #csc>, tensor<50x13xf64>) -> tensor<50x13xf64>
  %u = noodle.contract "ij,jk->ki" (%a, %b) : (tensor<37x19xf32>, tensor<19x64xf32>) -> tensor<64x37xf32>
  return %y, %z, %w, %v, %u : tensor<37x64xf32>, tensor<50xf64>, tensor<8x5x6xf64>, tensor<50x13xf64>, tensor<64x37xf32>
}
