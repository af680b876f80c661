// RUN: noodle-opt %s --split-input-file --verify-diagnostics

noodle.diagram @two : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [X]>
  // expected-error @+1 {{@f is '!noodle.arrow<[X] -> [X]>' before}}
  %g = noodle.generator @f : !noodle.arrow<[X] -> [Y]>
  noodle.return %f : !noodle.arrow<[X] -> [X]>
}

// -----

// expected-error @+1 {{must return one '!noodle.arrow<[X] -> [Y]>'}}
noodle.diagram @type : !noodle.arrow<[X] -> [Y]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [X]>
  noodle.return %f : !noodle.arrow<[X] -> [X]>
}

// -----

noodle.diagram @entries : !noodle.arrow<[X] -> [X]> {
  // expected-error @+1 {{has no place in a diagram, which holds generator, apply, wires, diag, compose, tensor, add, dagger and trace}}
  %c = arith.constant 0 : i64
  %f = noodle.generator @f : !noodle.arrow<[X] -> [X]>
  noodle.return %f : !noodle.arrow<[X] -> [X]>
}

// -----

// expected-error @+1 {{maps object 'X' to ["Y"], but should to a list of extents or "?"}}
noodle.functor @f : f64, #noodle.semiring<plus_times> objects {X = ["Y"]} generators {}

// -----

// expected-error @+1 {{maps generator 'g' to}}
noodle.functor @f : f64, #noodle.semiring<plus_times> objects {X = [2]}
  generators {g = !noodle.hom<[2] -> [2], f32>}

// -----

noodle.diagram @d : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [Y]>
  %g = noodle.generator @g : !noodle.arrow<[Y] -> [X]>
  %h = noodle.compose %f, %g : (!noodle.arrow<[X] -> [Y]>, !noodle.arrow<[Y] -> [X]>) -> !noodle.arrow<[X] -> [X]>
  noodle.return %h : !noodle.arrow<[X] -> [X]>
}
!f = !noodle.hom<[2] -> [3], f64>
!g = !noodle.hom<[3] -> [2], f64>
!x = !noodle.hom<[2] -> [2], f64>
noodle.functor @short : f64, #noodle.semiring<plus_times>
  objects {X = [2], Y = [3]} generators {f = !f}
noodle.functor @right : f64, #noodle.semiring<plus_times>
  objects {X = [2], Y = [3]} generators {f = !f, g = !g}
func.func @apply(%f: !f, %g: !g) {
  %fine = noodle.apply @right to @d (f = %f, g = %g) : (!f, !g) -> !x
  // expected-error @+1 {{functor @short maps no generator 'g' of diagram @d}}
  %a = noodle.apply @short to @d (f = %f) : (!f) -> !x
  return
}

// -----

noodle.diagram @d : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [Y]>
  %g = noodle.generator @g : !noodle.arrow<[Y] -> [X]>
  %h = noodle.compose %f, %g : (!noodle.arrow<[X] -> [Y]>, !noodle.arrow<[Y] -> [X]>) -> !noodle.arrow<[X] -> [X]>
  noodle.return %h : !noodle.arrow<[X] -> [X]>
}
!f = !noodle.hom<[2] -> [3], f64>
!g = !noodle.hom<[3] -> [2], f64>
!x = !noodle.hom<[2] -> [2], f64>
noodle.functor @wrong : f64, #noodle.semiring<plus_times>
  objects {X = [2], Y = [3]} generators {f = !f, g = !f}
func.func @breaks_type(%f: !f, %g: !g) {
  // expected-error @+1 {{functor @wrong must map generator 'g' to a '!noodle.hom<[3] -> [2], f64>', but maps it to a '!noodle.hom<[2] -> [3], f64>'}}
  %a = noodle.apply @wrong to @d (f = %f, g = %f) : (!f, !f) -> !x
  return
}

// -----

noodle.diagram @d : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [Y]>
  %g = noodle.generator @g : !noodle.arrow<[Y] -> [X]>
  %h = noodle.compose %f, %g : (!noodle.arrow<[X] -> [Y]>, !noodle.arrow<[Y] -> [X]>) -> !noodle.arrow<[X] -> [X]>
  noodle.return %h : !noodle.arrow<[X] -> [X]>
}
!f = !noodle.hom<[2] -> [3], f64>
!g = !noodle.hom<[3] -> [2], f64>
!x = !noodle.hom<[2] -> [2], f64>
noodle.functor @blind : f64, #noodle.semiring<plus_times>
  objects {X = [2]} generators {f = !f, g = !g}
func.func @no_object(%f: !f, %g: !g) {
  // expected-error @+1 {{functor @blind maps no object 'Y'}}
  %a = noodle.apply @blind to @d (f = %f, g = %g) : (!f, !g) -> !x
  return
}

// -----

noodle.diagram @d : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [Y]>
  %g = noodle.generator @g : !noodle.arrow<[Y] -> [X]>
  %h = noodle.compose %f, %g : (!noodle.arrow<[X] -> [Y]>, !noodle.arrow<[Y] -> [X]>) -> !noodle.arrow<[X] -> [X]>
  noodle.return %h : !noodle.arrow<[X] -> [X]>
}
!f = !noodle.hom<[2] -> [3], f64>
!g = !noodle.hom<[3] -> [2], f64>
!x = !noodle.hom<[2] -> [2], f64>
noodle.functor @right : f64, #noodle.semiring<plus_times>
  objects {X = [2], Y = [3]} generators {f = !f, g = !g}
