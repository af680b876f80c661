// Counting: matrices of natural numbers. An entry of a product counts the ways
// through; a trace counts those that close.
//
//   noodle-jit examples/algebra/counting.mlir
//
// An undirected graph of five nodes. Every triangle is a closed walk of three
// steps, from three nodes in two directions, so the trace counts it six times.
// The product of the three matrices is not formed: the trace joins its ends.
!g = !noodle.hom<[5] -> [5], i64>
!one = !noodle.hom<[] -> [], i64>

func.func @main() -> (tensor<5x5xi64>, tensor<i64>) {
  %edges = arith.constant dense<[[0, 1, 1, 0, 0], [1, 0, 1, 1, 0], [1, 1, 0, 1, 0],
                                 [0, 1, 1, 0, 1], [0, 0, 0, 1, 0]]> : tensor<5x5xi64>
  %g = noodle.from_tensor %edges : tensor<5x5xi64> -> !g
  %two = noodle.compose %g, %g : (!g, !g) -> !g
  %walks = noodle.to_tensor %two : !g -> tensor<5x5xi64>

  %three = noodle.compose %g, %g, %g : (!g, !g, !g) -> !g
  %closed = noodle.trace %three : !g -> !one
  %count = noodle.to_tensor %closed : !one -> tensor<i64>
  return %walks, %count : tensor<5x5xi64>, tensor<i64>
}
