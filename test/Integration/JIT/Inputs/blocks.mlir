#bsr = #sparse_tensor.encoding<{map = (i, j) -> (i floordiv 2 : dense, j floordiv 3 : compressed, i mod 2 : dense, j mod 3 : dense), posWidth = 32, crdWidth = 32}>
#wide = #sparse_tensor.encoding<{map = (i, j) -> (i floordiv 12 : dense, j floordiv 10 : compressed, i mod 12 : dense, j mod 10 : dense)}>
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @main(%a: tensor<?x?xf64, #bsr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.matmul %a, %x : tensor<?x?xf64, #bsr>, tensor<?xf64> -> tensor<?xf64>
  return %y : tensor<?xf64>
}
func.func @both(%a: tensor<?x?xf64, #bsr>, %x: tensor<?x?xf64>) -> (tensor<?x?xf64>, tensor<?x?xf64>) {
  %y = noodle.contract "ij,jk->ik" (%a, %x) : (tensor<?x?xf64, #bsr>, tensor<?x?xf64>) -> tensor<?x?xf64>
  %z = noodle.contract "ij,jk->ik" (%a, %x) {semiring = #noodle.semiring<min_plus>} : (tensor<?x?xf64, #bsr>, tensor<?x?xf64>) -> tensor<?x?xf64>
  return %y, %z : tensor<?x?xf64>, tensor<?x?xf64>
}
func.func @large(%a: tensor<?x?xf32, #wide>, %x: tensor<?xf32>, %xs: tensor<?x?xf32>) -> (tensor<?xf32>, tensor<?x?xf32>) {
  %y = noodle.matmul %a, %x : tensor<?x?xf32, #wide>, tensor<?xf32> -> tensor<?xf32>
  %z = noodle.matmul %a, %xs : tensor<?x?xf32, #wide>, tensor<?x?xf32> -> tensor<?x?xf32>
  return %y, %z : tensor<?xf32>, tensor<?x?xf32>
}
func.func @reach(%a: tensor<?x?xi1, #bsr>, %x: tensor<?xi1>) -> tensor<?xi1> {
  %y = noodle.matmul %a, %x {semiring = #noodle.semiring<or_and>} : tensor<?x?xi1, #bsr>, tensor<?xi1> -> tensor<?xi1>
  return %y : tensor<?xi1>
}
func.func @forms(%a: tensor<?x?xf64, #bsr>) -> (tensor<?x?xf64, #csr>, tensor<?x?xf64>, tensor<?x?xf64, #wide>) {
  %y = noodle.convert %a : tensor<?x?xf64, #bsr> -> tensor<?x?xf64, #csr>
  %d = noodle.convert %a : tensor<?x?xf64, #bsr> -> tensor<?x?xf64>
  %w = noodle.convert %a : tensor<?x?xf64, #bsr> -> tensor<?x?xf64, #wide>
  return %y, %d, %w : tensor<?x?xf64, #csr>, tensor<?x?xf64>, tensor<?x?xf64, #wide>
}
func.func @blocks(%a: tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #bsr> {
  %y = noodle.convert %a {absent = 7.5 : f64} : tensor<?x?xf64, #csr> -> tensor<?x?xf64, #bsr>
  return %y : tensor<?x?xf64, #bsr>
}
func.func @same(%a: tensor<?x?xf64, #bsr>, %n: index) -> tensor<?x?xf64, #bsr> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %b = scf.for %i = %zero to %n step %one iter_args(%c = %a) -> tensor<?x?xf64, #bsr> {
    %even = arith.remui %i, %one : index
    %is = arith.cmpi eq, %even, %zero : index
    %d = arith.select %is, %c, %a : tensor<?x?xf64, #bsr>
    scf.yield %d : tensor<?x?xf64, #bsr>
  }
  return %b : tensor<?x?xf64, #bsr>
}
func.func @others(%a: tensor<?x?xf64, #bsr>, %b: tensor<?x?xf64, #bsr>) -> (tensor<?x?xf64, #csr>, tensor<?xf64>, index) {
  %y = noodle.contract "ij,kj->ik" (%a, %b) : (tensor<?x?xf64, #bsr>, tensor<?x?xf64, #bsr>) -> tensor<?x?xf64, #csr>
  %s = noodle.reduce %a {dims = array<i64: 0>, semiring = #noodle.semiring<max_plus>} : tensor<?x?xf64, #bsr> -> tensor<?xf64>
  %c = arith.constant 1 : index
  %d = tensor.dim %a, %c : tensor<?x?xf64, #bsr>
  return %y, %s, %d : tensor<?x?xf64, #csr>, tensor<?xf64>, index
}
noodle.semiring @bottleneck : f64
  traits <associative, commutative, distributive, annihilating, idempotent>
  zero {
    %z = arith.constant 0xFFF0000000000000 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 0x7FF0000000000000 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    %m = arith.maximumf %a, %b : f64
    noodle.yield %m : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    %m = arith.minimumf %a, %b : f64
    noodle.yield %m : f64
  }
func.func @user(%a: tensor<?x?xf64, #bsr>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %y = noodle.contract "ij,j->i" (%a, %x) {semiring = #noodle.semiring<@bottleneck>} : (tensor<?x?xf64, #bsr>, tensor<?xf64>) -> tensor<?xf64>
  return %y : tensor<?xf64>
}
