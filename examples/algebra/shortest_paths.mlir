// Shortest paths: matrices of lengths over min_plus, whose sum is the shorter
// way and whose product goes one way after the other.
//
//   noodle-jit examples/algebra/shortest_paths.mlir
//
// Four cities; there is no road where the length is infinite. A journey of at
// most three roads goes each time along a road or stays: (1 + road)^3.
!road = !noodle.hom<[4] -> [4], f64, #noodle.semiring<min_plus>>

func.func @main() -> tensor<4x4xf64> {
  %lengths = arith.constant dense<[
    [0x7FF0000000000000, 3.0, 0x7FF0000000000000, 9.0],
    [0x7FF0000000000000, 0x7FF0000000000000, 2.0, 0x7FF0000000000000],
    [1.0, 0x7FF0000000000000, 0x7FF0000000000000, 2.0],
    [0x7FF0000000000000, 0x7FF0000000000000, 0x7FF0000000000000, 0x7FF0000000000000]
  ]> : tensor<4x4xf64>
  %road = noodle.from_tensor %lengths : tensor<4x4xf64> -> !road
  %stay = noodle.wires id : !road
  %step = noodle.add %stay, %road : (!road, !road) -> !road
  %journey = noodle.compose %step, %step, %step : (!road, !road, !road) -> !road
  %d = noodle.to_tensor %journey : !road -> tensor<4x4xf64>
  return %d : tensor<4x4xf64>
}
