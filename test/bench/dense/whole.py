"""Whole programs beside op-by-op calls, torch.compile, JAX and IREE, each with
the time that compiling took: the set `programs`."""
import logging
import os
import time
import warnings

import numpy as np

from blas import NumPy
from measure import NOODLE, Contestant
from native import random
from noodle import Failed
from programs import PROGRAMS, InNumPy, in_jax, in_torch

# Called op by op; the others compile the program as a whole.
OP_BY_OP = ("NumPy", "torch ops")


def torch_peers(formula, arrays):
    import torch
    o, given = in_torch(torch), [torch.from_numpy(a) for a in arrays]
    kept = {}

    def contestant(name, function):
        def run():
            with torch.inference_mode():
                kept[name] = function(o, *given)
        return Contestant(name, run, lambda: kept[name].numpy(),
                          torch.set_num_threads), 0.0
    yield contestant("torch ops", formula)
    torch._dynamo.reset()
    compiled = torch.compile(formula)
    start = time.perf_counter()
    with torch.inference_mode():
        compiled(o, *given)
    seconds = time.perf_counter() - start
    yield contestant("torch.compile", compiled)[0], seconds


def jax_peers(formula, arrays, threads):
    import jax
    given = [jax.numpy.asarray(a) for a in arrays]
    o, kept = in_jax(jax), {}
    lowered = jax.jit(lambda *x: formula(o, *x)).lower(*given)
    start = time.perf_counter()
    compiled = lowered.compile()
    seconds = time.perf_counter() - start

    def run():
        kept["jax"] = compiled(*given).block_until_ready()
    yield Contestant("JAX", run, lambda: np.asarray(kept["jax"])), seconds

    import iree.compiler as compiler
    import iree.runtime as runtime
    text = str(lowered.compiler_ir("stablehlo"))
    start = time.perf_counter()
    binary = compiler.compile_str(
        text, target_backends=["llvm-cpu"], input_type="stablehlo",
        extra_args=["--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3"])
    seconds = time.perf_counter() - start
    config = runtime.Config("local-sync" if threads == 1 else "local-task")
    context = runtime.SystemContext(config=config)
    module = runtime.VmModule.copy_buffer(context.instance, binary)
    context.add_vm_module(module)
    main = context.modules[module.name]["main"]
    there = [runtime.asdevicearray(config.device, a) for a in arrays]

    def run_iree():
        kept["iree"] = main(*there)
    yield Contestant("IREE", run_iree,
                     lambda: kept["iree"].to_host()), seconds


def compile_seconds(bench, text, options):
    """One compilation in a process that has compiled before."""
    from noodle import Noodle
    other = Noodle(bench.options.build)
    start = time.perf_counter()
    other.bind(text, options, 1)
    return time.perf_counter() - start


def program(bench, name, n, threads, names, numpy):
    text, shapes, formula, flops = PROGRAMS[name](n)
    # Weights as small as a trained network's keep activations near 1.
    arrays = [random(shape, np.float32, i) for i, shape in enumerate(shapes)]
    for array in arrays[1:]:
        if name != "layer-norm chain" and name[:9] != "attention":
            array /= np.sqrt(array.shape[0]).astype(np.float32)
    kept = {}

    def in_numpy():
        kept["numpy"] = formula(InNumPy, *arrays)
    contestants = [Contestant("NumPy", in_numpy, lambda: kept["numpy"],
                              numpy.threads)]
    compiling = {"NumPy": 0.0}
    for group, make in (("torch", lambda: torch_peers(formula, arrays)),
                        ("jax, iree", lambda: jax_peers(formula, arrays,
                                                        threads))):
        try:
            for one, seconds in make():
                contestants.append(one)
                compiling[one.name] = seconds
        except Exception as why:  # each package has its own
            text_of = str(why).splitlines() or [type(why).__name__]
            bench.peers.absent[group] = text_of[0][:200]
    bound, label = None, f"{name} {n}"
    given = [(a, "f32") for a in arrays]
    try:
        bound = bench.noodle.bind(text, given, threads)
        compiling[NOODLE] = compile_seconds(bench, text, given)
        contestants.append(Contestant(NOODLE, bound.call,
                                      lambda: bound.result(np.float32)))
    except Failed as why:
        bench.failed.append(f"{label}: {why}")
    seconds = bench.compete(contestants, threads)
    wanted = formula(InNumPy, *[a.astype(np.float64) for a in arrays])
    for one in contestants:
        if not bench.check(f"{one.name} {label} {threads}t", one.value(),
                           wanted, 1e-3 * max(1, np.abs(wanted).max())):
            seconds.pop(one.name)
    row = bench.row(set="programs", shape=label, type="f32", threads=threads,
                    seconds=seconds, flops=flops, compile_seconds=compiling)
    bench.line(label, row, names, aim=1.0)
    bench.say(f"{'  compiling':30}" + "".join(
        f"{compiling.get(x, 0) * 1e3:>7.0f} ms" if compiling.get(x)
        else f"{'-':>10}" for x in names))
    steps = [seconds[x] for x in OP_BY_OP if x in seconds]
    if NOODLE in seconds and steps:
        row["over_op_by_op"] = min(steps) / seconds[NOODLE]
        bench.say(f"  {row['over_op_by_op']:.2f} of the best op by op")
    if bound:
        bound.release()


def programs(bench):
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"
    threads = bench.options.threads[0]
    numpy = NumPy(bench.peers)
    try:  # what a process pays once is not a program's compile time
        import torch
        torch.compile(lambda x: x + 1)(torch.zeros(64))
    except Exception as why:
        bench.peers.absent["torch"] = str(why).splitlines()[0][:200]
    names = ["NumPy", "torch ops", "torch.compile", "JAX", "IREE", NOODLE]
    bench.header(f"whole programs, f32, {threads} "
                 f"thread{'s' if threads > 1 else ''}", names)
    for n in bench.options.sizes or (256 if bench.options.quick else 1024,):
        for name in PROGRAMS:
            program(bench, name, n, threads, names, numpy)
