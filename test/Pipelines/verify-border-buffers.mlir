// RUN: noodle-opt --noodle-verify-border=phase=buffers --split-input-file --verify-diagnostics %s

func.func @assertion(%ok: i1) {
  // expected-error @below {{'cf.assert' must not leave phase 'buffers': failures return a status: use noodle.check}}
  cf.assert %ok, "no"
  return
}

// -----

func.func @tensors() {
  // expected-error @below {{tensors must have become buffers}}
  %t = arith.constant dense<0.0> : tensor<4xf32>
  return
}

// -----

func.func @call(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{dialect 'tensor' is not accepted}}
  %e = tensor.empty() : tensor<4xf32>
  return %e : tensor<4xf32>
}
