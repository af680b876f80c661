// RUN: noodle-opt %s --split-input-file --verify-diagnostics

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @maps(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{has 3 operands, but 2 maps}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B], zero = 0.0 : f32}
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @rank(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{map 0 does not fit}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#J, #B, #C], zero = 0.0 : f32}
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @sum(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{map 1, result 0: must be a loop or the constant 0}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, affine_map<(i, j, k) -> (k + 1, j)>, #C], zero = 0.0 : f32}
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @out_twice(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{map 2, result 1: out has each of its loops once}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, affine_map<(i, j, k) -> (i, i)>], zero = 0.0 : f32}
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @out_constant(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{map 2, result 1: out has each of its loops once}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, affine_map<(i, j, k) -> (i, 0)>], zero = 0.0 : f32}
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @unknown_loop(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{loop 3 has no operand to take its extent from}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [affine_map<(i, j, k, l) -> (i, k)>, affine_map<(i, j, k, l) -> (k, j)>, affine_map<(i, j, k, l) -> (i, j)>], zero = 0.0 : f32}
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @extents(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{loop 1 has extents 8 and 16}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, affine_map<(i, j, k) -> (j, k)>, #C], zero = 0.0 : f32}
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @summed_extra(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>, %e: tensor<8xf32>) {
  // expected-error @below {{extra 0 steps along loop 2, which is summed over}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) extras(%e : tensor<8xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, affine_map<(i, j, k) -> (k)>, #C], zero = 0.0 : f32}
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
  ^bb0(%s: f32, %g: f32):
    noodle.yield %s : f32
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @no_result(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{returns what it writes to a tensor, of that type}}
  noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
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

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @mixed(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>, %m: memref<8x16xf32>) {
  // expected-error @below {{mixes tensors and buffers}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%m : memref<8x16xf32>) outs(%c : tensor<4x16xf32>)
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
  } : tensor<4x16xf32>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @sparse(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>, %m: tensor<8x16xf32, #csr>) {
  // expected-error @below {{operand 1 is sparse}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%m : tensor<8x16xf32, #csr>) outs(%c : tensor<4x16xf32>)
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @accumulate(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{accumulates sums of 'f64' into 'f32'}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {accumulate, indexing_maps = [#A, #B, #C], zero = 0.0 : f64}
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @body_arguments(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{lhs_body must take ('f32'), but takes ('f64')}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f64):
    noodle.yield %x : f64
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @no_rhs_element(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{rhs_body must take ('f32'), but takes ()}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } rhs_body {
  ^bb0:
    %one = arith.constant 1.0 : f32
    noodle.yield %one : f32
  } combine {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %p = arith.mulf %x, %y : f32
    %t = arith.addf %s, %p : f32
    noodle.yield %t : f32
  } epilogue {
  ^bb0(%s: f32):
    noodle.yield %s : f32
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @combine_arguments(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{combine must take ('f64', 'f32', 'f32'), but takes ('f32', 'f32', 'f32')}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    %y = arith.extf %x : f32 to f64
    noodle.yield %y : f64
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @combine_type(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{combine must yield one value of the right type}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } rhs_body {
  ^bb0(%x: f32):
    noodle.yield %x : f32
  } combine {
  ^bb0(%x: f32, %y: f32, %s: f32):
    %t = arith.extf %s : f32 to f64
    noodle.yield %t : f64
  } epilogue {
  ^bb0(%s: f32):
    noodle.yield %s : f32
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @epilogue_extras(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>, %e: tensor<16xf32>) {
  // expected-error @below {{epilogue must take ('f32', 'f32'), but takes ('f32')}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) extras(%e : tensor<16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, #J, #C], zero = 0.0 : f32}
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
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @epilogue_type(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{epilogue must yield one value of the right type}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
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
    %t = arith.extf %s : f32 to f64
    noodle.yield %t : f64
  } : tensor<4x16xf32>
  return
}

// -----

#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#J = affine_map<(i, j, k) -> (j)>
#C = affine_map<(i, j, k) -> (i, j)>
func.func @yields_two(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %c: tensor<4x16xf32>) {
  // expected-error @below {{lhs_body must yield one value}}
  %r = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%c : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
  lhs_body {
  ^bb0(%x: f32):
    noodle.yield %x, %x : f32, f32
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
  } : tensor<4x16xf32>
  return
}