func.func @not_given(%f: !f) {
  // expected-error @+1 {{functor @right must map generator 'g' to a '!noodle.hom<[3] -> [2], f64>', but none is given; write (g = %value)}}
  %a = noodle.apply @right to @d (f = %f) : (!f) -> !x
  return
}

// -----

noodle.diagram @d : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [Y]>
  %g = noodle.generator @g : !noodle.arrow<[Y] -> [X]>
  %h = noodle.compose %f, %g : (!noodle.arrow<[X] -> [Y]>, !noodle.arrow<[Y] -> [X]>) -> !noodle.arrow<[X] -> [X]>
  noodle.return %h : !noodle.arrow<[X] -> [X]>
}
!f = !noodle.hom<[2] -> [3], f64>
!g = !noodle.hom<[3] -> [2], f64>
!x = !noodle.hom<[2] -> [2], f64>
noodle.functor @right : f64, #noodle.semiring<plus_times>
  objects {X = [2], Y = [3]} generators {f = !f, g = !g}
func.func @other_result(%f: !f, %g: !g) {
  // expected-error @+1 {{makes a '!noodle.hom<[2] -> [2], f64>' of @d, not a '!noodle.hom<[2] -> [3], f64>'}}
  %a = noodle.apply @right to @d (f = %f, g = %g) : (!f, !g) -> !f
  return
}

// -----

noodle.diagram @d : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [Y]>
  %g = noodle.generator @g : !noodle.arrow<[Y] -> [X]>
  %h = noodle.compose %f, %g : (!noodle.arrow<[X] -> [Y]>, !noodle.arrow<[Y] -> [X]>) -> !noodle.arrow<[X] -> [X]>
  noodle.return %h : !noodle.arrow<[X] -> [X]>
}
!f = !noodle.hom<[2] -> [3], f64>
!g = !noodle.hom<[3] -> [2], f64>
!x = !noodle.hom<[2] -> [2], f64>
noodle.functor @right : f64, #noodle.semiring<plus_times>
  objects {X = [2], Y = [3]} generators {f = !f, g = !g}
func.func @nowhere(%f: !f, %g: !g) {
  // expected-error @+1 {{no noodle.diagram is named @nothing}}
  %a = noodle.apply @right to @nothing (f = %f, g = %g) : (!f, !g) -> !x
  return
}

// -----

noodle.diagram @d : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [Y]>
  %g = noodle.generator @g : !noodle.arrow<[Y] -> [X]>
  %h = noodle.compose %f, %g : (!noodle.arrow<[X] -> [Y]>, !noodle.arrow<[Y] -> [X]>) -> !noodle.arrow<[X] -> [X]>
  noodle.return %h : !noodle.arrow<[X] -> [X]>
}
!f = !noodle.hom<[2] -> [3], f64>
!g = !noodle.hom<[3] -> [2], f64>
!x = !noodle.hom<[2] -> [2], f64>
func.func @no_functor() {
  // expected-error @+1 {{needs a functor, which gives the diagram entries}}
  %a = noodle.apply @d : () -> !x
  return
}

// -----

// Two diagrams that contain each other.
noodle.diagram @even : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [X]>
  %g = noodle.apply @odd : () -> !noodle.arrow<[X] -> [X]>
  noodle.return %g : !noodle.arrow<[X] -> [X]>
}
noodle.diagram @odd : !noodle.arrow<[X] -> [X]> {
  %g = noodle.apply @even : () -> !noodle.arrow<[X] -> [X]>
  noodle.return %g : !noodle.arrow<[X] -> [X]>
}
!x = !noodle.hom<[2] -> [2], f64>
noodle.functor @F : f64, #noodle.semiring<plus_times> objects {X = [2]} generators {f = !x}
func.func @recursive(%f: !x) {
  // expected-error @+1 {{diagram @even contains itself; diagrams do not recurse}}
  %a = noodle.apply @F to @even (f = %f) : (!x) -> !x
  return
}

// -----

// A functor that sends a box of a diagram to that diagram.
noodle.diagram @twice : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [X]>
  %g = noodle.compose %f, %f : (!noodle.arrow<[X] -> [X]>, !noodle.arrow<[X] -> [X]>) -> !noodle.arrow<[X] -> [X]>
  noodle.return %g : !noodle.arrow<[X] -> [X]>
}
!x = !noodle.hom<[2] -> [2], f64>
noodle.functor @F : f64, #noodle.semiring<plus_times> objects {X = [2]} generators {f = @twice}
func.func @recursive() {
  // expected-error @+1 {{diagram @twice contains itself; diagrams do not recurse}}
  %a = noodle.apply @F to @twice : () -> !x
  return
}

// -----

// Ever larger, through a functor of its own.
noodle.diagram @grow : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [X]>
  %g = noodle.apply @G to @grow : () -> !noodle.arrow<[X] -> [X]>
  noodle.return %g : !noodle.arrow<[X] -> [X]>
}
noodle.diagram @box : !noodle.arrow<[X] -> [X]> {
  %f = noodle.generator @f : !noodle.arrow<[X] -> [X]>
  noodle.return %f : !noodle.arrow<[X] -> [X]>
}
noodle.functor @G objects {X = ["X"]} generators {f = @box}
!x = !noodle.hom<[2] -> [2], f64>
noodle.functor @F : f64, #noodle.semiring<plus_times> objects {X = [2]} generators {f = !x}
func.func @recursive(%f: !x) {
  // expected-error @+1 {{diagram @grow contains itself; diagrams do not recurse}}
  %a = noodle.apply @F to @grow (f = %f) : (!x) -> !x
  return
}
