// Markov kernels: matrices of probabilities whose rows add to 1. Copying a wire
// lets two kernels see the same outcome; discarding one sums it away.
//
//   noodle-jit examples/algebra/markov.mlir
//
// Tomorrow's weather (sun, rain) from today's, and whether people carry an
// umbrella (yes, no) from the weather.
!state = !noodle.hom<[] -> [2], f64>
!kernel = !noodle.hom<[2] -> [2], f64>
!copy = !noodle.hom<[2] -> [2, 2], f64>
!pair = !noodle.hom<[2, 2] -> [2, 2], f64>
!joint = !noodle.hom<[] -> [2, 2], f64>
!half = !noodle.hom<[2, 2] -> [2], f64>
!discard = !noodle.hom<[2] -> [], f64>

func.func @main() -> (tensor<2xf64>, tensor<2x2xf64>, tensor<2xf64>) {
  %0 = arith.constant dense<[0.5, 0.5]> : tensor<2xf64>
  %1 = arith.constant dense<[[0.75, 0.25], [0.5, 0.5]]> : tensor<2x2xf64>
  %2 = arith.constant dense<[[0.125, 0.875], [0.75, 0.25]]> : tensor<2x2xf64>
  %today = noodle.from_tensor %0 : tensor<2xf64> -> !state
  %day = noodle.from_tensor %1 : tensor<2x2xf64> -> !kernel
  %carry = noodle.from_tensor %2 : tensor<2x2xf64> -> !kernel

  // The weather after three days.
  %later = noodle.compose %today, %day, %day, %day : (!state, !kernel, !kernel, !kernel) -> !state
  // Weather and umbrellas together: the weather is copied, one copy is kept.
  %copy = noodle.wires copy : !copy
  %keep = noodle.wires id : !kernel
  %see = noodle.tensor %keep, %carry : (!kernel, !kernel) -> !pair
  %joint = noodle.compose %later, %copy, %see : (!state, !copy, !pair) -> !joint
  // Umbrellas alone: the weather is discarded.
  %discard = noodle.wires discard : !discard
  %second = noodle.tensor %discard, %keep : (!discard, !kernel) -> !half
  %umbrellas = noodle.compose %joint, %second : (!joint, !half) -> !state

  %a = noodle.to_tensor %later : !state -> tensor<2xf64>
  %b = noodle.to_tensor %joint : !joint -> tensor<2x2xf64>
  %c = noodle.to_tensor %umbrellas : !state -> tensor<2xf64>
  return %a, %b, %c : tensor<2xf64>, tensor<2x2xf64>, tensor<2xf64>
}
