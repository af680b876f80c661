// A classifier of handwritten digits: 8 x 8 images to the probability of each
// digit. train.py made the weights; run.sh measures it on the test images.
func.func @main(%images: tensor<?x64xf32>,
                %scale: tensor<64xf32>, %shift: tensor<64xf32>,
                %w1: tensor<64x48xf32>, %b1: tensor<1x48xf32>,
                %w2: tensor<48x10xf32>, %b2: tensor<1x10xf32>)
    -> tensor<?x10xf32> {
  %x = noodle.layer_norm %images scale(%scale : tensor<64xf32>)
      shift(%shift : tensor<64xf32>) {epsilon = 1.0e-5 : f64} : tensor<?x64xf32>
  %p = noodle.matmul %x, %w1
      : tensor<?x64xf32>, tensor<64x48xf32> -> tensor<?x48xf32>
  %h = noodle.map (%p, %b1)
      : (tensor<?x48xf32>, tensor<1x48xf32>) -> tensor<?x48xf32> {
  ^bb0(%v: f32, %b: f32):
    %zero = arith.constant 0.0 : f32
    %s = arith.addf %v, %b : f32
    %r = arith.maximumf %s, %zero : f32
    noodle.yield %r : f32
  }
  %q = noodle.matmul %h, %w2
      : tensor<?x48xf32>, tensor<48x10xf32> -> tensor<?x10xf32>
  %z = noodle.map (%q, %b2)
      : (tensor<?x10xf32>, tensor<1x10xf32>) -> tensor<?x10xf32> {
  ^bb0(%v: f32, %b: f32):
    %s = arith.addf %v, %b : f32
    noodle.yield %s : f32
  }
  %probability = noodle.softmax %z {axis = 1 : i64} : tensor<?x10xf32>
  return %probability : tensor<?x10xf32>
}

// The share of images whose label got the greatest probability.
func.func @accuracy(%images: tensor<?x64xf32>, %labels: tensor<?xi64>,
                    %scale: tensor<64xf32>, %shift: tensor<64xf32>,
                    %w1: tensor<64x48xf32>, %b1: tensor<1x48xf32>,
                    %w2: tensor<48x10xf32>, %b2: tensor<1x10xf32>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c10 = arith.constant 10 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %count = tensor.dim %images, %c0 : tensor<?x64xf32>
  %labelled = tensor.dim %labels, %c0 : tensor<?xi64>
  %match = arith.cmpi eq, %count, %labelled : index
  noodle.check %match, "as many labels as images are needed"

  %probability = func.call @main(%images, %scale, %shift, %w1, %b1, %w2, %b2)
      : (tensor<?x64xf32>, tensor<64xf32>, tensor<64xf32>, tensor<64x48xf32>,
         tensor<1x48xf32>, tensor<48x10xf32>, tensor<1x10xf32>)
      -> tensor<?x10xf32>
  %best = noodle.reduce %probability
      {dims = array<i64: 1>, semiring = #noodle.semiring<max_plus>}
      : tensor<?x10xf32> -> tensor<?xf32>
  %right = scf.for %i = %c0 to %count step %c1 iter_args(%sum = %zero) -> f64 {
    %label = tensor.extract %labels[%i] : tensor<?xi64>
    %digit = arith.index_cast %label : i64 to index
    %known = arith.cmpi ult, %digit, %c10 : index
    noodle.check %known, "labels are digits from 0 to 9"
    %p = tensor.extract %probability[%i, %digit] : tensor<?x10xf32>
    %b = tensor.extract %best[%i] : tensor<?xf32>
    %hit = arith.cmpf oeq, %p, %b : f32
    %more = arith.addf %sum, %one : f64
    %next = arith.select %hit, %more, %sum : f64
    scf.yield %next : f64
  }
  %integer = arith.index_cast %count : index to i64
  %total = arith.sitofp %integer : i64 to f64
  %share = arith.divf %right, %total : f64
  return %share : f64
}
