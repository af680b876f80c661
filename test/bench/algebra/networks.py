"""Orders of tensor networks beside cotengra's: multiplications and planning.

Noodle plans as a program gets planned, by noodle-opt; cotengra searches for so
many seconds on one core. The networks are random, from one seed, in the
families of the einsum benchmark: regular graphs, lattices, trees with some more
edges, hypergraphs."""
import json
import os
import random
import re
import subprocess
import tempfile


def edge(network, tensors, extent):
    extents, operands = network
    for tensor in tensors:
        operands[tensor].append(len(extents))
    extents.append(extent)


def regular(count, degree, chance):
    while True:
        ends = [k for k in range(count) for _ in range(degree)]
        chance.shuffle(ends)
        pairs = list(zip(ends[::2], ends[1::2]))
        if all(x != y for x, y in pairs):
            network = [], [[] for _ in range(count)]
            for pair in pairs:
                edge(network, pair, chance.choice((2, 3)))
            return network


def lattice(*shape, extent=2):
    strides = [1]
    for side in shape[:0:-1]:
        strides.insert(0, strides[0] * side)
    count = strides[0] * shape[0]
    network = [], [[] for _ in range(count)]
    for k in range(count):
        for side, stride in zip(shape, strides):
            if k // stride % side + 1 < side:
                edge(network, (k, k + stride), extent)
    return network


def tree(count, chance, more, ends):
    """`more` further edges of so many ends each."""
    network = [], [[] for _ in range(count)]
    for k in range(1, count):
        edge(network, (k, chance.randrange(k)), 2)
    for _ in range(more):
        edge(network, chance.sample(range(count), ends), 2)
    return network


def families():
    chance = random.Random(7)
    yield "regular 3, 10", regular(10, 3, chance)
    yield "regular 3, 50", regular(50, 3, chance)
    yield "regular 3, 100", regular(100, 3, chance)
    yield "regular 3, 200", regular(200, 3, chance)
    yield "regular 4, 60", regular(60, 4, chance)
    yield "lattice 4x4x5", lattice(4, 4, 5)
    yield "lattice 12x12", lattice(12, 12)
    yield "tree, 200", tree(200, chance, 20, 2)
    yield "hypergraph, 100", tree(100, chance, 33, 3)
    yield "hypergraph, 200", tree(200, chance, 66, 3)


def program(network):
    extents, operands = network
    types = ["tensor<" + "".join(f"{extents[k]}x" for k in letters) + "f64>"
             for letters in operands]
    equation = ", ".join(" ".join(f"x{k}" for k in letters)
                         for letters in operands)
    names = [f"%t{k}" for k in range(len(operands))]
    given = ", ".join(f"{n}: {t}" for n, t in zip(names, types))
    return (f"func.func @main({given}) -> tensor<f64> {{\n  %r = "
            f"noodle.contract \"{equation} ->\" ({', '.join(names)}) : "
            f"({', '.join(types)}) -> tensor<f64>\n"
            "  return %r : tensor<f64>\n}\n")


def planned(build, network, thorough):
    """(multiplications, seconds of the planning pass)"""
    with tempfile.NamedTemporaryFile("w", suffix=".mlir") as file:
        file.write(program(network))
        file.flush()
        done = subprocess.run(
            [os.path.join(build, "bin", "noodle-opt"), "--noodle-elaborate",
             # What is searched for is the order, whatever it would take.
             "--noodle-plan-contractions=memory-limit=1000000000000000"
             + (" thorough" if thorough else ""), "--mlir-timing", file.name],
            capture_output=True, text=True, check=False)
    said = re.search(r"(\w+), ([\d.e+]+) multiplications", done.stdout)
    took = re.search(r"([\d.]+) \([^)]*\)\s+NoodlePlanContractions",
                     done.stderr)
    if not (said and took):
        return None
    return float(said[2]), float(took[1])


SEARCH = """
import json, sys, cotengra
inputs, output, sizes, seconds = json.load(sys.stdin)
found = cotengra.HyperOptimizer(
    minimize="flops", max_time=seconds, max_repeats=1000000, parallel=False,
    progbar=False)
tree = found.search(inputs, output, sizes)
print(json.dumps(float(tree.contraction_cost())))
"""


def searched(peers, network, seconds):
    extents, operands = network
    # It takes letters of one character.
    given = json.dumps([[[chr(0x4E00 + k) for k in letters]
                         for letters in operands], [],
                        {chr(0x4E00 + k): e for k, e in enumerate(extents)},
                        seconds])
    done = subprocess.run([peers.python, "-c", SEARCH], input=given, text=True,
                          capture_output=True, check=False)
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return None


def compare(options, peers):
    """As programs are planned, and thoroughly, as those of more than 3e10
    multiplications are."""
    print(f"\nOrders beside cotengra's best of {options.search:.0f} s\n"
          f"{'':16}{'tensors':>8}{'cotengra':>11}{'noodle':>11}{'in':>10}"
          f"{'ratio':>7}{'thorough':>11}{'in':>10}{'ratio':>7}")
    rows = []
    for name, network in families():
        found = [planned(options.build, network, thorough)
                 for thorough in (False, True)]
        if None in found:
            print(f"FAILED {name}: no plan")
            rows.append({"name": name, "failed": True})
            continue
        theirs = searched(peers, network, options.search)
        rows.append({"name": name, "tensors": len(network[1]),
                     "cotengra": theirs, "search": options.search,
                     "quick": found[0], "thorough": found[1]})
        print(f"{name:16}{len(network[1]):>8}"
              + (f"{theirs:>11.3g}" if theirs else f"{'absent':>11}")
              + "".join(f"{flops:>11.3g}{seconds * 1e3:>7.1f} ms"
                        + (f"{flops / theirs:>7.2f}" if theirs else f"{'':7}")
                        for flops, seconds in found), flush=True)
    return rows
