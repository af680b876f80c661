// A layer of the GraphChallenge's sparse deep networks (Kepner et al., HPEC
// 2019): Y' = min(32, Y W - 0.3) where that is positive, at stored places alone.
//
//   noodle-jit examples/graphs/layer.mlir --arg y.mtx --arg w.mtx --out next.mtx
#csr = #sparse_tensor.encoding<{
  map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32
}>

func.func @main(%y: tensor<?x?xf32, #csr>, %w: tensor<?x?xf32, #csr>) -> tensor<?x?xf32, #csr> {
  %product = noodle.matmul %y, %w
      : tensor<?x?xf32, #csr>, tensor<?x?xf32, #csr> -> tensor<?x?xf32, #csr>
  %biased = noodle.map (%product) {over = #noodle.over<stored>}
      : (tensor<?x?xf32, #csr>) -> tensor<?x?xf32, #csr> {
  ^bb0(%v: f32):
    %bias = arith.constant -0.3 : f32
    %most = arith.constant 32.0 : f32
    %s = arith.addf %v, %bias : f32
    %m = arith.minimumf %s, %most : f32
    noodle.yield %m : f32
  }
  %next = noodle.select (%biased) : (tensor<?x?xf32, #csr>) -> tensor<?x?xf32, #csr> {
  ^bb0(%value: f32, %row: i64, %column: i64):
    %zero = arith.constant 0.0 : f32
    %keep = arith.cmpf ogt, %value, %zero : f32
    noodle.keep %keep
  }
  return %next : tensor<?x?xf32, #csr>
}
