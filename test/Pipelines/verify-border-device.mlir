// RUN: noodle-opt --noodle-verify-border=phase=structured --split-input-file --verify-diagnostics %s

// A kernel holds what the lowering to the device and the tests' emulator know.
gpu.module @noodle_device {
  gpu.func @k(%a: memref<?xf32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %f = memref.load %a[%i] : memref<?xf32>
    %g = math.absf %f : f32
    memref.store %g, %a[%i] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @noodle_device {
  gpu.func @k(%a: memref<?xf32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %f = arith.constant 0.0 : f32
    // expected-error @below {{'linalg.fill' must not leave phase 'structured': kernels hold no op of dialect 'linalg'}}
    linalg.fill ins(%f : f32) outs(%a : memref<?xf32>)
    gpu.return
  }
}

// -----

func.func @host(%n: index) -> index {
  // expected-error @below {{'gpu.thread_id' must not leave phase 'structured': kernels belong in a gpu.module}}
  %i = gpu.thread_id x
  return %i : index
}

// -----

func.func @early(%y: memref<?xf32>) {
  // expected-error @below {{'noodle.host_access' must not leave phase 'structured': not lowered}}
  noodle.host_access read %y : memref<?xf32>
  return
}

// -----

func.func @launch(%y: tensor<?xf32>, %n: index) -> tensor<?xf32> {
  %ran, %z = noodle.launch @k grid(%n, %n, %n) outs(%y : tensor<?xf32>) : tensor<?xf32>
  return %z : tensor<?xf32>
}
