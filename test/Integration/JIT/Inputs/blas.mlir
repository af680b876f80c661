func.func @main(%a: tensor<37x19xf32>, %b: tensor<19x64xf32>, %x: tensor<19xf32>,
                %c: tensor<8x6x7xf64>, %d: tensor<8x7x5xf64>, %e: tensor<19x37xf32>)
    -> (tensor<37x64xf32>, tensor<64x37xf32>, tensor<8x6x5xf64>, tensor<37xf32>, tensor<64xf32>, tensor<37x64xf32>, tensor<37x37xf32>) {
  %0 = noodle.matmul %a, %b : tensor<37x19xf32>, tensor<19x64xf32> -> tensor<37x64xf32>
  %1 = noodle.contract "ij,jk->ki" (%a, %b) : (tensor<37x19xf32>, tensor<19x64xf32>) -> tensor<64x37xf32>
  %2 = noodle.matmul %c, %d : tensor<8x6x7xf64>, tensor<8x7x5xf64> -> tensor<8x6x5xf64>
  %3 = noodle.matmul %a, %x : tensor<37x19xf32>, tensor<19xf32> -> tensor<37xf32>
  %4 = noodle.matmul %x, %b : tensor<19xf32>, tensor<19x64xf32> -> tensor<64xf32>
  %t = noodle.transpose %b {permutation = array<i64: 1, 0>} : tensor<19x64xf32> -> tensor<64x19xf32>
  %5 = noodle.contract "ji,kj->ik" (%e, %t) : (tensor<19x37xf32>, tensor<64x19xf32>) -> tensor<37x64xf32>
  %6 = noodle.contract "ij,kj->ik" (%a, %a) : (tensor<37x19xf32>, tensor<37x19xf32>) -> tensor<37x37xf32>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<37x64xf32>, tensor<64x37xf32>, tensor<8x6x5xf64>, tensor<37xf32>, tensor<64xf32>, tensor<37x64xf32>, tensor<37x37xf32>
}
