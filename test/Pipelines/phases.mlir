// RUN: noodle-opt --noodle-structure-pipeline %s | FileCheck %s --check-prefix=STRUCTURED
// RUN: noodle-opt --noodle-schedule-pipeline %s | FileCheck %s --check-prefix=SCHEDULED
// RUN: noodle-opt --noodle-buffer-pipeline %s | FileCheck %s --check-prefix=BUFFERS
// RUN: noodle-opt --noodle-llvm-pipeline %s | FileCheck %s --check-prefix=LLVM
// RUN: noodle-opt --noodle-structure-pipeline %s | noodle-opt --noodle-lower-structured-pipeline | FileCheck %s --check-prefix=LLVM
// RUN: not noodle-opt --noodle-verify-border=phase=nonsense %s 2>&1 | FileCheck %s --check-prefix=NAME

// Each phase leaves what it says; the later ones give the same from the middle.

// NAME: error: noodle-verify-border: no phase 'nonsense'

// STRUCTURED-LABEL: func.func @main(%{{.*}}: tensor<?x8xf32>
// STRUCTURED:         noodle.check
// STRUCTURED:         noodle.fused_contract
// SCHEDULED-LABEL:  func.func @main(%{{.*}}: tensor<?x8xf32>
// SCHEDULED:          noodle.fused_contract
// BUFFERS-LABEL:    func.func @main(%{{.*}}: memref<?x8xf32>
// BUFFERS-NOT:        noodle.fused_contract
// BUFFERS:            vector.load
// BUFFERS-NOT:        tensor<
// LLVM:             llvm.func internal @noodle.main
// LLVM:             llvm.func @noodle_entry_main
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @main(%a: tensor<?x8xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c = noodle.matmul %a, %b {strategy = #noodle.strategy<tiled>} : tensor<?x8xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
  return %c : tensor<?x?xf32>
}
