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

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @fused_contract(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>) {
  // expected-error @below {{'noodle.fused_contract' must not leave phase 'buffers': not lowered}}
  noodle.fused_contract lhs(%a : memref<4x8xf32>) rhs(%b : memref<8x16xf32>) outs(%c : memref<4x16xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } rhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } combine {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %s, %p : f32
    noodle.yield %t : f32
  } epilogue {
  ^bb0(%s: f32):
    noodle.yield %s : f32
  }
  return
}
