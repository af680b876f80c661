#!/usr/bin/env python3
"""Makes, or checks, the archive that is carried to a GPU machine.

    pack.py --build FOLDER [--out FILE]    make it
    pack.py --build FOLDER --check         make a quick one and check it

What is in it runs where there is a driver and glibc 2.36, and nothing else:
one program (the check, and noodle-jit by its other name), the examples, and the
latency benchmark's programs. `run` in it does all.
"""
import argparse
import io
import lzma
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LLVM_BIN = "/usr/lib/llvm-22/bin"
NAME = "noodle-gpu-pack"
MOST_BYTES = 45_000_000
LIBRARIES = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
GLIBC = (2, 36)
SECONDS = 120


class Wrong(Exception):
    """What is wrong with the archive."""


def tool(name):
    path = os.path.join(LLVM_BIN, "llvm-" + name)
    found = path if os.path.exists(path) else shutil.which(name)
    if not found:
        sys.exit(f"pack.py: no {name}: run tools/dev setup")
    return found


def output(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          text=True, errors="replace", timeout=SECONDS,
                          check=False, **options)
    return done.returncode, done.stdout


def files():
    """Pairs of a path in the archive and a file here, by git's list."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others",
         "--exclude-standard", "examples", "test/bench/latency"],
        stdout=subprocess.PIPE, check=False).stdout.decode().split("\0")
    for path in sorted(filter(None, listed)):
        if path.startswith("examples/embed/"):
            continue
        if path.startswith("examples/"):
            yield path, os.path.join(ROOT, path)
        elif path.endswith(".mlir"):
            yield "bench/" + os.path.basename(path), os.path.join(ROOT, path)
    for name in ("run", "README.txt"):
        yield name, os.path.join(HERE, "pack", name)
    yield "LICENSE", os.path.join(ROOT, "LICENSE")


def strip(program, folder):
    to = os.path.join(folder, "noodle-gpu-check")
    subprocess.run([tool("strip"), "--strip-all", "-o", to, program],
                   check=True)
    return to


def make(build, out, preset):
    program = os.path.join(build, "bin", "noodle-gpu-check")
    if not os.path.exists(program):
        sys.exit(f"pack.py: {program} is missing: run tools/dev gpu-pack")
    with tempfile.TemporaryDirectory() as folder, \
            lzma.open(out + ".new", "wb", preset=preset) as compressed, \
            tarfile.open(fileobj=compressed, mode="w") as archive:

        def plain(info):
            # The same bytes whoever makes it, and when.
            info.uid = info.gid = info.mtime = 0
            info.uname = info.gname = "root"
            info.mode = 0o755 if info.mode & 0o100 else 0o644
            return info

        archive.add(strip(program, folder), NAME + "/bin/noodle-gpu-check",
                    filter=plain)
        other = tarfile.TarInfo(NAME + "/bin/noodle-jit")
        other.type, other.linkname = tarfile.SYMTYPE, "noodle-gpu-check"
        archive.addfile(other, io.BytesIO())
        for path, source in files():
            archive.add(source, f"{NAME}/{path}", filter=plain)
    os.replace(out + ".new", out)
    return os.path.getsize(out)


def check_program(path):
    """Its libraries and the versions of what it takes from them."""
    _, dynamic = output(tool("readelf"), "-d", "-W", path)
    needed = set(re.findall(r"\(NEEDED\).*?\[(.*?)\]", dynamic))
    if not needed:
        raise Wrong(f"readelf -d found no library: {dynamic[:200]}")
    if needed - LIBRARIES:
        raise Wrong("needs " + ", ".join(sorted(needed - LIBRARIES)))
    if re.search(r"\((RPATH|RUNPATH)\)", dynamic):
        raise Wrong("has a run path")
    _, symbols = output(tool("objdump"), "-T", path)
    versions = {tuple(map(int, version.split(".")))
                for version in re.findall(r"GLIBC_([0-9.]+)", symbols)}
    if not versions:
        raise Wrong("objdump -T found no versioned symbol")
    if max(versions) > GLIBC:
        raise Wrong("needs glibc " + ".".join(map(str, max(versions))))
    others = set(re.findall(r"\b(GLIBCXX|CXXABI|GCC)_[0-9]", symbols))
    if others:
        raise Wrong("takes symbols of " + ", ".join(sorted(others)))
    return max(versions)


def bare_root(folder):
    """A root with the archive's content and the C library alone."""
    places = [os.path.join(folder, place)
              for place in ("lib64", "lib/x86_64-linux-gnu", "tmp")]
    for place in places:
        os.makedirs(place, exist_ok=True)
    for name in sorted(LIBRARIES):
        for place in ("/lib64", "/lib/x86_64-linux-gnu", "/usr/lib64"):
            source = os.path.join(place, name)
            if os.path.exists(source):
                for to in places[:2]:
                    shutil.copy(os.path.realpath(source),
                                os.path.join(to, name))
                break
        else:
            raise Wrong(f"no {name} on this machine to run it with")


