// Stars and inverses: a* is 1 + a + a;a + ..., and the inverse undoes.
//
//   noodle-jit examples/algebra/closures.mlir -e from_one
//   noodle-jit examples/algebra/closures.mlir -e visits
//
// Shortest paths from one of five cities: a row vector that has the length 0 at
// the city, then the star of the roads. The star itself is not formed.
!road = !noodle.hom<[5] -> [5], f64, #noodle.semiring<min_plus>>
!start = !noodle.hom<[] -> [5], f64, #noodle.semiring<min_plus>>

func.func @from_one() -> tensor<5xf64> {
  %lengths = arith.constant dense<[
    [0x7FF0000000000000, 3.0, 0x7FF0000000000000, 9.0, 0x7FF0000000000000],
    [0x7FF0000000000000, 0x7FF0000000000000, 2.0, 0x7FF0000000000000, 0x7FF0000000000000],
    [1.0, 0x7FF0000000000000, 0x7FF0000000000000, 2.0, 0x7FF0000000000000],
    [0x7FF0000000000000, 0x7FF0000000000000, 0x7FF0000000000000, 0x7FF0000000000000, 0x7FF0000000000000],
    [4.0, 0x7FF0000000000000, 0x7FF0000000000000, 0x7FF0000000000000, 0x7FF0000000000000]
  ]> : tensor<5x5xf64>
  %city = arith.constant dense<[0x7FF0000000000000, 0.0, 0x7FF0000000000000, 0x7FF0000000000000, 0x7FF0000000000000]> : tensor<5xf64>
  %road = noodle.from_tensor %lengths : tensor<5x5xf64> -> !road
  %start = noodle.from_tensor %city : tensor<5xf64> -> !start
  %ways = noodle.star %road : !road
  %nearest = noodle.compose %start, %ways : (!start, !road) -> !start
  %d = noodle.to_tensor %nearest : !start -> tensor<5xf64>
  return %d : tensor<5xf64>
}

// How often a walk that ends somewhen visits each of three rooms: the inverse of
// 1 - p, where p are the probabilities to go on. Composed, it is the solution of
// linear equations.
!p = !noodle.hom<[3] -> [3], f64>
!state = !noodle.hom<[] -> [3], f64>

func.func @visits() -> tensor<3xf64> {
  %0 = arith.constant dense<[[1.0, -0.5, -0.25], [-0.25, 1.0, -0.5], [0.0, -0.5, 1.0]]> : tensor<3x3xf64>
  %1 = arith.constant dense<[1.0, 0.0, 0.0]> : tensor<3xf64>
  %leaves = noodle.from_tensor %0 : tensor<3x3xf64> -> !p
  %begin = noodle.from_tensor %1 : tensor<3xf64> -> !state
  %undo = noodle.inverse %leaves : !p -> !p
  %visits = noodle.compose %begin, %undo : (!state, !p) -> !state
  %v = noodle.to_tensor %visits : !state -> tensor<3xf64>
  return %v : tensor<3xf64>
}
