// RUN: noodle-opt %s --split-input-file --verify-diagnostics

func.func @no_result(%x: tensor<8xf32>, %n: index) {
  // expected-error @below {{must return what it writes to a tensor}}
  %ran = "noodle.launch"(%n, %n, %n, %x) <{kernel = @k, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>}> : (index, index, index, tensor<8xf32>) -> i1
  return
}

// -----

func.func @result_of_buffer(%x: memref<8xf32>, %n: index) {
  // expected-error @below {{cannot return what it writes to a buffer}}
  %ran, %y = "noodle.launch"(%n, %n, %n, %x) <{kernel = @k, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>}> : (index, index, index, memref<8xf32>) -> (i1, tensor<8xf32>)
  return
}

// -----

func.func @type(%x: tensor<8xf32>, %n: index) {
  // expected-error @below {{result must have type 'tensor<8xf32>'}}
  %ran, %y = noodle.launch @k grid(%n, %n, %n) outs(%x : tensor<8xf32>) : tensor<?xf32>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
func.func @sparse(%a: tensor<8x8xf32, #csr>, %x: tensor<8xf32>, %n: index) {
  // expected-error @below {{takes a sparse tensor as its buffers}}
  %ran, %y = noodle.launch @k grid(%n, %n, %n) ins(%a : tensor<8x8xf32, #csr>) outs(%x : tensor<8xf32>) : tensor<8xf32>
  return
}

// -----

func.func @split(%x: memref<8xf32>, %n: index, %s: i64) {
  // expected-error @below {{split must be the number of a scalar, the rows of a block, and a cut for each buffer}}
  %ran = noodle.launch @k grid(%n, %n, %n) outs(%x : memref<8xf32>) scalars(%s) {split = array<i64: 1, 4, 1>}
  return
}

// -----

func.func @cut(%x: memref<8xf32>, %n: index, %s: i64) {
  // expected-error @below {{cut 3 is not 0, 1 or 2}}
  %ran = noodle.launch @k grid(%n, %n, %n) outs(%x : memref<8xf32>) scalars(%s) {split = array<i64: 0, 4, 3>}
  return
}
