// Quantum circuits: matrices of complex numbers between qubits, wires of
// extent 2. The Kronecker product of gates is never formed.
//
//   noodle-jit examples/algebra/circuits.mlir
//
// A Bell pair: Hadamard on the first qubit, then a controlled not, which copies
// the control and adds it, modulo 2, to the target.
!state = !noodle.hom<[] -> [2, 2], complex<f64>>
!gate = !noodle.hom<[2] -> [2], complex<f64>>
!two = !noodle.hom<[2, 2] -> [2, 2], complex<f64>>
!copy = !noodle.hom<[2] -> [2, 2], complex<f64>>
!copy1 = !noodle.hom<[2, 2] -> [2, 2, 2], complex<f64>>
!xor = !noodle.hom<[2, 2] -> [2], complex<f64>>
!xor1 = !noodle.hom<[2, 2, 2] -> [2, 2], complex<f64>>
!number = !noodle.hom<[] -> [], complex<f64>>
!effect = !noodle.hom<[2, 2] -> [], complex<f64>>

func.func @main() -> (tensor<2x2xcomplex<f64>>, tensor<complex<f64>>) {
  %0 = arith.constant dense<[[(1.0, 0.0), (0.0, 0.0)], [(0.0, 0.0), (0.0, 0.0)]]> : tensor<2x2xcomplex<f64>>
  %1 = arith.constant dense<[[(0.70710678118654757, 0.0), (0.70710678118654757, 0.0)],
                             [(0.70710678118654757, 0.0), (-0.70710678118654757, 0.0)]]> : tensor<2x2xcomplex<f64>>
  %2 = arith.constant dense<[[[(1.0, 0.0), (0.0, 0.0)], [(0.0, 0.0), (1.0, 0.0)]],
                             [[(0.0, 0.0), (1.0, 0.0)], [(1.0, 0.0), (0.0, 0.0)]]]> : tensor<2x2x2xcomplex<f64>>
  %zero = noodle.from_tensor %0 : tensor<2x2xcomplex<f64>> -> !state
  %h = noodle.from_tensor %1 : tensor<2x2xcomplex<f64>> -> !gate
  %xor = noodle.from_tensor %2 : tensor<2x2x2xcomplex<f64>> -> !xor

  %i = noodle.wires id : !gate
  %copy = noodle.wires copy : !copy
  %hi = noodle.tensor %h, %i : (!gate, !gate) -> !two
  %copied = noodle.tensor %copy, %i : (!copy, !gate) -> !copy1
  %added = noodle.tensor %i, %xor : (!gate, !xor) -> !xor1
  %bell = noodle.compose %zero, %hi, %copied, %added : (!state, !two, !copy1, !xor1) -> !state

  // Its length: the state and its conjugate.
  %dual = noodle.dagger %bell {conjugate} : !state -> !effect
  %norm = noodle.compose %bell, %dual : (!state, !effect) -> !number

  %a = noodle.to_tensor %bell : !state -> tensor<2x2xcomplex<f64>>
  %b = noodle.to_tensor %norm : !number -> tensor<complex<f64>>
  return %a, %b : tensor<2x2xcomplex<f64>>, tensor<complex<f64>>
}
