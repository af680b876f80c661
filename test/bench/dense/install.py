"""Puts the peers of `tools/dev bench dense` under BUILD/bench.

Wheels go into a virtual environment, Debian's libraries are unpacked beside it:
nothing of the system changes. What cannot be had is returned with the reason.
"""
import glob
import os
import shutil
import subprocess
import sys

# Group -> wheels, each pinned; all they need is named, so nothing else comes.
WHEELS = {
    "blas": ["numpy==2.4.6", "scipy-openblas32==0.3.34.481.3", "mkl==2026.2.0",
             "intel-openmp==2026.2.0", "intel-cmplr-lib-rt==2026.2.0",
             "onednn-cpu-iomp==2023.2.0",
             "onednn-devel-cpu-iomp==2023.2.0", "aoclda==5.3.0.1"],
    "tblis": ["pytblis==0.0.16"],
    "graphblas": ["suitesparse-graphblas==10.5.1.1"],
    "jax": ["jax==0.10.2", "jaxlib==0.10.2", "ml_dtypes==0.6.0",
            "scipy==1.17.1", "opt_einsum==3.4.0"],
    "iree": ["iree-base-compiler==3.13.0", "iree-base-runtime==3.13.0",
             "ml_dtypes==0.6.0"],
    # The wheel for x86 is CUDA's and does not load without CUDA's libraries:
    # some 5 GB on disk.
    "torch": ["torch==2.15.0"],
}
WITH_DEPENDENCIES = ("torch",)
# OpenBLAS for the strategy `library`, which asks for it by its name.
DEBIAN = ["libblis4-openmp", "libxsmm-dev", "libopenblas0-pthread"]
HEAVY = {"torch": 12 << 30}  # bytes that must be free


def command(words, **options):
    done = subprocess.run(words, text=True, capture_output=True, check=False,
                          stdin=subprocess.DEVNULL, **options)
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return None if done.returncode == 0 else (lines or ["failed"])[-1]


class Peers:
    def __init__(self, build):
        self.folder = os.path.join(os.path.abspath(build), "bench")
        self.venv = os.path.join(self.folder, "peers")
        self.debian = os.path.join(self.folder, "debian")
        self.python = os.path.join(self.venv, "bin", "python")
        self.absent = {}  # name -> why

    def packages(self):
        """Where the wheels' Python packages lie."""
        found = glob.glob(os.path.join(self.venv, "lib/python3*/site-packages"))
        return found[0] if found else ""

    def find(self, pattern):
        """The first file below the folder that fits, or None."""
        found = sorted(glob.glob(os.path.join(self.folder, pattern)))
        return found[0] if found else None

    def version(self, wheel):
        """Such as 2026.2.0, of an installed wheel; None where it is not."""
        name = wheel.split("==")[0].replace("-", "_")
        for path in glob.glob(os.path.join(self.packages(), "*.dist-info")):
            have, _, version = os.path.basename(path)[:-10].partition("-")
            if have.lower().replace("-", "_") == name.lower():
                return version
        return None

    def make(self):
        if os.path.exists(self.python) and self.packages():
            return None
        os.makedirs(self.folder, exist_ok=True)
        return command([sys.executable, "-m", "venv", self.venv])

    def wheels(self, group):
        """Installs a group; whether it is there."""
        need = [w for w in WHEELS[group]
                if self.version(w) != w.split("==")[1]]
        if not need:
            return True
        free = shutil.disk_usage(self.folder).free
        if free < HEAVY.get(group, 1 << 30):
            self.absent[group] = f"only {free >> 30} GB of disk are free"
            return False
        print(f"installing {', '.join(need)}", file=sys.stderr, flush=True)
        words = [self.python, "-m", "pip", "install", "--quiet",
                 "--disable-pip-version-check"]
        if group not in WITH_DEPENDENCIES:
            words.append("--no-deps")
        why = command(words + need)
        if why:
            self.absent[group] = why
        return not why

    def packages_of_debian(self):
        """Downloads and unpacks without root."""
        for name in DEBIAN:
            into = os.path.join(self.debian, name)
            if os.path.isdir(into):
                continue
            work = into + ".part"
            shutil.rmtree(work, ignore_errors=True)
            os.makedirs(work)
            why = command(["apt-get", "download", "-q", name], cwd=work)
            files = glob.glob(os.path.join(work, "*.deb"))
            why = why or command(["dpkg-deb", "-x", *files, work])
            if why:
                self.absent[name] = why
                shutil.rmtree(work)
            else:
                os.rename(work, into)


def prepare(build, groups):
    """Everything a run of these groups needs."""
    peers = Peers(build)
    why = peers.make()
    if why:
        sys.exit(f"dense: no virtual environment: {why}\n"
                 "Install Debian's python3-venv.")
    if not peers.wheels("blas") and not peers.version("numpy"):
        sys.exit(f"dense: no NumPy: {peers.absent['blas']}")
    for group in groups:
        peers.wheels(group)
    peers.packages_of_debian()
    return peers
