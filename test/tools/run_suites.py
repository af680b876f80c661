#!/usr/bin/env python3
"""Builds, runs every suite, and counts.

    run_suites.py [--build FOLDER] [--only NAME...]
    run_suites.py --self-test

One line per suite, then what was skipped and why, then the closing line
`N passed, N failed, N skipped` over single tests. Exits with 1 when anything
failed, a suite ran no test, or a build broke.
"""
import argparse
import collections
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import gpu_checks

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LIT = "/usr/lib/llvm-22/bin/lit"
LIT_TEST_SECONDS = 600
PROGRAM_SECONDS = 1500
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1",
}


class Result:
    def __init__(self, passed=0, failures=(), skips=()):
        self.passed = passed
        self.failures = list(failures)  # (test, what it said)
        self.skips = list(skips)  # (test, reason)

    def add(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.skips += other.skips

    def __str__(self):
        return (f"{self.passed} passed, {len(self.failures)} failed, "
                f"{len(self.skips)} skipped")


def tail(text, lines=40):
    return "\n".join(text.strip().splitlines()[-lines:])


def fresh(report):
    """Makes sure that a report read later is of this run."""
    os.makedirs(os.path.dirname(report), exist_ok=True)
    if os.path.exists(report):
        os.remove(report)


def execute(command, seconds, log=None, **options):
    """Exit status and output; a command that takes too long has status 124."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, cwd=ROOT,
                              stderr=subprocess.STDOUT, timeout=seconds,
                              stdin=subprocess.DEVNULL, errors="replace",
                              check=False, **options)
        status, text = done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace")
        status, text = 124, f"{text}\nstopped after {seconds} s"
    if log:
        os.makedirs(os.path.dirname(log), exist_ok=True)
        with open(log, "w", encoding="utf-8") as file:
            file.write(text)
    return status, text


def build(preset, folder):
    """Configures and builds everything of a preset; one test that it does."""
    log = os.path.join(ROOT, folder, "logs", "build.log")
    # Always by the preset: a folder configured by hand could lack the sanitizer
    # that the suite is named for.
    steps = [["cmake", "--preset", preset], ["ninja", "-C", folder]]
    for step in steps:
        status, text = execute(step, 3000, log)
        if status:
            errors = [l for l in text.splitlines() if "error:" in l][:20]
            return Result(failures=[(f"{preset} build",
                                     "\n".join(errors) + "\n" + tail(text))])
    return Result(passed=1)


def lint():
    status, text = execute([sys.executable, "test/tools/lint.py"], 600)
    lines = [l for l in text.splitlines() if l.startswith("lint: ")]
    good = sum(l.endswith(": ok") for l in lines)
    if status:
        return Result(good, [("lint", tail(text))])
    return Result(good)


def docs():
    status, text = execute([sys.executable, "docs/generate.py", "--check"], 600)
    if status:
        return Result(failures=[("generated docs", tail(text))])
    return Result(1)


def on_device(folder):
    """Every kernel kind on this machine's GPU, beside the interpreter."""
    result = Result()
    for kind in ("contract", "rows", "elementwise", "sparse"):
        status, text = execute(
            [sys.executable, "test/Integration/CUDA/kernels.py", "--device",
             "--build", folder, "--kind", kind], PROGRAM_SECONDS,
            os.path.join(ROOT, folder, "logs", f"device-{kind}.log"))
        if status:
            result.failures.append((f"{kind} kernels on the device",
                                    tail(text)))
        else:
            result.passed += 1
    return result


def lit(folder):
    report = os.path.join(ROOT, folder, "logs", "lit.json")
    fresh(report)
    status, text = execute(
        [sys.executable, LIT, "-q", "--timeout", str(LIT_TEST_SECONDS),
         "--output", report, os.path.join(folder, "test")], 3600,
        os.path.join(ROOT, folder, "logs", "lit.log"))
    if not os.path.exists(report):
        return Result(failures=[("lit", tail(text))])
    result = Result()
    with open(report, encoding="utf-8") as file:
        for test in json.load(file)["tests"]:
            code, name, said = test["code"], test["name"], test["output"]
            if code in ("PASS", "XFAIL", "FLAKYPASS"):
                result.passed += 1
            elif code in ("UNSUPPORTED", "SKIPPED", "EXCLUDED"):
                result.skips.append((name, said.strip() or "unsupported"))
            else:
                result.failures.append((name, tail(f"{code}: {said}", 60)))
    if status and not result.failures:
        result.failures.append(("lit", tail(text)))
    return result


def google_test(command, environment, report, seconds):
    """A GoogleTest program, its single tests counted."""
    fresh(report)
    status, text = execute(command + [f"--gtest_output=xml:{report}"], seconds,
                           report + ".log", env=environment)
    name = os.path.basename(command[0])
    if not os.path.exists(report):
        return Result(failures=[(name, f"ended with {status}\n{tail(text)}")])
    result = Result()
    for case in ElementTree.parse(report).iter("testcase"):
        test = f"{name}: {case.get('classname')}.{case.get('name')}"
        skipped, failed = case.find("skipped"), case.findall("failure")
        if failed:
            messages = dict.fromkeys(f.get("message", "") for f in failed)
            result.failures.append((test, "\n".join(list(messages)[:3])))
        elif skipped is not None:
            reason = (skipped.get("message") or "").strip().splitlines()
            result.skips.append((test, reason[-1] if reason else "no reason"))
        elif case.get("status") == "run":
            result.passed += 1
        else:
            result.skips.append((test, "disabled"))
    if status and not result.failures:
        result.failures.append((name, f"ended with {status}\n{tail(text)}"))
    return result


def programs(folder):
    """The test programs that CMake knows, but lit."""
    status, text = execute(["ctest", "--test-dir", folder,
                            "--show-only=json-v1"], 60)
    if status:
        return Result(failures=[("ctest", tail(text))])
    environment = dict(os.environ, **SANITIZERS)
    result = Result()
    for test in json.loads(text)["tests"]:
        if test["name"] == "lit":
            continue
        command = test.get("command")
        if not command or ("/" in command[0] and
                           not os.path.exists(command[0])):
            result.failures.append((test["name"], "was not built"))
            continue
        seconds = next((p["value"] for p in test.get("properties", ())
                        if p["name"] == "TIMEOUT"), PROGRAM_SECONDS)
        logs = os.path.join(ROOT, folder, "logs", test["name"])
        if "/test/unit/" in command[0]:
            result.add(google_test(command, environment, logs + ".xml",
                                   seconds))
            continue
        status, text = execute(command, seconds, logs + ".log",
                               env=environment)
        if status:
            result.failures.append(
                (test["name"], f"ended with {status}\n{tail(text)}"))
        else:
            result.passed += 1
    return result


def self_test():
    """Counts planted programs: one that fails, one that dies, one that lies."""
    report = """<testsuites><testsuite name="S">
<testcase name="a" classname="S" status="run"/>
<testcase name="b" classname="S" status="run"><failure message="no"/></testcase>
<testcase name="c" classname="S" status="run"><skipped message="why"/></testcase>
<testcase name="d" classname="S" status="notrun"/></testsuite></testsuites>"""
    good = report.replace('<failure message="no"/>', "")
    with tempfile.TemporaryDirectory() as folder:
        def count(body, seconds=10):
            program = os.path.join(folder, "program")
            with open(program, "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\nout=${{1#*xml:}}\n{body}\n")
            os.chmod(program, 0o755)
            return google_test([program], os.environ,
                               os.path.join(folder, "report.xml"), seconds)

        fails = count(f"echo '{report}' >$out; exit 1")
        assert str(fails) == "1 passed, 1 failed, 2 skipped", fails
        assert ("program: S.c", "why") in fails.skips
        assert str(count(f"echo '{good}' >$out")) == (
            "2 passed, 0 failed, 2 skipped")
        for body in ("kill -SEGV $$", f"echo '{good}' >$out; exit 1"):
            assert len(count(body).failures) == 1, body
        assert "stopped" in count("sleep 9", 0.2).failures[0][1]


def main():
    if "--self-test" in sys.argv:
        self_test()
        print("planted faults found")
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    folder = options.build
    suites = [
        ("lint", lint),
        ("build", lambda: build("dev", folder)),
        ("docs", docs),
        ("lit", lambda: lit(folder)),
        ("programs", lambda: programs(folder)),
        ("asan build", lambda: build("asan", "build-asan")),
        ("asan", lambda: programs("build-asan")),
        ("tsan build", lambda: build("tsan", "build-tsan")),
        ("tsan", lambda: programs("build-tsan")),
    ]
    if gpu_checks.has_device():
        suites.insert(5, ("device", lambda: on_device(folder)))
    gpu_checks.clear(os.path.join(ROOT, folder))
    total = Result()
    for name, suite in suites:
        if options.only and name not in options.only:
            continue
        start = time.monotonic()
        result = suite()
        if not result.passed and not result.failures:
            result.failures.append((name, "no test ran"))
        print(f"{name}: {result} ({time.monotonic() - start:.0f} s)",
              flush=True)
        for test, said in result.failures:
            print(f"FAILED {test}\n{said}\n", flush=True)
        total.add(result)
    reasons = collections.defaultdict(list)
    for test, reason in total.skips:
        reasons[reason].append(test)
    for reason, tests in reasons.items():
        print(f"skipped {len(tests)}: {reason}")
        for test in tests:
            print(f"  {test}")
    for test, _ in total.failures:
        print(f"FAILED {test}")
    print(gpu_checks.summary(os.path.join(ROOT, folder)))
    print(total)
    sys.exit(1 if total.failures else 0)


if __name__ == "__main__":
    main()
