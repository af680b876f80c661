// RUN: noodle-opt --noodle-structure-pipeline=target=cuda %s | FileCheck %s --check-prefix=STRUCTURED
// RUN: noodle-opt --noodle-schedule-pipeline=target=cuda %s | FileCheck %s --check-prefix=SCHEDULED
// RUN: noodle-opt --noodle-buffer-pipeline=target=cuda %s | FileCheck %s --check-prefix=BUFFERS
// RUN: noodle-opt --noodle-llvm-pipeline=target=cuda %s | FileCheck %s --check-prefix=LLVM
// RUN: noodle-opt --noodle-structure-pipeline=target=cuda %s | noodle-opt --noodle-lower-structured-pipeline | FileCheck %s --check-prefix=LLVM
// RUN: noodle-opt --noodle-llvm-pipeline %s | FileCheck %s --check-prefix=HOST
// RUN: noodle-opt --noodle-llvm-pipeline="target=cuda profile=true" %s | FileCheck %s --check-prefix=PROFILE

// Kernels stand in the module until the structured phase ends, then in an
// attribute; launches stay until runtime calls are lowered. What a loop carries
// keeps its row-major layout, so that no launch copies.

// STRUCTURED:       noodle.chip = "sm_80"
// STRUCTURED-LABEL: func.func @main
// STRUCTURED:         scf.for
// STRUCTURED:           noodle.launch @contract_0
// STRUCTURED:           scf.if
// STRUCTURED:             linalg.generic
// STRUCTURED:       gpu.module @noodle_device
// STRUCTURED:         gpu.func @contract_0
// SCHEDULED:        noodle.device = "module
// SCHEDULED-SAME:   noodle.kernels = [{kind = "contract", name = "contract_0"
// SCHEDULED-LABEL:  func.func @main
// SCHEDULED:          noodle.launch
// SCHEDULED-NOT:    gpu.module
// BUFFERS-LABEL:    func.func @main
// BUFFERS:            scf.for {{.*}} -> (memref<?x?xf32>
// BUFFERS-NOT:          memref.copy
// BUFFERS:              %[[OUT:.*]] = memref.alloc
// BUFFERS:              %[[RAN:.*]] = noodle.launch @contract_0 {{.*}}outs(%[[OUT]] : memref<?x?xf32>)
// BUFFERS:              scf.if %[[RAN]]
// BUFFERS-NEXT:           scf.yield %[[OUT]]
// BUFFERS:                noodle.host_access read
// BUFFERS:            noodle.host_access read %[[LAST:[0-9]+#0]] : memref<?x?xf32>
// BUFFERS-NEXT:       memref.load %[[LAST]]
// LLVM:             llvm.func @noodle_ir_launch
// LLVM:             llvm.func internal @noodle.main
// LLVM:               llvm.call @noodle_ir_launch
// LLVM:               llvm.call @noodle_ir_host_access
// HOST-NOT:         noodle_ir_launch
// HOST-NOT:         noodle_ir_host_access
// HOST-NOT:         noodle.device
// PROFILE:            llvm.call @noodle_ir_mark
// PROFILE:            llvm.call @noodle_ir_launch
// PROFILE:            llvm.call @noodle_ir_mark
// PROFILE:            llvm.call @noodle_ir_launch
func.func @main(%a: tensor<?x?xf32>, %n: index) -> (tensor<?x?xf32>, f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%m = %a) -> tensor<?x?xf32> {
    %p = noodle.contract "ij,jk->ik" (%m, %a) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
    %q = noodle.map (%p) : (tensor<?x?xf32>) -> tensor<?x?xf32> {
    ^bb0(%x: f32):
      %h = arith.constant 0.5 : f32
      %y = arith.mulf %x, %h : f32
      noodle.yield %y : f32
    }
    scf.yield %q : tensor<?x?xf32>
  }
  %v = tensor.extract %r[%c0, %c0] : tensor<?x?xf32>
  return %r, %v : tensor<?x?xf32>, f32
}
