#!/usr/bin/env python3
"""Runs suites that are written for the CPU with --target cuda, under the
emulator.

    suites.py --build FOLDER --lit LIT TEST...

Lit's own results count: values, messages and exit statuses are those of the
CPU. A check is a run of noodle-jit in which a kernel was launched.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import emulated


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--lit", required=True)
    parser.add_argument("tests", nargs="+")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    with tempfile.TemporaryDirectory() as folder:
        summary = os.path.join(folder, "summary")
        done = subprocess.run(
            [sys.executable, options.lit, "-v", "--param", "emulated=1"] +
            [os.path.join(build, "test", test) for test in options.tests],
            env=dict(os.environ, NOODLE_BUILD=build,
                     NOODLE_EMULATED_SUMMARY=summary), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        runs = []
        if os.path.exists(summary):
            with open(summary, encoding="utf-8") as file:
                runs = [json.loads(line) for line in file]
    checks = sum(run["launches"] > 0 for run in runs)
    launches = sum(run["launches"] for run in runs)
    if done.returncode:
        print(done.stdout)
    emulated.gpu_checks.record(build, "suites", "emulator", checks)
    print(f"{len(runs)} runs with a device, {checks} of them with kernels, "
          f"{launches} launches")
    sys.exit(1 if done.returncode or not checks else 0)


if __name__ == "__main__":
    main()
