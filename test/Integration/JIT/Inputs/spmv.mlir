#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @main(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) {semiring = #noodle.semiring<min_plus>}
    : (tensor<?x?xf64, #csr>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}
func.func @twice(%x: tensor<4xf32>, %k: f32) -> (tensor<4xf32>, f32) {
  %y = noodle.map (%x, %k) : (tensor<4xf32>, f32) -> tensor<4xf32> {
  ^bb0(%a: f32, %b: f32):
    %m = arith.mulf %a, %b : f32
    noodle.yield %m : f32
  }
  return %y, %k : tensor<4xf32>, f32
}
// Integer division may fail, so the interpreter executes it.
func.func @divide(%x: tensor<?xi64>, %d: i64) -> tensor<?xi64> {
  %y = noodle.map (%x, %d) : (tensor<?xi64>, i64) -> tensor<?xi64> {
  ^bb0(%a: i64, %b: i64):
    %m = arith.divsi %a, %b : i64
    noodle.yield %m : i64
  }
  return %y : tensor<?xi64>
}
func.func @forever(%a: i64) -> i64 {
  %c1 = arith.constant 1 : i64
  %t = arith.constant true
  %r = scf.while (%i = %a) : (i64) -> i64 {
    scf.condition(%t) %i : i64
  } do {
  ^bb0(%i: i64):
    %n = arith.addi %i, %c1 : i64
    scf.yield %n : i64
  }
  return %r : i64
}
