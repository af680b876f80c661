// What a device cannot run is an error that names it.
// RUN: not noodle-opt %s --split-input-file --noodle-device-pipeline 2>&1 | FileCheck %s
// RUN: not noodle-opt %s --split-input-file --noodle-device-pipeline=chip=sm_1 2>&1 | FileCheck %s --check-prefix=CHIP
// CHIP: unknown chip 'sm_1': use one of sm_70, {{.*}}sm_80, {{.*}}sm_90, {{.*}}sm_121

gpu.module @noodle_device {
  gpu.func @cosine(%x: memref<?xf32>) kernel {
    %t = gpu.thread_id x
    %v = memref.load %x[%t] : memref<?xf32>
    // CHECK: [[@LINE+1]]:10: error: 'math.cos' has neither an instruction nor a polynomial in a kernel
    %y = math.cos %v : f32
    memref.store %y, %x[%t] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @noodle_device {
  gpu.func @remainder(%x: memref<?xf32>) kernel {
    %t = gpu.thread_id x
    %v = memref.load %x[%t] : memref<?xf32>
    // CHECK: [[@LINE+1]]:10: error: 'arith.remf' has neither an instruction nor a polynomial in a kernel
    %y = arith.remf %v, %v : f32
    memref.store %y, %x[%t] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @noodle_device {
  gpu.func @own_memory(%x: memref<?xf32>) kernel {
    %t = gpu.thread_id x
    // CHECK: [[@LINE+1]]:10: error: 'llvm.alloca' must not be left in a kernel: a thread's memory is slow
    %a = memref.alloca() : memref<8xf32>
    %v = memref.load %a[%t] : memref<8xf32>
    memref.store %v, %x[%t] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @noodle_device {
  // CHECK: [[@LINE+1]]:3: error: 'llvm.func' @outside must not be left in a kernel: no library is linked with a kernel
  llvm.func @outside(f32) -> f32
  gpu.func @calls(%x: memref<?xf32>) kernel {
    %t = gpu.thread_id x
    %v = memref.load %x[%t] : memref<?xf32>
    %y = llvm.call @outside(%v) : (f32) -> f32
    memref.store %y, %x[%t] : memref<?xf32>
    gpu.return
  }
}
