#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Gives noodle-jit everything that is wrong and watches how it takes it.

Each case must end with its exit code (1, or 2 for usage), one error line on
stderr that holds the expected text, nothing on stdout, no output file, in under
a second and under 64 MB above an empty run of the same tool. Prints a line per
fault and the count at the end.

usage: run_corpus.py NOODLE_JIT FOLDER [SECONDS]
"""
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
CSR = ("#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, "
       "d1 : compressed), posWidth = 32, crdWidth = 32}>\n")
GOOD_VECTOR = ("func.func @main(%x: tensor<2xf64>) -> tensor<2xf64> {\n"
               "  return %x : tensor<2xf64>\n}\n")
SPARSE = CSR + ("func.func @main(%a: tensor<?x?xf64, #csr>, %x: tensor<?xf64>)"
                " -> tensor<?xf64> {\n  %y = noodle.matmul %a, %x : "
                "tensor<?x?xf64, #csr>, tensor<?xf64> -> tensor<?xf64>\n"
                "  return %y : tensor<?xf64>\n}\n")
DENSE = SPARSE.replace(", #csr", "")
LOOP = """func.func @main(%n: i64) -> i64 {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %r = scf.while (%i = %zero) : (i64) -> i64 {
    %go = arith.cmpi sge, %i, %zero : i64
    scf.condition(%go) %i : i64
  } do {
  ^bb0(%i: i64):
    %odd = arith.ori %i, %one : i64
    scf.yield %odd : i64
  }
  return %r : i64
}
"""
COUNTED = """func.func @main(%n: i64) -> i64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %cn = arith.constant 4611686018427387904 : index
  %r = scf.for %i = %c0 to %cn step %c1 iter_args(%s = %n) -> (i64) {
    %t = arith.muli %s, %s : i64
    %u = arith.xori %t, %s : i64
    scf.yield %u : i64
  }
  return %r : i64
}
"""


def contract(equation, operands, result, types, extra=""):
    """A main around one contraction over the given operand types."""
    parameters = ", ".join(f"%a{k}: {t}" for k, t in enumerate(types))
    return (f"func.func @main({parameters}) -> {result} {{\n"
            f"  %r = noodle.contract \"{equation}\" ({operands}){extra} : "
            f"({', '.join(types)}) -> {result}\n"
            f"  return %r : {result}\n}}\n")


def op(text, parameters, result):
    return (f"func.func @main({parameters}) -> {result} {{\n  %r = {text}\n"
            f"  return %r : {result}\n}}\n")


# name, program, expected text
PROGRAMS = [
    ("empty", "", "no function @main"),
    ("blank", "  \n\n", "no function @main"),
    ("garbage", "\x01\x02 not a program", "error:"),
    ("nul-bytes", "func.func @main() {\0\0 return }", "error:"),
    ("binary", "ML\xefR\x01\x02\x03\x04", "error:"),
    ("cut", GOOD_VECTOR[:50], "error:"),
    ("other-entry", GOOD_VECTOR.replace("@main", "@other"), "no function @main"),
    ("private-entry", GOOD_VECTOR.replace("func.func @", "func.func private @"),
     "@main"),
    ("declared-only", "func.func private @main(tensor<2xf64>)", "@main"),
    ("unknown-dialect", "func.func @main() { nosuch.op\n return }", "nosuch"),
    ("unknown-op", "func.func @main() { noodle.nosuch\n return }", "nosuch"),
    ("deep-brackets", "[" * 20000, "nest"),
    ("deep-regions", "module {" * 5000 + "}" * 5000, "nest"),
    ("deep-types", "func.func @main(%a: " + "tuple<" * 5000 + "i1" + ">" * 5000
     + ") { return }", "nest"),
    ("deep-parentheses", "func.func @main() -> " + "(" * 5000, "nest"),
    ("undefined-value", "func.func @main() -> i64 { return %x : i64 }", "undeclared"),
    ("wrong-return", "func.func @main() -> i64 { return }", "error:"),
    ("bad-equation", contract("ij,jk", "%a0, %a1", "tensor<2x2xf64>",
                              ["tensor<2x2xf64>"] * 2), "->"),
    ("equation-operands", contract("ij,jk->ik", "%a0", "tensor<2x2xf64>",
                                   ["tensor<2x2xf64>"]), "operand"),
    ("equation-rank", contract("ijk->ik", "%a0", "tensor<2x2xf64>",
                               ["tensor<2x2xf64>"]), "rank"),
    ("equation-extents", contract("ij,jk->ik", "%a0, %a1", "tensor<2x2xf64>",
                                  ["tensor<2x3xf64>", "tensor<4x2xf64>"]),
     "error:"),
    ("equation-repeated-output", contract("ij->ii", "%a0", "tensor<2x2xf64>",
                                          ["tensor<2x2xf64>"]), "error:"),
    ("equation-symbol", contract("i!->i", "%a0", "tensor<2xf64>",
                                 ["tensor<2xf64>"]), "error:"),
    ("result-extent", contract("ij->i", "%a0", "tensor<5xf64>",
                               ["tensor<2x3xf64>"]), "error:"),
    ("result-rank", contract("ij->i", "%a0", "tensor<2x3xf64>",
                             ["tensor<2x3xf64>"]), "error:"),
    ("semiring-unknown", contract("ij->i", "%a0", "tensor<2xf64>",
                                  ["tensor<2x3xf64>"],
                                  " {semiring = #noodle.semiring<min_max_plus>}"),
     "min_max_plus"),
    ("semiring-symbol", contract("ij->i", "%a0", "tensor<2xf64>",
                                 ["tensor<2x3xf64>"],
                                 " {semiring = #noodle.semiring<@nosuch>}"),
     "nosuch"),
    ("semiring-type", contract("ij->i", "%a0", "tensor<2xf64>",
                               ["tensor<2x3xf64>"],
                               " {semiring = #noodle.semiring<or_and>}"),
     "or_and"),
    ("element-f128", contract("ij->i", "%a0", "tensor<2xf128>",
                              ["tensor<2x3xf128>"]), "f128"),
    ("element-complex-f16", contract("ij->i", "%a0", "tensor<2xcomplex<f16>>",
                                     ["tensor<2x3xcomplex<f16>>"]),
     "complex<f16>"),
    ("semiring-complex", contract("ij->i", "%a0", "tensor<2xcomplex<f64>>",
                                  ["tensor<2x3xcomplex<f64>>"],
                                  " {semiring = #noodle.semiring<min_plus>}"),
     "have no order"),
    ("element-mixed", contract("ij,j->i", "%a0, %a1", "tensor<2xf64>",
                               ["tensor<2x3xf64>", "tensor<3xf32>"]), "error:"),
    ("unranked", contract("ij->i", "%a0", "tensor<2xf64>", ["tensor<*xf64>"]),
     "error:"),
    ("coo", "#coo = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : "
     "compressed(nonunique), d1 : singleton)}>\n"
     + contract("ij->i", "%a0", "tensor<2xf64>", ["tensor<2x3xf64, #coo>"]),
     "error:"),
    ("extent-negative", "func.func @main(%a: tensor<-2xf64>) { return }",
     "error:"),
    ("extent-2^63", "func.func @main(%a: tensor<9223372036854775808xf64>) "
     "{ return }", "error:"),
    ("extents-overflow", op("noodle.transpose %a {permutation = array<i64: 1, 0>}"
     " : tensor<4294967296x4294967296xf64> -> "
     "tensor<4294967296x4294967296xf64>",
     "%a: tensor<4294967296x4294967296xf64>",
     "tensor<4294967296x4294967296xf64>"), "error:"),
    ("softmax-axis", op("noodle.softmax %a {axis = 2 : i64} : tensor<2x2xf64>",
                        "%a: tensor<2x2xf64>", "tensor<2x2xf64>"), "axis"),
    ("softmax-negative", op("noodle.softmax %a {axis = -1 : i64} : "
                            "tensor<2x2xf64>", "%a: tensor<2x2xf64>",
                            "tensor<2x2xf64>"), "axis"),
    ("softmax-ints", op("noodle.softmax %a {axis = 0 : i64} : tensor<2xi32>",
                        "%a: tensor<2xi32>", "tensor<2xi32>"), "error:"),
    ("reduce-dims", op("noodle.reduce %a {dims = array<i64: 7>} : "
                       "tensor<2x2xf64> -> tensor<2xf64>",
                       "%a: tensor<2x2xf64>", "tensor<2xf64>"), "error:"),
    ("reduce-twice", op("noodle.reduce %a {dims = array<i64: 0, 0>} : "
                        "tensor<2x2xf64> -> tensor<f64>",
                        "%a: tensor<2x2xf64>", "tensor<f64>"), "error:"),
    ("transpose-permutation", op("noodle.transpose %a {permutation = "
     "array<i64: 0, 0>} : tensor<2x3xf64> -> tensor<2x3xf64>",
     "%a: tensor<2x3xf64>", "tensor<2x3xf64>"), "permutation"),
    ("concat-extents", op("noodle.concat (%a, %a) {axis = 0 : i64} : "
     "(tensor<2x3xf64>, tensor<2x3xf64>) -> tensor<5x3xf64>",
     "%a: tensor<2x3xf64>", "tensor<5x3xf64>"), "error:"),
    ("gather-rank", op("noodle.gather %a[%i] {axis = 0 : i64} : "
     "tensor<2x3xf64>, tensor<2xi64> -> tensor<2xf64>",
     "%a: tensor<2x3xf64>, %i: tensor<2xi64>", "tensor<2xf64>"), "error:"),
    ("map-arguments", op("noodle.map (%a) : (tensor<2xf64>) -> tensor<2xf64> {\n"
     "^bb0(%x: f32):\n noodle.yield %x : f32 }", "%a: tensor<2xf64>",
     "tensor<2xf64>"), "error:"),
    ("map-callee", op("noodle.map @nosuch (%a) : (tensor<2xf64>) -> "
     "tensor<2xf64>", "%a: tensor<2xf64>", "tensor<2xf64>"), "nosuch"),
    ("unknown-attribute", "module attributes {noodle.nosuch = 1 : i64} {"
     + GOOD_VECTOR + "}", "noodle.nosuch"),
    ("fp-policy", "module attributes {noodle.fp = #noodle.fp<quick>} {"
     + GOOD_VECTOR + "}", "strict, reassoc, fast"),
    ("other-dialect", "func.func @main(%a: memref<2xf64>) { return }",
     "error:"),
    ("external-call", "func.func private @system(i64)\nfunc.func @main(%a: i64)"
     " { call @system(%a) : (i64) -> ()\n return }", "@system"),
    ("llvm-dialect", "llvm.func @main() { llvm.return }", "llvm."),
    ("recursion", "func.func @main(%a: i64) -> i64 { %r = call @main(%a) : "
     "(i64) -> i64\n return %r : i64 }", "error:"),
    ("not-a-semiring", "noodle.semiring @s : f64 traits <commutative> zero {\n"
     "%c = arith.constant 0.0 : f64\n noodle.yield %c : f64 } one {\n"
     "%c = arith.constant 1.0 : f64\n noodle.yield %c : f64 } add {\n"
     "^bb0(%a: f64, %b: f64):\n%c = arith.subf %a, %b : f64\n"
     "noodle.yield %c : f64 } mul {\n^bb0(%a: f64, %b: f64):\n"
     "%c = arith.mulf %a, %b : f64\n noodle.yield %c : f64 }\n"
     + contract("ij->i", "%a0", "tensor<2xf64>", ["tensor<2x3xf64>"],
                " {semiring = #noodle.semiring<@s>}"), "error:"),
]

# name, program, arguments, exit code, expected text
RUNS = [
    ("no-arguments", GOOD_VECTOR, [], 1, "argument"),
    ("too-many", GOOD_VECTOR, ["--arg", "ones", "--arg", "ones"], 1, "argument"),
    ("missing-npy", GOOD_VECTOR, ["--arg", "nosuch.npy"], 1, "nosuch.npy"),
    ("missing-mtx", SPARSE, ["--arg", "nosuch.mtx", "--arg", "x.npy"], 1,
     "nosuch.mtx"),
    ("unknown-extension", GOOD_VECTOR, ["--arg", "program.txt"], 1,
     "program.txt"),
    ("folder", GOOD_VECTOR, ["--arg", "folder.npy"], 1, "folder.npy"),
    ("scalar-for-tensor", GOOD_VECTOR, ["--arg", "3.5"], 1, "tensor"),
    ("shape", GOOD_VECTOR, ["--arg", "x3.npy"], 1, "3"),
    ("dtype", GOOD_VECTOR, ["--arg", "x2i.npy"], 1, "f64"),
    ("rank", GOOD_VECTOR, ["--arg", "m22.npy"], 1, "rank"),
    ("npy-for-sparse", SPARSE, ["--arg", "m22.npy", "--arg", "x.npy"], 1,
     "a .npy file is dense"),
    ("shapes-disagree", SPARSE, ["--arg", "good.mtx", "--arg", "x.npy"], 1,
     "disagree"),
    ("dense-disagree", DENSE, ["--arg", "m22.npy", "--arg", "x3.npy"], 1,
     "disagree"),
    ("unwritable", GOOD_VECTOR, ["--arg", "x.npy", "--out",
                                 "nosuch/folder/y.npy"], 1, "nosuch/folder"),
    ("out-is-folder", GOOD_VECTOR, ["--arg", "x.npy", "--out", "folder.npy"], 1,
     "folder.npy"),
    ("too-many-outs", GOOD_VECTOR, ["--arg", "x.npy", "--out", "y.npy", "--out",
                                    "z.npy"], 1, "result"),
    ("entry", GOOD_VECTOR, ["-e", "nosuch"], 1, "nosuch"),
    ("deadline-while", LOOP, ["--arg", "1", "--deadline", "50"], 1, "deadline"),
    ("deadline-for", COUNTED, ["--arg", "1", "--deadline", "50"], 1,
     "deadline"),
    ("memory", "func.func @main(%n: i64) -> tensor<?xf64> {\n%i = "
     "arith.index_cast %n : i64 to index\n%v = arith.constant 1.0 : f64\n"
     "%t = tensor.splat %v[%i] : tensor<?xf64>\nreturn %t : tensor<?xf64> }",
     ["--arg", "100000000", "--mem-limit", "1000000"], 1, "memory"),
    ("memory-2^62", "func.func @main(%n: i64) -> tensor<?xf64> {\n%i = "
     "arith.index_cast %n : i64 to index\n%v = arith.constant 1.0 : f64\n"
     "%t = tensor.splat %v[%i] : tensor<?xf64>\nreturn %t : tensor<?xf64> }",
     ["--arg", "4611686018427387904"], 1, "overflows"),
    ("scalar-text", LOOP, ["--arg", "three"], 1, "three"),
    ("scalar-fraction", LOOP, ["--arg", "1.5"], 1, "1.5"),
    ("scalar-nan", LOOP, ["--arg", "nan"], 1, "nan"),
    ("scalar-range", LOOP, ["--arg", "9223372036854775808"], 1,
     "9223372036854775808"),
    ("zeros-dynamic", DENSE, ["--arg", "zeros", "--arg", "zeros"], 1, "shape"),
    ("check", "func.func @main(%n: i64) -> i64 { %c = arith.constant 5 : i64\n"
     "%ok = arith.cmpi slt, %n, %c : i64\nnoodle.check %ok, \"n is too big\"\n"
     "return %n : i64 }", ["--arg", "9"], 1, "n is too big"),
    ("gather-range", op("noodle.gather %a[%i] {axis = 0 : i64} : tensor<2xf64>,"
     " tensor<2xi32> -> tensor<2xf64>", "%a: tensor<2xf64>, %i: tensor<2xi32>",
     "tensor<2xf64>"), ["--arg", "x.npy", "--arg", "x2i.npy"], 1, "index"),
    ("strict", op("noodle.softmax %a {axis = 0 : i64, strategy = "
     "#noodle.strategy<reference>} : tensor<2xf64>", "%a: tensor<2xf64>",
     "tensor<2xf64>"), ["--arg", "x.npy", "--strict"], 1, "strict"),
    ("flag-unknown", GOOD_VECTOR, ["--nosuch"], 2, "--nosuch"),
    ("flag-without-value", GOOD_VECTOR, ["--arg"], 2, "--arg"),
    ("emit-unknown", GOOD_VECTOR, ["--emit", "nosuch"], 2, "nosuch"),
    ("strategy-unknown", GOOD_VECTOR, ["--strategy", "nosuch"], 2, "nosuch"),
    ("fp-unknown", GOOD_VECTOR, ["--fp", "nosuch"], 2, "nosuch"),
    ("threads-text", GOOD_VECTOR, ["--threads", "many"], 2, "many"),
    ("threads-negative", GOOD_VECTOR, ["--threads", "-1"], 2, "-1"),
    ("deadline-text", GOOD_VECTOR, ["--deadline", "soon"], 2, "soon"),
    ("repeat-zero", GOOD_VECTOR, ["--repeat", "0"], 2, "0"),
    ("duplicates-unknown", GOOD_VECTOR, ["--duplicates", "nosuch"], 2,
     "nosuch"),
    ("two-programs", GOOD_VECTOR, ["other.mlir"], 2, "other.mlir"),
]


def npy(descr, shape, data):
    head = (f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, "
            "}").encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return (b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head +
            data)


def write_helpers(folder):
    import struct
    doubles = lambda *v: struct.pack(f"<{len(v)}d", *v)
    files = {
        "x.npy": npy("<f8", "(2,)", doubles(1, 2)),
        "x3.npy": npy("<f8", "(3,)", doubles(1, 2, 3)),
        "x2i.npy": npy("<i4", "(2,)", struct.pack("<2i", 0, 7)),
        "m22.npy": npy("<f8", "(2, 2)", doubles(1, 2, 3, 4)),
        "good.mtx": b"%%MatrixMarket matrix coordinate real general\n"
                    b"3 3 1\n1 2 1.5\n",
        "program.txt": b"1 2 3\n",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "folder.npy").mkdir(exist_ok=True)


def run(command, folder):
    """Exit code, stdout, stderr, seconds, peak bytes."""
    out, err = folder / ".stdout", folder / ".stderr"
    start = time.monotonic()
    with open(out, "wb") as o, open(err, "wb") as e:
        child = subprocess.Popen(command, cwd=folder, stdout=o, stderr=e,
                                 stdin=subprocess.DEVNULL)
        signal.signal(signal.SIGALRM, lambda *_: child.kill())
        signal.alarm(20)
        _, status, usage = os.wait4(child.pid, 0)
        signal.alarm(0)
    code = os.waitstatus_to_exitcode(status)
    return (code, out.read_text(errors="replace"),
            err.read_text(errors="replace"), time.monotonic() - start,
            usage.ru_maxrss * 1024)


def main():
    jit, folder = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    write_helpers(folder)
    cases = []
    for name, text, expected in PROGRAMS:
        path = folder / f"{name}.mlir"
        path.write_bytes(text.encode("latin-1"))
        cases.append((name, [str(path)], 1, expected))
    for name, text, arguments, code, expected in RUNS:
        path = folder / f"run-{name}.mlir"
        path.write_text(text)
        cases.append((name, [str(path)] + arguments, code, expected))
    cases.append(("no-program", [], 2, "program"))
    cases.append(("missing-program", ["nosuch.mlir"], 1, "nosuch.mlir"))
    cases.append(("program-is-folder", ["folder.npy"], 1, "folder.npy"))
    corpus = folder / "io"
    corpus.mkdir(exist_ok=True)
    manifest = subprocess.run([sys.executable, HERE / "make_io_corpus.py",
                               corpus], check=True, capture_output=True,
                              text=True).stdout
    sparse, vector = folder / "sparse.mlir", folder / "vector.mlir"
    sparse.write_text(SPARSE)
    vector.write_text(DENSE)
    for line in manifest.splitlines():
        name, expected = line.split("\t")
        if name.endswith(".npy"):
            arguments = [str(vector), "--arg", f"io/{name}", "--arg", "x.npy"]
        else:
            arguments = [str(sparse), "--arg", f"io/{name}", "--arg", "x.npy"]
        cases.append((f"io/{name}", arguments, 1, expected))

    empty = run([jit, "--version"], folder)[4]
    faults = 0
    for name, arguments, code, expected in cases:
        out = folder / "out.npy"
        command = [jit] + arguments
        if code == 1 and "--out" not in arguments:
            command += ["--out", str(out)]
        got, stdout, stderr, took, peak = run(command, folder)
        errors = [l for l in stderr.splitlines() if "error:" in l]
        problems = []
        if got != code:
            problems.append(f"exit code {got} instead of {code}")
        if len(errors) != 1:
            problems.append(f"{len(errors)} error lines")
        if expected not in stderr + stderr.replace(": error: ", ": "):
            problems.append(f"no '{expected}' in the message")
        if stdout:
            problems.append("prints on stdout")
        if out.exists():
            problems.append("leaves an output file")
            out.unlink()
        if took > seconds:
            problems.append(f"takes {took:.2f} s")
        if peak > empty + (64 << 20):
            problems.append(f"takes {(peak - empty) >> 20} MB over an empty run")
        if problems:
            faults += 1
            print(f"{name}: {'; '.join(problems)}: {stderr.strip()[:300]}")
    left = [p.name for p in folder.iterdir() if p.suffix == ".npy"
            and p.name not in ("x.npy", "x3.npy", "x2i.npy", "m22.npy",
                               "folder.npy")]
    if left:
        faults += 1
        print(f"left behind: {' '.join(left)}")
    print(f"{len(cases)} malformed inputs, {faults} taken badly")
    return 1 if faults else 0


sys.exit(main())
