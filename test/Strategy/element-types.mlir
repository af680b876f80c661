// RUN: noodle-opt %s --noodle-elaborate --noodle-select-strategy="target=cuda chip=sm_90" | FileCheck %s

// Kernels of devices compute with f32, f64, i1, i32 and i64.
// CHECK: noodle.contract {{.*}}noodle.why = "{{[^"]*}}not on the gpu: kernels do not compute with bf16"
// CHECK: noodle.why = "{{[^"]*}}not on the gpu: kernels do not compute with complex<f32>"
// CHECK: noodle.why = "{{[^"]*}}not on the gpu: kernels do not compute with i8"
func.func @narrow(%a: tensor<256x256xbf16>, %b: tensor<256x256xbf16>, %z: tensor<64xcomplex<f32>>, %i: tensor<64x64xi8>) -> (tensor<256x256xf32>, tensor<64xcomplex<f32>>, tensor<64x64xi32>) {
  %c = noodle.contract "ij,jk->ik" (%a, %b) : (tensor<256x256xbf16>, tensor<256x256xbf16>) -> tensor<256x256xf32>
  %y = noodle.map (%z) : (tensor<64xcomplex<f32>>) -> tensor<64xcomplex<f32>> {
  ^bb0(%x: complex<f32>):
    %r = complex.mul %x, %x : complex<f32>
    noodle.yield %r : complex<f32>
  }
  %d = noodle.convert %i : tensor<64x64xi8> -> tensor<64x64xi32>
  return %c, %y, %d : tensor<256x256xf32>, tensor<64xcomplex<f32>>, tensor<64x64xi32>
}
