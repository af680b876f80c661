// What a compilation of an ordinary small program costs.
func.func @main(%a: tensor<256x256xf32>, %b: tensor<256x256xf32>)
    -> tensor<256x256xf32> {
  %c = noodle.matmul %a, %b
      : tensor<256x256xf32>, tensor<256x256xf32> -> tensor<256x256xf32>
  return %c : tensor<256x256xf32>
}