def inside(folder, *arguments):
    """The command with `folder` as its root, and how that was done."""
    if os.geteuid() == 0:
        change = ["chroot", folder]
    else:
        change = ["unshare", "-r", "chroot", folder]
    environment = {"PATH": os.environ.get("PATH", "") + ":/usr/sbin",
                   "NO_COLOR": "1"}
    if output(*change, "/bin/noodle-jit", "--help", env=environment)[0] == 0:
        return output(*change, *arguments, env=environment), "chroot"
    # Without the right to change roots: the loader, told where to look.
    loader = os.path.join(folder, "lib64", "ld-linux-x86-64.so.2")
    paths = [os.path.join(folder, word.lstrip("/"))
             if word.startswith("/") else word for word in arguments]
    return output(loader, "--inhibit-cache", "--library-path",
                  os.path.join(folder, "lib64"), "--argv0", arguments[0],
                  *paths, env=environment), "ld.so --library-path"


PROGRAM = """func.func @main(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %y = noodle.matmul %x, %x : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  return %y : tensor<4x4xf32>
}
"""


def check(path):
    size = os.path.getsize(path)
    if size > MOST_BYTES:
        raise Wrong(f"is {size} bytes, more than {MOST_BYTES}")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(path) as archive:
            archive.extractall(folder)
        root = os.path.join(folder, NAME)
        for name in ("run", "README.txt", "bin/noodle-jit",
                     "examples/pagerank.mlir", "bench/matmul.mlir"):
            if not os.path.exists(os.path.join(root, name)):
                raise Wrong(f"has no {name}")
        version = check_program(os.path.join(root, "bin", "noodle-gpu-check"))
        bare_root(root)
        with open(os.path.join(root, "square.mlir"), "w",
                  encoding="ascii") as file:
            file.write(PROGRAM)
        (status, text), how = inside(root, "/bin/noodle-jit", "--help")
        if status != 0 or "noodle-jit" not in text:
            raise Wrong(f"noodle-jit --help: status {status}: {text[-400:]}")
        (status, text), how = inside(root, "/bin/noodle-jit", "/square.mlir",
                                     "--arg", "ones", "--check")
        if status != 0 or "4 4 4 4" not in text:
            raise Wrong(f"a program on the CPU: status {status}: "
                        f"{text[-400:]}")
        (status, text), how = inside(root, "/bin/noodle-jit", "/square.mlir",
                                     "--arg", "ones", "--emit", "ptx",
                                     "--target", "cuda")
        if status != 0 or ".visible .entry" not in text:
            raise Wrong(f"PTX: status {status}: {text[-400:]}")
        (status, text), how = inside(root, "/bin/noodle-gpu-check")
        if status != 1 or "no GPU here" not in text:
            raise Wrong(f"noodle-gpu-check: status {status}: {text[-400:]}")
    print(f"{os.path.basename(path)}: {size / 1e6:.1f} MB, needs glibc "
          f"{'.'.join(map(str, version))}; run with {how}: ok")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--out")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    try:
        if options.check:
            with tempfile.TemporaryDirectory() as folder:
                out = os.path.join(folder, NAME + ".tar.xz")
                make(build, out, preset=0)
                check(out)
            return
        out = options.out or os.path.join(build, NAME + ".tar.xz")
        make(build, out, preset=3)
        check(out)
    except Wrong as wrong:
        sys.exit(f"pack.py: the archive {wrong}")


if __name__ == "__main__":
    main()
