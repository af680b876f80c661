func.func @tiled(%a: tensor<17x25001xf32>, %b: tensor<25001x13xf32>, %d: tensor<1x13xf32>) -> tensor<17x13xf32> {
  %c = noodle.matmul %a, %b : tensor<17x25001xf32>, tensor<25001x13xf32> -> tensor<17x13xf32>
  %y = noodle.map (%c, %d) : (tensor<17x13xf32>, tensor<1x13xf32>) -> tensor<17x13xf32> {
  ^bb0(%x: f32, %e: f32):
    %s = arith.addf %x, %e : f32
    noodle.yield %s : f32
  }
  return %y : tensor<17x13xf32>
}

func.func @dot(%a: tensor<1600003xf32>, %b: tensor<1600003xf32>) -> tensor<f32> {
  %c = noodle.contract "k,k->" (%a, %b) : (tensor<1600003xf32>, tensor<1600003xf32>) -> tensor<f32>
  return %c : tensor<f32>
}

func.func @row(%a: tensor<90001xf64>, %b: tensor<90001x19xf64>) -> tensor<19xf64> {
  %c = noodle.contract "k,kn->n" (%a, %b) : (tensor<90001xf64>, tensor<90001x19xf64>) -> tensor<19xf64>
  return %c : tensor<19xf64>
}

func.func @least(%a: tensor<40001x9xf32>, %b: tensor<10x40001xf32>) -> tensor<9x10xf32> {
  %c = noodle.contract "ki,jk->ij" (%a, %b) {semiring = #noodle.semiring<min_plus>} : (tensor<40001x9xf32>, tensor<10x40001xf32>) -> tensor<9x10xf32>
  return %c : tensor<9x10xf32>
}

func.func @bytes(%a: tensor<16x40000xi8>, %b: tensor<40000x16xi8>) -> tensor<16x16xi32> {
  %c = noodle.matmul %a, %b : tensor<16x40000xi8>, tensor<40000x16xi8> -> tensor<16x16xi32>
  return %c : tensor<16x16xi32>
}
