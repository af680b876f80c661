// Products, maps, sums and conversions of every narrow and complex type.

func.func @half(%a: tensor<?x?xf16>, %b: tensor<?x?xf16>) -> (tensor<?x?xf16>, tensor<?x?xf32>, tensor<?xf16>, tensor<?x?xf16>) {
  %p = noodle.matmul %a, %b : tensor<?x?xf16>, tensor<?x?xf16> -> tensor<?x?xf16>
  %w = noodle.matmul %a, %b : tensor<?x?xf16>, tensor<?x?xf16> -> tensor<?x?xf32>
  %s = noodle.reduce %a {dims = array<i64: 1>} : tensor<?x?xf16> -> tensor<?xf16>
  %m = noodle.map (%a) : (tensor<?x?xf16>) -> tensor<?x?xf16> {
  ^bb0(%x: f16):
    %k = arith.constant 3.0 : f16
    %q = arith.divf %x, %k : f16
    %r = arith.addf %q, %x : f16
    noodle.yield %r : f16
  }
  return %p, %w, %s, %m : tensor<?x?xf16>, tensor<?x?xf32>, tensor<?xf16>, tensor<?x?xf16>
}

func.func @brain(%a: tensor<?x?xbf16>, %b: tensor<?x?xbf16>) -> (tensor<?x?xbf16>, tensor<?x?xf32>) {
  %p = noodle.matmul %a, %b : tensor<?x?xbf16>, tensor<?x?xbf16> -> tensor<?x?xbf16>
  %w = noodle.convert %p : tensor<?x?xbf16> -> tensor<?x?xf32>
  return %p, %w : tensor<?x?xbf16>, tensor<?x?xf32>
}

func.func @bytes(%a: tensor<?x?xi8>, %b: tensor<?x?xi8>) -> (tensor<?x?xi8>, tensor<?x?xi32>) {
  %p = noodle.matmul %a, %b : tensor<?x?xi8>, tensor<?x?xi8> -> tensor<?x?xi8>
  %w = noodle.matmul %a, %b : tensor<?x?xi8>, tensor<?x?xi8> -> tensor<?x?xi32>
  return %p, %w : tensor<?x?xi8>, tensor<?x?xi32>
}

func.func @complex(%a: tensor<?x?xcomplex<f64>>, %z: complex<f64>) -> (tensor<?x?xcomplex<f64>>) {
  %h = noodle.map (%a, %z) : (tensor<?x?xcomplex<f64>>, complex<f64>) -> tensor<?x?xcomplex<f64>> {
  ^bb0(%x: complex<f64>, %k: complex<f64>):
    %c = complex.conj %x : complex<f64>
    %r = complex.mul %c, %k : complex<f64>
    noodle.yield %r : complex<f64>
  }
  %p = noodle.contract "ij,kj->ik" (%a, %h) : (tensor<?x?xcomplex<f64>>, tensor<?x?xcomplex<f64>>) -> tensor<?x?xcomplex<f64>>
  return %p : tensor<?x?xcomplex<f64>>
}
