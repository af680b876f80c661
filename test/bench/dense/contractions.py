"""The tensor contractions of the TCCG suite, f32.

Springer and Bientinesi, "Design of a High-Performance GEMM-like Tensor-Tensor
Multiplication", ACM TOMS 44 (2018). The suite's dimensions are stored first one
fastest; here, where the last one is, every word is reversed: the same work on
the same bytes.
"""
import numpy as np

from blas import NumPy
from measure import NOODLE, Contestant, geomean
from native import aligned, random
from noodle import Failed

# C-A-B, extents of the letters in alphabetic order (single precision).
SUITE = (
    ("abcde-efbad-cf", (48, 36, 24, 36, 48, 36)),
    ("abcde-efcad-bf", (48, 24, 36, 36, 48, 36)),
    ("abcd-dbea-ec", (96, 84, 24, 96, 96)),
    ("abcde-ecbfa-fd", (48, 36, 36, 24, 48, 48)),
    ("abcd-deca-be", (96, 24, 84, 96, 84)),
    ("abc-bda-dc", (384, 384, 24, 384)),
    ("abcd-ebad-ce", (96, 84, 24, 84, 96)),
    ("abcdef-dega-gfbc", (24, 20, 20, 24, 20, 20, 24)),
    ("abcdef-dfgb-geac", (24, 20, 20, 24, 20, 20, 24)),
    ("abcdef-degb-gfac", (24, 20, 20, 24, 20, 20, 24)),
    ("abcdef-degc-gfab", (24, 20, 20, 24, 20, 20, 24)),
    ("abc-dca-bd", (384, 24, 376, 384)),
    ("abcd-ea-ebcd", (96, 84, 84, 84, 96)),
    ("abcd-eb-aecd", (96, 84, 84, 84, 96)),
    ("abcd-ec-abed", (96, 84, 84, 84, 96)),
    ("abc-adec-ebd", (96, 84, 84, 84, 96)),
    ("ab-cad-dcb", (384, 376, 384, 384)),
    ("ab-acd-dbc", (384, 376, 376, 384)),
    ("abc-acd-db", (384, 376, 376, 384)),
    ("abc-adc-bd", (384, 384, 376, 376)),
    ("ab-ac-cb", (7248, 7240, 7248)),
    ("abcd-aebf-fdec", (96, 84, 84, 84, 84, 96)),
    ("abcd-eafd-fbec", (96, 84, 84, 84, 96, 96)),
    ("abcd-aebf-dfce", (96, 84, 84, 96, 84, 84)),
)
QUICK = (2, 5, 7, 12, 17, 19)
# Longer ones are shrunk, all extents alike in steps of 4, so that a run of all
# of them takes a minute and not ten.
MOST_FLOPS = 1e10


def case(entry):
    """(equation of row-major operands, shapes of A, B, C, flops)."""
    words = [word[::-1] for word in entry[0].split("-")]
    extents = dict(zip("abcdefg", entry[1]))
    while 2.0 * np.prod(list(extents.values())) > MOST_FLOPS:
        scale = max(extents.values())
        extents = {letter: max(4, extent - max(4, extent * 4 // scale // 4 * 4))
                   for letter, extent in extents.items()}
    shapes = [tuple(extents[letter] for letter in word) for word in words]
    return (f"{words[1]},{words[2]}->{words[0]}", shapes[1], shapes[2],
            shapes[0], 2.0 * np.prod(list(extents.values())))


def program(equation, shapes, kind="f32"):
    a, b, c = (f"tensor<{'x'.join(map(str, s))}x{kind}>" for s in shapes)
    return (f"func.func @main(%a: {a}, %b: {b}) -> {c} {{\n"
            f'  %c = noodle.contract "{equation}" (%a, %b) : ({a}, {b}) -> {c}'
            f"\n  return %c : {c}\n}}\n")


def contraction(bench, entry, threads, names, tblis, numpy):
    equation, *shapes, flops = case(entry)
    a, b = (random(shape, np.float32, i) for i, shape in enumerate(shapes[:2]))
    results = {name: aligned(shapes[2], np.float32) for name in names[:-1]}
    contestants = []
    words = equation.replace("->", ",").split(",")
    if tblis:
        contestants.append(Contestant(
            "pytblis", lambda: tblis.mult(a, b, results["pytblis"], *words),
            lambda: results["pytblis"], tblis.set_num_threads))
    path = np.einsum_path(equation, a, b, optimize="optimal")[0]
    contestants.append(Contestant(
        "einsum", lambda: np.einsum(equation, a, b, out=results["einsum"],
                                    optimize=path),
        lambda: results["einsum"], numpy.threads))
    bound = None
    try:
        bound = bench.noodle.bind(program(equation, shapes),
                                  [(a, "f32"), (b, "f32")], threads)
        contestants.append(Contestant(NOODLE, bound.call,
                                      lambda: bound.result(np.float32)))
    except Failed as why:
        bench.failed.append(f"{entry[0]}: {why}")
    seconds = bench.compete(contestants, threads)
    wanted = np.einsum(equation, a.astype(np.float64), b.astype(np.float64),
                       optimize=path)
    # Sums of n terms are off by n u |A||B| at most (Higham, section 3.1), no
    # less than this. Without the size of results, those far above 1 fail for
    # every contestant.
    inner = flops / 2 / wanted.size
    allowed = (np.finfo(np.float32).eps * (inner + 2)
               * max(1.0, float(np.max(np.abs(wanted), initial=0))))
    for one in contestants:
        if not bench.check(f"{one.name} {entry[0]} {threads}t", one.value(),
                           wanted, allowed):
            seconds.pop(one.name)
    shape = ",".join("x".join(map(str, s)) for s in shapes[:2])
    row = bench.row(set="tccg", shape=entry[0], type="f32", threads=threads,
                    seconds=seconds, flops=flops, extents=shape)
    bench.line(entry[0], row, names, flops, f" {shape}", aim=1.2)
    if bound:
        bound.release()
    return row


def tccg(bench):
    try:
        import pytblis as tblis
    except ImportError as why:
        tblis = None
        bench.peers.absent["pytblis"] = str(why)
    numpy = NumPy(bench.peers)
    names = (["pytblis"] if tblis else []) + ["einsum", NOODLE]
    entries = [SUITE[i] for i in QUICK] if bench.options.quick else SUITE
    for threads in bench.options.threads:
        bench.header(f"TCCG contractions, f32, {threads} "
                     f"thread{'s' if threads > 1 else ''}: GFLOP/s "
                     f"(at most {MOST_FLOPS * 1e-9:.0f} GFLOP each)", names)
        rows = [contraction(bench, entry, threads, names, tblis, numpy)
                for entry in entries]
        for peer in names[:-1]:
            both = [row["seconds"][peer] / row["seconds"][NOODLE]
                    for row in rows
                    if peer in row["seconds"] and NOODLE in row["seconds"]]
            if both:
                bench.say(f"noodle over {peer}: geometric mean "
                          f"{geomean(both):.2f}, worst {min(both):.2f}")
