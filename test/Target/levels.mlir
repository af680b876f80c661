// REQUIRES: noodle-jit
// RUN: noodle-jit --cpu x86-64 --emit asm %s | FileCheck %s --check-prefix=BASE
// RUN: noodle-jit --cpu avx2 --emit asm %s | FileCheck %s --check-prefix=AVX2
// RUN: noodle-jit --cpu avx512 --emit asm %s | FileCheck %s --check-prefix=AVX512

// A level's code uses its registers and none wider.

// BASE-NOT: {{[yz]mm}}
// BASE:     mulps
// BASE-NOT: {{[yz]mm}}
// AVX2-NOT: zmm
// AVX2:     vfmadd{{.*}}ymm
// AVX2-NOT: zmm
// AVX512:   vfmadd{{.*}}zmm
func.func @main(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %c = noodle.matmul %a, %b {strategy = #noodle.strategy<tiled>} : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  return %c : tensor<64x64xf32>
}
