// RUN: noodle-opt %s --noodle-fuse-contractions --split-input-file | FileCheck %s

// The example of the pass: a row of biases.
// CHECK: #[[J:.*]] = affine_map<(d0, d1, d2) -> (d1)>
// CHECK-LABEL: func.func @bias
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>, %[[B:.*]]: tensor<8x16xf32>, %[[BIAS:.*]]: tensor<16xf32>)
// CHECK-NEXT: %[[O:.*]] = tensor.empty()
// CHECK-NEXT: %[[R:.*]] = noodle.fused_contract lhs(%[[A]] : {{.*}}) rhs(%[[B]] : {{.*}}) extras(%[[BIAS]] : tensor<16xf32>) outs(%[[O]] : tensor<4x16xf32>) {indexing_maps = [#{{.*}}, #{{.*}}, #[[J]], #{{.*}}], noodle.site = 3 : i64
// CHECK: epilogue {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32, %[[Y:.*]]: f32):
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[SUM]], %[[Y]] : f32
// CHECK-NEXT: noodle.yield %[[S]] : f32
// CHECK: return %[[R]]
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#IJ = affine_map<(i, j) -> (i, j)>
#JI = affine_map<(i, j) -> (j, i)>
#J = affine_map<(i, j) -> (j)>
func.func @bias(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %bias: tensor<16xf32>) -> tensor<4x16xf32> {
  %e = tensor.empty() : tensor<4x16xf32>
  %c = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%e : tensor<4x16xf32>)
    {indexing_maps = [#A, #B, #C], noodle.site = 3 : i64, zero = 0.0 : f32}
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
  %o = tensor.empty() : tensor<4x16xf32>
  %r = linalg.generic {indexing_maps = [#IJ, #J, #IJ], iterator_types = ["parallel", "parallel"]}
    ins(%c, %bias : tensor<4x16xf32>, tensor<16xf32>) outs(%o : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}

// -----

// A chain: a residual, then a transposed result of another type. What a body
// takes from outside is a scalar of the op, constants go along.
// CHECK-DAG: #[[A:.*]] = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-DAG: #[[B:.*]] = affine_map<(d0, d1, d2) -> (d2, d1)>
// CHECK-DAG: #[[IJ:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-DAG: #[[JI:.*]] = affine_map<(d0, d1, d2) -> (d1, d0)>
// CHECK-LABEL: func.func @chain
// CHECK-SAME: %[[F:[a-z0-9]*]]: f32)
// CHECK: noodle.fused_contract {{.*}} extras(%{{.*}} : tensor<4x16xf32>) scalars(%[[F]] : f32) outs(%{{.*}} : tensor<16x4xf64>) {indexing_maps = [#[[A]], #[[B]], #[[IJ]], #[[JI]]]
// CHECK: lhs_body {
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %{{.*}}: f32):
// CHECK: epilogue {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32, %[[Y:.*]]: f32, %[[G:.*]]: f32):
// CHECK-NEXT: %[[M:.*]] = arith.mulf %[[SUM]], %[[G]] : f32
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[M]], %[[Y]] : f32
// CHECK-NEXT: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK-NEXT: %[[U:.*]] = arith.maximumf %[[S]], %[[ZERO]] : f32
// CHECK-NEXT: %[[W:.*]] = arith.extf %[[U]] : f32 to f64
// CHECK-NEXT: noodle.yield %[[W]] : f64
// CHECK-NOT: linalg.generic
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#IJ = affine_map<(i, j) -> (i, j)>
#JI = affine_map<(i, j) -> (j, i)>
#J = affine_map<(i, j) -> (j)>
func.func @chain(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %q: tensor<4x16xf32>, %f: f32) -> tensor<16x4xf64> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %c = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%e : tensor<4x16xf32>)
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
  %r = linalg.generic {indexing_maps = [#IJ, #IJ, #IJ], iterator_types = ["parallel", "parallel"]}
    ins(%c, %q : tensor<4x16xf32>, tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %m = arith.mulf %x, %f : f32
    %s = arith.addf %m, %y : f32
    %u = arith.maximumf %s, %zero : f32
    linalg.yield %u : f32
  } -> tensor<4x16xf32>
  %o = tensor.empty() : tensor<16x4xf64>
  %w = linalg.generic {indexing_maps = [#JI, #IJ], iterator_types = ["parallel", "parallel"]}
    ins(%r : tensor<4x16xf32>) outs(%o : tensor<16x4xf64>) {
  ^bb0(%x: f32, %z: f64):
    %s = arith.extf %x : f32 to f64
    linalg.yield %s : f64
  } -> tensor<16x4xf64>
  return %w : tensor<16x4xf64>
}

// -----

// Two consumers: the sums are stored for both.
// CHECK-LABEL: func.func @two_consumers
// CHECK: noodle.fused_contract
// CHECK: epilogue {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32):
// CHECK-NEXT: noodle.yield %[[SUM]] : f32
// CHECK: linalg.generic
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#IJ = affine_map<(i, j) -> (i, j)>
#JI = affine_map<(i, j) -> (j, i)>
#J = affine_map<(i, j) -> (j)>
func.func @two_consumers(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>) -> (tensor<4x16xf32>, tensor<4x16xf32>) {
  %e = tensor.empty() : tensor<4x16xf32>
  %c = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%e : tensor<4x16xf32>)
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
  %r = linalg.generic {indexing_maps = [#IJ, #IJ], iterator_types = ["parallel", "parallel"]}
    ins(%c : tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = math.absf %x : f32
    linalg.yield %s : f32
  } -> tensor<4x16xf32>
  return %c, %r : tensor<4x16xf32>, tensor<4x16xf32>
}

// -----

// A consumer that reads each sum more than once, by a loop of its own.
// CHECK-LABEL: func.func @repeated
// CHECK: noodle.fused_contract
// CHECK: linalg.generic
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#IJ = affine_map<(i, j) -> (i, j)>
#JI = affine_map<(i, j) -> (j, i)>
#J = affine_map<(i, j) -> (j)>
func.func @repeated(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>) -> tensor<3x4x16xf32> {
  %e = tensor.empty() : tensor<4x16xf32>
  %c = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%e : tensor<4x16xf32>)
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
  %o = tensor.empty() : tensor<3x4x16xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(h, i, j) -> (i, j)>, affine_map<(h, i, j) -> (h, i, j)>], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%c : tensor<4x16xf32>) outs(%o : tensor<3x4x16xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = math.absf %x : f32
    linalg.yield %s : f32
  } -> tensor<3x4x16xf32>
  return %r : tensor<3x4x16xf32>
}

// -----

// What sums started from is added to them before the consumer sees them.
// CHECK-LABEL: func.func @accumulated
// CHECK-SAME: %[[Q:[a-z0-9]*]]: tensor<4x16xf32>)
// CHECK: %[[E:.*]] = tensor.empty()
// CHECK: noodle.fused_contract {{.*}} extras(%[[Q]] : tensor<4x16xf32>) outs(%[[E]] : tensor<4x16xf32>) {indexing_maps
// CHECK: epilogue {
// CHECK-NEXT: ^bb0(%[[SUM:.*]]: f32, %[[Y:.*]]: f32):
// CHECK-NEXT: %[[S:.*]] = arith.addf %[[Y]], %[[SUM]] : f32
// CHECK-NEXT: %[[T:.*]] = math.absf %[[S]] : f32
// CHECK-NEXT: noodle.yield %[[T]] : f32
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#IJ = affine_map<(i, j) -> (i, j)>
#JI = affine_map<(i, j) -> (j, i)>
#J = affine_map<(i, j) -> (j)>
func.func @accumulated(%a: tensor<4x8xf32>, %b: tensor<8x16xf32>, %q: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %c = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%q : tensor<4x16xf32>)
    {accumulate, indexing_maps = [#A, #B, #C], zero = 0.0 : f32}
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
  %e = tensor.empty() : tensor<4x16xf32>
  %r = linalg.generic {indexing_maps = [#IJ, #IJ], iterator_types = ["parallel", "parallel"]}
    ins(%c : tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = math.absf %x : f32
    linalg.yield %s : f32
  } -> tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}

// -----

// Weights of bytes, with a scale for each column, stored transposed: all of it
// happens where the operand is read. The fill goes: sums do not start from it.
// CHECK-DAG: #[[COLUMN:.*]] = affine_map<(d0, d1, d2) -> (d1)>
// CHECK-DAG: #[[JK:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func.func @dequantised
// CHECK-SAME: (%[[A:.*]]: tensor<4x8xf32>, %[[Q:.*]]: tensor<16x8xi8>, %[[S:.*]]: tensor<16xf32>)
// CHECK-NOT: linalg
// CHECK: noodle.fused_contract lhs(%[[A]] : tensor<4x8xf32>) rhs(%[[S]], %[[Q]] : tensor<16xf32>, tensor<16x8xi8>) outs(%{{.*}} : tensor<4x16xf32>) {indexing_maps = [#{{.*}}, #[[COLUMN]], #[[JK]], #{{.*}}]
// CHECK: rhs_body {
// CHECK-NEXT: ^bb0(%[[Y:.*]]: f32, %[[X:.*]]: i8):
// CHECK-NEXT: %[[F:.*]] = arith.sitofp %[[X]] : i8 to f32
// CHECK-NEXT: %[[V:.*]] = arith.mulf %[[F]], %[[Y]] : f32
// CHECK-NEXT: noodle.yield %[[V]] : f32
// CHECK-NOT: linalg
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#IJ = affine_map<(i, j) -> (i, j)>
#JI = affine_map<(i, j) -> (j, i)>
#J = affine_map<(i, j) -> (j)>
func.func @dequantised(%a: tensor<4x8xf32>, %q: tensor<16x8xi8>, %scales: tensor<16xf32>) -> tensor<4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %d = tensor.empty() : tensor<8x16xi8>
  %turned = linalg.transpose ins(%q : tensor<16x8xi8>) outs(%d : tensor<8x16xi8>) permutation = [1, 0]
  %f = tensor.empty() : tensor<8x16xf32>
  %b = linalg.generic {indexing_maps = [#IJ, #J, #IJ], iterator_types = ["parallel", "parallel"]}
    ins(%turned, %scales : tensor<8x16xi8>, tensor<16xf32>) outs(%f : tensor<8x16xf32>) {
  ^bb0(%x: i8, %y: f32, %z: f32):
    %u = arith.sitofp %x : i8 to f32
    %v = arith.mulf %u, %y : f32
    linalg.yield %v : f32
  } -> tensor<8x16xf32>
  %g = tensor.empty() : tensor<4x16xf32>
  %e = linalg.fill ins(%zero : f32) outs(%g : tensor<4x16xf32>) -> tensor<4x16xf32>
  %c = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%e : tensor<4x16xf32>)
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
  return %c : tensor<4x16xf32>
}

// -----

// A long producer runs once for each element, not once for each use of one; in
// an epilogue those are the same.
// CHECK-LABEL: func.func @long_producers
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK: noodle.fused_contract
// CHECK: epilogue {
// CHECK: math.log
// CHECK: arith.addf
// CHECK-NOT: linalg.generic
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#IJ = affine_map<(i, j) -> (i, j)>
#JI = affine_map<(i, j) -> (j, i)>
#J = affine_map<(i, j) -> (j)>
func.func @long_producers(%from: tensor<4x8xf32>, %b: tensor<8x16xf32>, %q: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %d = tensor.empty() : tensor<4x8xf32>
  %a = linalg.generic {indexing_maps = [#IJ, #IJ], iterator_types = ["parallel", "parallel"]}
    ins(%from : tensor<4x8xf32>) outs(%d : tensor<4x8xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = math.exp %x : f32
    linalg.yield %s : f32
  } -> tensor<4x8xf32>
  %e = tensor.empty() : tensor<4x16xf32>
  %l = linalg.generic {indexing_maps = [#IJ, #IJ], iterator_types = ["parallel", "parallel"]}
    ins(%q : tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = math.log %x : f32
    linalg.yield %s : f32
  } -> tensor<4x16xf32>
  %c = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%e : tensor<4x16xf32>)
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
  %r = linalg.generic {indexing_maps = [#IJ, #IJ, #IJ], iterator_types = ["parallel", "parallel"]}
    ins(%c, %l : tensor<4x16xf32>, tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}

// -----

// A cheap producer that somebody else needs too is stored anyway.
// CHECK-LABEL: func.func @shared_producer
// CHECK: linalg.generic
// CHECK: noodle.fused_contract
// CHECK: lhs_body {
// CHECK-NEXT: ^bb0(%[[X:.*]]: f32):
// CHECK-NEXT: noodle.yield %[[X]] : f32
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#IJ = affine_map<(i, j) -> (i, j)>
#JI = affine_map<(i, j) -> (j, i)>
#J = affine_map<(i, j) -> (j)>
func.func @shared_producer(%from: tensor<4x8xf32>, %b: tensor<8x16xf32>) -> (tensor<4x16xf32>, tensor<4x8xf32>) {
  %d = tensor.empty() : tensor<4x8xf32>
  %a = linalg.generic {indexing_maps = [#IJ, #IJ], iterator_types = ["parallel", "parallel"]}
    ins(%from : tensor<4x8xf32>) outs(%d : tensor<4x8xf32>) {
  ^bb0(%x: f32, %z: f32):
    %s = arith.negf %x : f32
    linalg.yield %s : f32
  } -> tensor<4x8xf32>
  %e = tensor.empty() : tensor<4x16xf32>
  %c = noodle.fused_contract lhs(%a : tensor<4x8xf32>) rhs(%b : tensor<8x16xf32>) outs(%e : tensor<4x16xf32>)
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
  return %c, %a : tensor<4x16xf32>, tensor<4x8xf32>
}
