// RUN: noodle-opt %s -split-input-file -verify-diagnostics

func.func @no_arrow(%a: tensor<4xf64>) {
  // expected-error@+1 {{'noodle.contract' op equation, character 2: '->' is missing: the output must be written}}
  %y = noodle.contract "i" (%a) : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @bad_character(%a: tensor<4x4xf64>) {
  // expected-error@+1 {{equation, character 2: expected a letter, found '?'}}
  %y = noodle.contract "i?->i" (%a) : (tensor<4x4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @unprintable_character(%a: tensor<4x4xf64>) {
  // expected-error@+1 {{equation, character 2: expected a letter}}
  %y = noodle.contract "i\07->i" (%a) : (tensor<4x4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @second_arrow(%a: tensor<4x4xf64>) {
  // expected-error@+1 {{equation, character 5: expected a letter, found '-'}}
  %y = noodle.contract "i->i->" (%a) : (tensor<4x4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @output_comma(%a: tensor<4x4xf64>) {
  // expected-error@+1 {{equation, character 6: expected a letter, found ','}}
  %y = noodle.contract "ij->i,j" (%a) : (tensor<4x4xf64>) -> tensor<4x4xf64>
  return
}

// -----

func.func @name_begins_with_digit(%a: tensor<4x4xf64>) {
  // expected-error@+1 {{equation, character 5: a name begins with a letter}}
  %y = noodle.contract "row 1 -> row" (%a) : (tensor<4x4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @output_repeats(%a: tensor<4xf64>) {
  // expected-error@+1 {{equation, character 5: 'i' appears twice in the output}}
  %y = noodle.contract "i->ii" (%a) : (tensor<4xf64>) -> tensor<4x4xf64>
  return
}

// -----

func.func @operand_count(%a: tensor<4xf64>) {
  // expected-error@+1 {{equation has 2 operands, but 1 are given}}
  %y = noodle.contract "i,i->i" (%a) : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @no_operand() {
  // expected-error@+1 {{equation has 1 operands, but 0 are given}}
  %y = noodle.contract "->" () : () -> tensor<f64>
  return
}

// -----

func.func @operand_rank(%a: tensor<4xf64>, %b: tensor<4x4xf64>) {
  // expected-error@+1 {{operand #1 ('tensor<4x4xf64>') has rank 2, but the equation gives it 1 dimensions}}
  %y = noodle.contract "i,i->i" (%a, %b) : (tensor<4xf64>, tensor<4x4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @result_rank(%a: tensor<4xf64>) {
  // expected-error@+1 {{result ('tensor<f64>') has rank 0, but the equation gives it 1 dimensions}}
  %y = noodle.contract "i->i" (%a) : (tensor<4xf64>) -> tensor<f64>
  return
}

// -----

func.func @extents(%a: tensor<4x5xf64>, %b: tensor<6xf64>) {
  // expected-error@+1 {{operand #1 ('tensor<6xf64>') has extent 6 in dimension 0 ('j'), but operand #0 has 5 in dimension 1}}
  %y = noodle.contract "ij,j->i" (%a, %b) : (tensor<4x5xf64>, tensor<6xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @extents_after_broadcast(%a: tensor<1xf64>, %b: tensor<6xf64>, %c: tensor<7xf64>) {
  // expected-error@+1 {{operand #2 ('tensor<7xf64>') has extent 7 in dimension 0 ('i'), but operand #1 has 6 in dimension 0}}
  %y = noodle.contract "i,i,i->i" (%a, %b, %c) : (tensor<1xf64>, tensor<6xf64>, tensor<7xf64>) -> tensor<?xf64>
  return
}

// -----

func.func @diagonal(%a: tensor<4x5xf64>) {
  // expected-error@+1 {{operand #0 ('tensor<4x5xf64>') has extent 5 in dimension 1 ('i'), but operand #0 has 4 in dimension 0}}
  %y = noodle.contract "ii->i" (%a) : (tensor<4x5xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @result_extent(%a: tensor<4xf64>) {
  // expected-error@+1 {{result type 'tensor<5xf64>' has extent 5 in dimension 0 ('i'), but the operands give 4}}
  %y = noodle.contract "i->i" (%a) : (tensor<4xf64>) -> tensor<5xf64>
  return
}

// -----

// A result does not widen an extent of 1 that all operands have.
func.func @result_widens(%a: tensor<1xf64>) {
  // expected-error@+1 {{result type 'tensor<5xf64>' has extent 5 in dimension 0 ('i'), but the operands give 1}}
  %y = noodle.contract "i->i" (%a) : (tensor<1xf64>) -> tensor<5xf64>
  return
}

// -----

func.func @free_letter(%a: tensor<4xf64>) {
  // expected-error@+1 {{result ('tensor<4x?xf64>') must state the extent of dimension 1: no operand has 'j'}}
  %y = noodle.contract "i->ij" (%a) : (tensor<4xf64>) -> tensor<4x?xf64>
  return
}

// -----

func.func @operand_elements(%a: tensor<4xf64>, %b: tensor<4xf32>) {
  // expected-error@+1 {{operand #1 ('tensor<4xf32>') must have element type 'f64', as operand #0 has}}
  %y = noodle.contract "i,i->i" (%a, %b) : (tensor<4xf64>, tensor<4xf32>) -> tensor<4xf64>
  return
}

// -----

func.func @result_element(%a: tensor<4xf64>) {
  // expected-error@+1 {{result ('tensor<4xf32>') must have element type 'f64'}}
  %y = noodle.contract "i->i" (%a) : (tensor<4xf64>) -> tensor<4xf32>
  return
}

// -----

func.func @result_element_accumulated(%a: tensor<4xf32>) {
  // expected-error@+1 {{result ('tensor<4xi32>') must have element type 'f32' or 'f64'}}
  %y = noodle.contract "i->i" (%a) {accumulator = f64} : (tensor<4xf32>) -> tensor<4xi32>
  return
}

// -----

func.func @accumulator_zero(%a: tensor<4xi32>) {
  // expected-error@+1 {{accumulator 'i64' over 'i32' suits plus_times and max_times alone: the zero of min_plus is another value in each type; convert the operands}}
  %y = noodle.contract "i->i" (%a) {accumulator = i64, semiring = #noodle.semiring<min_plus>} : (tensor<4xi32>) -> tensor<4xi64>
  return
}

// -----

func.func @accumulator_kind(%a: tensor<4xi8>) {
  // expected-error@+1 {{accumulator 'f32' does not suit 'i8'}}
  %y = noodle.contract "i->i" (%a) {accumulator = f32} : (tensor<4xi8>) -> tensor<4xf32>
  return
}

// -----

func.func @accumulator_narrow(%a: tensor<4xbf16>) {
  // expected-error@+1 {{accumulator 'f16' does not suit 'bf16'}}
  %y = noodle.contract "i->i" (%a) {accumulator = f16} : (tensor<4xbf16>) -> tensor<4xbf16>
  return
}

// -----

func.func @accumulator_part(%a: tensor<4xcomplex<f32>>) {
  // expected-error@+1 {{accumulator 'f64' does not suit 'complex<f32>'}}
  %y = noodle.contract "i->i" (%a) {accumulator = f64} : (tensor<4xcomplex<f32>>) -> tensor<4xf64>
  return
}

// -----

func.func @default_accumulator_min(%a: tensor<4xi8>) {
  // expected-error@+1 {{result ('tensor<4xi32>') must have element type 'i8'}}
  %y = noodle.contract "i->i" (%a) {semiring = #noodle.semiring<min_plus>} : (tensor<4xi8>) -> tensor<4xi32>
  return
}

// -----

func.func @default_accumulator_result(%a: tensor<4xf16>) {
  // expected-error@+1 {{result ('tensor<4xf64>') must have element type 'f16' or 'f32'}}
  %y = noodle.contract "i->i" (%a) : (tensor<4xf16>) -> tensor<4xf64>
  return
}

// -----

func.func @ordered_complex(%a: tensor<4xcomplex<f64>>) {
  // expected-error@+1 {{semiring max_plus is not defined for 'complex<f64>': complex numbers have no order; plus_times is their semiring}}
  %y = noodle.contract "i->i" (%a) {semiring = #noodle.semiring<max_plus>} : (tensor<4xcomplex<f64>>) -> tensor<4xcomplex<f64>>
  return
}

// -----

func.func @boolean_complex(%a: tensor<4xcomplex<f64>>) {
  // expected-error@+1 {{semiring or_and is not defined for 'complex<f64>': its type is i1}}
  %y = noodle.contract "i->i" (%a) {semiring = #noodle.semiring<or_and>} : (tensor<4xcomplex<f64>>) -> tensor<4xcomplex<f64>>
  return
}

// -----

func.func @real_of_complex(%a: tensor<4xcomplex<f64>>) {
  // expected-error@+1 {{cannot hold complex numbers; take a part with a noodle.map and complex.re, complex.im or complex.abs}}
  %y = noodle.convert %a : tensor<4xcomplex<f64>> -> tensor<4xf64>
  return
}

// -----

func.func @accumulator(%a: tensor<4xf64>) {
  // expected-error@+1 {{accumulator 'f32' does not suit 'f64'; use the same type or a wider one of its kind: f32 or f64 for floats, i32 or i64 for integers, complex<f64> for complex<f32>}}
  %y = noodle.contract "i->i" (%a) {accumulator = f32} : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @element_type(%a: tensor<4xf128>) {
  // expected-error@+1 {{operand #0 must be variadic of ranked tensor of 16-bit float or bfloat16 type or 32-bit float or 64-bit float or 8-bit signless integer or 32-bit signless integer or 64-bit signless integer or 1-bit signless integer or complex type with 32-bit float elements or complex type with 64-bit float elements values, but got 'tensor<4xf128>'}}
  %y = noodle.contract "i->i" (%a) : (tensor<4xf128>) -> tensor<4xf128>
  return
}

// -----

func.func @complex(%a: tensor<4xcomplex<f16>>) {
  // expected-error@+1 {{operand #0 must be variadic of ranked tensor}}
  %y = noodle.contract "i->i" (%a) : (tensor<4xcomplex<f16>>) -> tensor<4xcomplex<f16>>
  return
}

// -----

func.func @unranked(%a: tensor<*xf32>) {
  // expected-error@+1 {{operand #0 must be variadic of ranked tensor}}
  %y = noodle.contract "i->i" (%a) : (tensor<*xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @plus_times_i1(%a: tensor<4xi1>) {
  // expected-error@+1 {{'noodle.contract' op semiring plus_times is not defined for 'i1': its types are floats, integers and complex numbers; or_and and xor_and are the semirings of i1}}
  %y = noodle.contract "i->i" (%a) : (tensor<4xi1>) -> tensor<4xi1>
  return
}

// -----

func.func @min_plus_i1(%a: tensor<4xi1>) {
  // expected-error@+1 {{semiring min_plus is not defined for 'i1': i1 has no order; or_and and xor_and are its semirings}}
  %y = noodle.contract "i->i" (%a) {semiring = #noodle.semiring<min_plus>} : (tensor<4xi1>) -> tensor<4xi1>
  return
}

// -----

func.func @or_and_f32(%a: tensor<4xf32>) {
  // expected-error@+1 {{semiring or_and is not defined for 'f32': its type is i1}}
  %y = noodle.contract "i->i" (%a) {semiring = #noodle.semiring<or_and>} : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @log_plus_i32(%a: tensor<4xi32>) {
  // expected-error@+1 {{semiring log_plus is not defined for 'i32': its types are floats}}
  %y = noodle.contract "i->i" (%a) {semiring = #noodle.semiring<log_plus>} : (tensor<4xi32>) -> tensor<4xi32>
  return
}

// -----

func.func @no_semiring(%a: tensor<4xi32>) {
  // expected-error@+1 {{'noodle.contract' op no noodle.semiring is named @missing}}
  %y = noodle.contract "i->i" (%a) {semiring = #noodle.semiring<@missing>} : (tensor<4xi32>) -> tensor<4xi32>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
noodle.semiring @plain : f64 traits <associative>
  zero {
    %z = arith.constant 0.0 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 1.0 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    %m = arith.addf %a, %b : f64
    noodle.yield %m : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    %m = arith.mulf %a, %b : f64
    noodle.yield %m : f64
  }
func.func @other_type(%a: tensor<4xi32>) {
  // expected-error@+1 {{'noodle.contract' op semiring @plain is defined for 'f64', not for 'i32'}}
  %y = noodle.contract "i->i" (%a) {semiring = #noodle.semiring<@plain>} : (tensor<4xi32>) -> tensor<4xi32>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
noodle.semiring @plain : f64 traits <associative>
  zero {
    %z = arith.constant 0.0 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 1.0 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    %m = arith.addf %a, %b : f64
    noodle.yield %m : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    %m = arith.mulf %a, %b : f64
    noodle.yield %m : f64
  }
func.func @not_annihilating(%x: tensor<4xf64>, %a: tensor<4x4xf64, #csr>) {
  // expected-error@+1 {{operand #1 ('tensor<4x4xf64, #sparse_tensor.encoding<{ map = (d0, d1) -> (d0 : dense, d1 : compressed) }>>') is sparse, but semiring @plain does not declare 'annihilating', so absent entries count; convert it to dense or declare the trait}}
  %y = noodle.contract "i,ij->j" (%x, %a) {semiring = #noodle.semiring<@plain>} : (tensor<4xf64>, tensor<4x4xf64, #csr>) -> tensor<4xf64>
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed)}>
noodle.semiring @plain : f64 traits <associative>
  zero {
    %z = arith.constant 0.0 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 1.0 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    %m = arith.addf %a, %b : f64
    noodle.yield %m : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    %m = arith.mulf %a, %b : f64
    noodle.yield %m : f64
  }
func.func @matmul_not_annihilating(%x: tensor<4xf64>, %a: tensor<4x4xf64, #csr>) {
  // expected-error@+1 {{operand #0 ('tensor<4x4xf64, #sparse_tensor.encoding<{ map = (d0, d1) -> (d0 : dense, d1 : compressed) }>>') is sparse, but semiring @plain does not declare 'annihilating'}}
  %z = noodle.matmul %a, %x {semiring = #noodle.semiring<@plain>} : tensor<4x4xf64, #csr>, tensor<4xf64> -> tensor<4xf64>
  return
}

// -----

func.func @mask_shape(%a: tensor<4xf64>, %m: tensor<5xi1>) {
  // expected-error@+1 {{operand #1 ('tensor<5xi1>') is the mask and must have the shape of the result ('tensor<4xf64>')}}
  %y = noodle.contract "i->i" (%a) mask(%m : tensor<5xi1>) {mask_valued} : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @mask_rank(%a: tensor<4xf64>, %m: tensor<4x1xi1>) {
  // expected-error@+1 {{operand #1 ('tensor<4x1xi1>') is the mask and must have the shape of the result ('tensor<4xf64>')}}
  %y = noodle.contract "i->i" (%a) mask(%m : tensor<4x1xi1>) {mask_valued} : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @mask_structural(%a: tensor<4xf64>, %m: tensor<4xi1>) {
  // expected-error@+1 {{operand #1 ('tensor<4xi1>') is a dense mask: all its entries are stored, so it needs 'mask_valued'}}
  %y = noodle.contract "i->i" (%a) mask(%m : tensor<4xi1>) : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @valued_without_mask(%a: tensor<4xf64>) {
  // expected-error@+1 {{'mask_valued' needs a mask}}
  %y = noodle.contract "i->i" (%a) {mask_valued} : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @complement_without_mask(%a: tensor<4xf64>) {
  // expected-error@+1 {{'mask_complement' needs a mask}}
  %y = noodle.contract "i->i" (%a) {mask_complement} : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @init_type(%a: tensor<4xf64>, %i: tensor<?xf64>) {
  // expected-error@+1 {{operand #1 ('tensor<?xf64>') is added to and must have the result's type ('tensor<4xf64>')}}
  %y = noodle.contract "i->i" (%a) into(%i : tensor<?xf64>) : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

func.func @init_type_beside_mask(%a: tensor<4xf64>, %m: tensor<4xi1>, %i: tensor<4xf32>) {
  // expected-error@+1 {{operand #2 ('tensor<4xf32>') is added to and must have the result's type ('tensor<4xf64>')}}
  %y = noodle.contract "i->i" (%a) mask(%m : tensor<4xi1>) into(%i : tensor<4xf32>) {mask_valued} : (tensor<4xf64>) -> tensor<4xf64>
  return
}

// -----

#coo = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : compressed(nonunique), d1 : singleton)}>
func.func @coo(%a: tensor<4x4xf64, #coo>) {
  // expected-error@+1 {{has an unsupported encoding; supported are CSR, CSC, COO, DCSR and BSR (blocks of at most 64 x 64) of rank 2, and compressed vectors, with posWidth and crdWidth of 0, 32 or 64}}
  %y = noodle.contract "ij->i" (%a) : (tensor<4x4xf64, #coo>) -> tensor<4xf64>
  return
}

// -----

#narrow = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 16, crdWidth = 32}>
func.func @width(%a: tensor<4x4xf64, #narrow>) {
  // expected-error@+1 {{has an unsupported encoding}}
  %y = noodle.contract "ij->i" (%a) : (tensor<4x4xf64, #narrow>) -> tensor<4xf64>
  return
}

// -----

#vector = #sparse_tensor.encoding<{map = (d0) -> (d0 : compressed(nonunique))}>
func.func @sparse_vector(%a: tensor<4xf64, #vector>) {
  // expected-error@+1 {{has an unsupported encoding}}
  %y = noodle.contract "i->i" (%a) : (tensor<4xf64, #vector>) -> tensor<4xf64>
  return
}

// -----

func.func @foreign_encoding(%a: tensor<4x4xf64>) {
  // expected-error@+1 {{result ('tensor<4x4xf64, "mine">') has an unsupported encoding}}
  %y = noodle.contract "ij->ij" (%a) : (tensor<4x4xf64>) -> tensor<4x4xf64, "mine">
  return
}

// -----

#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
func.func @coordinates(%a: tensor<4x2147483649xf64, #csr>) {
  // expected-error@+1 {{has coordinates that do not fit into 32 bits}}
  %y = noodle.contract "ij->i" (%a) : (tensor<4x2147483649xf64, #csr>) -> tensor<4xf64>
  return
}

// -----

func.func @size(%a: tensor<4294967296x4294967296xf64>) {
  // expected-error@+1 {{operand #0 ('tensor<4294967296x4294967296xf64>') has more than 2^63 - 1 bytes}}
  %y = noodle.contract "ij->i" (%a) : (tensor<4294967296x4294967296xf64>) -> tensor<?xf64>
  return
}

// -----

// The extents of an empty tensor are multiplied all the same, for its strides.
func.func @empty_size(%a: tensor<0x4294967296x4294967296xf64>) {
  // expected-error@+1 {{has more than 2^63 - 1 bytes}}
  %y = noodle.contract "ijk->i" (%a) : (tensor<0x4294967296x4294967296xf64>) -> tensor<?xf64>
  return
}

// -----

func.func @result_size(%a: tensor<4294967296xi1>) {
  // expected-error@+1 {{result ('tensor<4294967296x4294967296xi1>') has more than 2^63 - 1 bytes}}
  %y = noodle.contract "i,j->ij" (%a, %a) {semiring = #noodle.semiring<or_and>} : (tensor<4294967296xi1>, tensor<4294967296xi1>) -> tensor<4294967296x4294967296xi1>
  return
}

// -----

func.func @rank_limit(%a: tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1xf64>) {
  // expected-error@+1 {{has rank 33, above the limit of 32}}
  %y = noodle.contract "abcdefghijklmnopqrstuvwxyzABCDEFG->" (%a) : (tensor<1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1x1xf64>) -> tensor<f64>
  return
}

// -----

func.func @matmul_scalar(%a: tensor<f64>, %b: tensor<4xf64>) {
  // expected-error@+1 {{'noodle.matmul' op operand #0 ('tensor<f64>') must have rank 1 or more}}
  %y = noodle.matmul %a, %b : tensor<f64>, tensor<4xf64> -> tensor<f64>
  return
}

// -----

func.func @matmul_inner(%a: tensor<3x1xf64>, %b: tensor<4x5xf64>) {
  // expected-error@+1 {{operand #1 ('tensor<4x5xf64>') has extent 4 in dimension 0, but the last of operand #0 is 1}}
  %y = noodle.matmul %a, %b : tensor<3x1xf64>, tensor<4x5xf64> -> tensor<3x5xf64>
  return
}

// -----

func.func @matmul_batch(%a: tensor<2x3x4xf64>, %b: tensor<3x4x5xf64>) {
  // expected-error@+1 {{operand #1 ('tensor<3x4x5xf64>') has extent 3 in dimension 0 ('A'), but operand #0 has 2 in dimension 0}}
  %y = noodle.matmul %a, %b : tensor<2x3x4xf64>, tensor<3x4x5xf64> -> tensor<?x3x5xf64>
  return
}

// -----

func.func @matmul_result_rank(%a: tensor<3x4xf64>, %b: tensor<4xf64>) {
  // expected-error@+1 {{result ('tensor<3x1xf64>') must have rank 1}}
  %y = noodle.matmul %a, %b : tensor<3x4xf64>, tensor<4xf64> -> tensor<3x1xf64>
  return
}

// -----

func.func @matmul_result_extent(%a: tensor<3x4xf64>, %b: tensor<4xf64>) {
  // expected-error@+1 {{result type 'tensor<4xf64>' has extent 4 in dimension 0 ('m'), but the operands give 3}}
  %y = noodle.matmul %a, %b : tensor<3x4xf64>, tensor<4xf64> -> tensor<4xf64>
  return
}

// -----

func.func @matmul_elements(%a: tensor<3x4xf64>, %b: tensor<4xi64>) {
  // expected-error@+1 {{operand #1 ('tensor<4xi64>') must have element type 'f64', as operand #0 has}}
  %y = noodle.matmul %a, %b : tensor<3x4xf64>, tensor<4xi64> -> tensor<3xf64>
  return
}

// -----

func.func @matmul_semiring(%a: tensor<3x4xf64>, %b: tensor<4xf64>) {
  // expected-error@+1 {{'noodle.matmul' op no noodle.semiring is named @missing}}
  %y = noodle.matmul %a, %b {semiring = #noodle.semiring<@missing>} : tensor<3x4xf64>, tensor<4xf64> -> tensor<3xf64>
  return
}
