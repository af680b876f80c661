// RUN: noodle-opt %s --split-input-file --verify-diagnostics

#K = affine_map<(i) -> (i)>
func.func @maps(%a: memref<?xf32>) {
  // expected-error @below {{needs maps of lhs, rhs and out}}
  %formed = noodle.blas_product lhs(%a : memref<?xf32>) rhs(%a : memref<?xf32>) outs(%a : memref<?xf32>)
    {indexing_maps = [#K, #K]}
  return
}

// -----

#K = affine_map<(i) -> (i)>
func.func @rank(%a: memref<?xf32>, %c: memref<?x?xf32>) {
  // expected-error @below {{map 2 does not fit 'memref<?x?xf32>'}}
  %formed = noodle.blas_product lhs(%a : memref<?xf32>) rhs(%a : memref<?xf32>) outs(%c : memref<?x?xf32>)
    {indexing_maps = [#K, #K, #K]}
  return
}

// -----

#K = affine_map<(i) -> (i)>
func.func @element(%a: memref<?xf32>, %c: memref<?xf64>) {
  // expected-error @below {{mixes elements of 'f64' and 'f32'}}
  %formed = noodle.blas_product lhs(%a : memref<?xf32>) rhs(%a : memref<?xf32>) outs(%c : memref<?xf64>)
    {indexing_maps = [#K, #K, #K]}
  return
}

// -----

#K = affine_map<(i, j) -> (i)>
func.func @loop(%a: memref<?xf32>) {
  // expected-error @below {{loop 1 has no buffer to take its extent from}}
  %formed = noodle.blas_product lhs(%a : memref<?xf32>) rhs(%a : memref<?xf32>) outs(%a : memref<?xf32>)
    {indexing_maps = [#K, #K, #K]}
  return
}
