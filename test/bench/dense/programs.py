"""Whole programs: their texts for Noodle, and what they mean in NumPy, torch and
JAX. gelu is the form with tanh everywhere."""
import numpy as np

GELU = """    %half = arith.constant 0.5 : f32
    %one = arith.constant 1.0 : f32
    %c = arith.constant 0.044715 : f32
    %r = arith.constant 0.7978845608 : f32
    %x2 = arith.mulf %x, %x : f32
    %x3 = arith.mulf %x2, %x : f32
    %cx = arith.mulf %c, %x3 : f32
    %in = arith.addf %x, %cx : f32
    %rin = arith.mulf %r, %in : f32
    %th = math.tanh %rin : f32
    %on = arith.addf %one, %th : f32
    %hx = arith.mulf %half, %x : f32
    %g = arith.mulf %hx, %on : f32
    noodle.yield %g : f32
"""


def t(*shape):
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


def matmul_bias_gelu(n):
    m, v = t(n, n), t(1, n)
    text = f"""func.func @main(%a: {m}, %w: {m}, %b: {v}) -> {m} {{
  %p = noodle.matmul %a, %w : {m}, {m} -> {m}
  %y = noodle.map (%p, %b) : ({m}, {v}) -> {m} {{
  ^bb0(%u: f32, %k: f32):
    %x = arith.addf %u, %k : f32
{GELU}  }}
  return %y : {m}
}}
"""
    return (text, [(n, n), (n, n), (1, n)],
            lambda o, a, w, b: o.gelu(a @ w + b), 2.0 * n ** 3)


def mlp(n):
    rows, wide = max(8, n // 4), 4 * n
    x, h, v = t(rows, n), t(rows, wide), t(1, wide)
    w1, w2, u = t(n, wide), t(wide, n), t(1, n)
    text = f"""func.func @main(%a: {x}, %w1: {w1}, %b1: {v}, %w2: {w2},
                %b2: {u}) -> {x} {{
  %p = noodle.matmul %a, %w1 : {x}, {w1} -> {h}
  %h = noodle.map (%p, %b1) : ({h}, {v}) -> {h} {{
  ^bb0(%u: f32, %k: f32):
    %x = arith.addf %u, %k : f32
{GELU}  }}
  %q = noodle.matmul %h, %w2 : {h}, {w2} -> {x}
  %y = noodle.map (%q, %b2) : ({x}, {u}) -> {x} {{
  ^bb0(%u: f32, %k: f32):
    %s = arith.addf %u, %k : f32
    noodle.yield %s : f32
  }}
  return %y : {x}
}}
"""
    return (text, [(rows, n), (n, wide), (1, wide), (wide, n), (1, n)],
            lambda o, a, w, b, w2, b2: o.gelu(a @ w + b) @ w2 + b2,
            4.0 * rows * n * wide)


def attention(n):
    heads, width = 8, 64
    q, s = t(heads, n, width), t(heads, n, n)
    text = f"""func.func @main(%q: {q}, %k: {q}, %v: {q}) -> {q} {{
  %s = noodle.contract "hqd,hkd->hqk" (%q, %k) : ({q}, {q}) -> {s}
  %z = noodle.map (%s) : ({s}) -> {s} {{
  ^bb0(%x: f32):
    %c = arith.constant 0.125 : f32
    %y = arith.mulf %x, %c : f32
    noodle.yield %y : f32
  }}
  %p = noodle.softmax %z {{axis = 2 : i64}} : {s}
  %y = noodle.matmul %p, %v : {s}, {q} -> {q}
  return %y : {q}
}}
"""
    return (text, [(heads, n, width)] * 3,
            lambda o, q, k, v: o.softmax(q @ o.turned(k) * 0.125) @ v,
            4.0 * heads * n * n * width)


def layer_norms(n):
    rows = 4 * n
    x, v = t(rows, n), t(n)
    norm = f"scale(%sc : {v}) shift(%sh : {v}) {{epsilon = 1.0e-5 : f64}} : {x}"
    text = f"""func.func @main(%a: {x}, %q: {x}, %sc: {v}, %sh: {v}) -> {x} {{
  %s = noodle.map (%a, %q) : ({x}, {x}) -> {x} {{
  ^bb0(%u: f32, %k: f32):
    %w = arith.addf %u, %k : f32
    noodle.yield %w : f32
  }}
  %n = noodle.layer_norm %s {norm}
  %h = noodle.map (%n) : ({x}) -> {x} {{
  ^bb0(%x: f32):
{GELU}  }}
  %m = noodle.map (%h, %s) : ({x}, {x}) -> {x} {{
  ^bb0(%u: f32, %k: f32):
    %w = arith.addf %u, %k : f32
    noodle.yield %w : f32
  }}
  %y = noodle.layer_norm %m {norm}
  return %y : {x}
}}
"""

    def formula(o, a, r, g, b):
        s = a + r
        return o.norm(o.gelu(o.norm(s, g, b)) + s, g, b)
    return text, [(rows, n), (rows, n), (n,), (n,)], formula, 40.0 * rows * n


PROGRAMS = {"matmul+bias+gelu": matmul_bias_gelu, "two-layer MLP": mlp,
            "attention, 8 heads": attention, "layer-norm chain": layer_norms}


class InNumPy:
    """Op by op; in float64 it is the oracle."""

    @staticmethod
    def gelu(x):
        return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))

    @staticmethod
    def softmax(x):
        e = np.exp(x - x.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    @staticmethod
    def turned(x):
        return np.swapaxes(x, -1, -2)

    @staticmethod
    def norm(x, g, b):
        d = x - x.mean(-1, keepdims=True)
        return d / np.sqrt((d * d).mean(-1, keepdims=True) + 1e-5) * g + b


def in_torch(torch):
    class InTorch:
        gelu = staticmethod(lambda x: torch.nn.functional.gelu(
            x, approximate="tanh"))
        softmax = staticmethod(lambda x: torch.softmax(x, -1))
        turned = staticmethod(lambda x: x.transpose(-1, -2))
        norm = staticmethod(lambda x, g, b: torch.nn.functional.layer_norm(
            x, (x.shape[-1],), g, b, 1e-5))
    return InTorch


def in_jax(jax):
    class InJax:
        gelu = staticmethod(lambda x: jax.nn.gelu(x, approximate=True))
        softmax = staticmethod(lambda x: jax.nn.softmax(x, -1))
        turned = staticmethod(lambda x: jax.numpy.swapaxes(x, -1, -2))

        @staticmethod
        def norm(x, g, b):
            d = x - x.mean(-1, keepdims=True)
            return d * jax.lax.rsqrt((d * d).mean(-1, keepdims=True)
                                     + 1e-5) * g + b
    return InJax
