#!/usr/bin/env python3
"""Runs noodle-gpu-check-emulated: all is right; with a fault planted in the
kernels, not."""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import emulated


def run(build, json_file, plant, *options):
    folders = [os.path.join(build, "test", "lib", name)
               for name in ("fakecuda", "fakevendor")]
    return subprocess.run(
        [os.path.join(build, "test", "bin", "noodle-gpu-check-emulated"),
         "--quick", "--json", json_file, *options],
        env=dict(os.environ, LD_LIBRARY_PATH=":".join(folders),
                 NOODLE_EMULATOR_PLANT=plant, NO_COLOR="1"),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, text=True, timeout=500, check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    build = os.path.abspath(parser.parse_args().build)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "check.json")
        done = run(build, path, "")
        print(done.stdout)
        if done.returncode != 0:
            sys.exit("noodle-gpu-check-emulated failed")
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        states = [row["state"] for row in report["rows"]]
        counts = [report["ok"], report["failed"], report["not_run"]]
        if not report["simulated"] or counts != [
                states.count(each) for each in ("ok", "FAILED", "not run")]:
            sys.exit("the JSON does not agree with itself")
        print("the JSON agrees")
        cases = sum(row.get("cases", 0) for row in report["rows"])
        emulated.gpu_checks.record(build, "gpu-check", "emulator", int(cases))
        done = run(build, path, "index:0", "--sanitize")
        if done.returncode != 1 or "FAILED" not in done.stdout:
            print(done.stdout)
            sys.exit("a planted fault was not found")
        print("a planted fault is found")


if __name__ == "__main__":
    main()
