#!/usr/bin/env python3
"""Puts the assembler that checks PTX at BUILD/ptxas/ptxas.

    ptxas.py --build FOLDER

The CUDA Toolkit's own where it is of the pinned version, since registers and
spills differ between versions; else that of NVIDIA's wheel on PyPI, which needs
Debian's python3-pip. Prints one line; exits with 1 where there is neither, and
the checks that need it are then skipped and counted.
"""
import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
# The first release that assembles for every chip that LLVM 22 knows.
VERSION = "13.0.88"
PROGRAMS = ("ptxas", "fatbinary")


def version(program):
    """Such as 13.0.88; None for what is no ptxas."""
    try:
        said = subprocess.run([program, "--version"], text=True, timeout=60,
                              capture_output=True, check=False).stdout
    except OSError:
        return None
    words = said.replace("\n", " ").split(" ")
    return next((w[1:] for w in words if w[:1] == "V" and w[1:2].isdigit()),
                None)


def of_toolkit():
    """The folder of the toolkit's programs, where it is of the version."""
    places = [os.path.dirname(shutil.which("ptxas") or "")]
    for variable in ("CUDA_HOME", "CUDA_PATH"):
        places.append(os.path.join(os.environ.get(variable, ""), "bin"))
    places += sorted(glob.glob("/usr/local/cuda*/bin"))
    return next((p for p in places
                 if version(os.path.join(p, "ptxas")) == VERSION), None)


def of_wheel(into):
    """Programs from the wheel, put into the folder; else what pip said."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(into)) as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet",
                   "--disable-pip-version-check", "--no-deps",
                   "--root-user-action=ignore", "--target", folder,
                   f"nvidia-cuda-nvcc=={VERSION}"]
        done = subprocess.run(command, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["pip failed"]
            return lines[-1]
        for name in PROGRAMS:
            found = glob.glob(os.path.join(folder, "nvidia", "*", "bin", name))
            if not found:
                return f"the wheel holds no {name}"
            shutil.move(found[0], os.path.join(into, name))
            os.chmod(os.path.join(into, name), 0o755)
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    into = os.path.join(ROOT, parser.parse_args().build, "ptxas")
    if version(os.path.join(into, "ptxas")) == VERSION:
        print(f"ptxas: {VERSION}")
        return
    shutil.rmtree(into, ignore_errors=True)
    os.makedirs(into)
    toolkit = of_toolkit()
    if toolkit:
        for name in PROGRAMS:
            os.symlink(os.path.join(toolkit, name), os.path.join(into, name))
    else:
        why = of_wheel(into)
        if why:
            print(f"ptxas: none, PTX goes unchecked: {why}")
            sys.exit(1)
    print(f"ptxas: {VERSION} {'of the toolkit' if toolkit else 'from PyPI'}")


if __name__ == "__main__":
    main()
