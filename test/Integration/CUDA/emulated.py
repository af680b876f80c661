"""Runs noodle-jit-emulated under the fake driver."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(ROOT, "test", "tools"))
import gpu_checks  # noqa: E402  pylint: disable=wrong-import-position

MISMATCH = 3


class Outcome:
    """What a run said: its status, output, the driver's report and counts."""

    def __init__(self, status, text, report, summary):
        self.status, self.text, self.report = status, text, report
        self.launches = summary.get("launches", 0)
        self.calls = summary.get("calls", 0)

    def clean(self):
        return self.status == 0 and not self.report

    def __str__(self):
        return (f"exit status {self.status}, {self.launches} launches\n"
                f"{self.text}{self.report}")


def run_on_device(build, arguments):
    """One run of noodle-jit --target cuda with the machine's own driver."""
    done = subprocess.run(
        [os.path.join(build, "bin", "noodle-jit"), "--target", "cuda"] +
        arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL, text=True, errors="replace", timeout=300,
        check=False)
    return Outcome(done.returncode, done.stdout, "", {})


def run(build, arguments, driver="", plant=""):
    """One run of noodle-jit-emulated --target cuda with these arguments;
    `driver` is added to the fake driver's configuration."""
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report")
        summary = os.path.join(folder, "summary")
        words = [f"report={report}", f"summary={summary}"]
        environment = dict(
            os.environ,
            LD_LIBRARY_PATH=os.path.join(build, "test", "lib", "fakecuda"),
            NOODLE_FAKE_CUDA=",".join(words + ([driver] if driver else [])),
            NOODLE_EMULATOR_PLANT=plant)
        done = subprocess.run(
            [os.path.join(build, "test", "bin", "noodle-jit-emulated"),
             "--target", "cuda"] + arguments,
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, errors="replace", timeout=300,
            check=False)

        def read(path):
            if not os.path.exists(path):
                return ""
            with open(path, encoding="utf-8") as file:
                return file.read()
        counts = read(summary).splitlines()
        return Outcome(done.returncode, done.stdout, read(report),
                       json.loads(counts[-1]) if counts else {})
