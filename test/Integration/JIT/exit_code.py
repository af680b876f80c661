#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a command that must end with a given exit status and one line of errors.

usage: exit_code.py STATUS COMMAND [ARGUMENT]...
"""
import subprocess
import sys

expected = int(sys.argv[1])
done = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL,
                      capture_output=True, text=True)
print(done.stderr, end="")
faults = []
if done.returncode != expected:
    faults.append(f"exit status {done.returncode}, expected {expected}")
if done.stdout:
    faults.append(f"standard output holds {done.stdout!r}")
if done.stderr.count("\n") != 1:
    faults.append(f"{done.stderr.count(chr(10))} lines of errors, expected 1")
for fault in faults:
    print("exit_code.py:", fault)
sys.exit(bool(faults))
