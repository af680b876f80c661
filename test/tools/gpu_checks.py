"""Counts of checks of GPU code, by what ran it.

A check is a kernel, or a program with kernels, whose outcome was compared. Each
test leaves its numbers in BUILD/logs/gpu-checks; run_suites.py adds them up.
"""
import ctypes
import json
import os

KINDS = ("device", "emulator", "ptx")


def folder(build):
    return os.path.join(build, "logs", "gpu-checks")


def record(build, name, kind, count):
    """Notes that the test `name` made `count` checks, in place of earlier
    ones."""
    assert kind in KINDS, kind
    os.makedirs(folder(build), exist_ok=True)
    path = os.path.join(folder(build), f"{name}.{kind}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"kind": kind, "count": count}, file)


def clear(build):
    if os.path.isdir(folder(build)):
        for name in os.listdir(folder(build)):
            os.remove(os.path.join(folder(build), name))


def totals(build):
    """Kind to number."""
    sums = dict.fromkeys(KINDS, 0)
    if os.path.isdir(folder(build)):
        for name in os.listdir(folder(build)):
            with open(os.path.join(folder(build), name),
                      encoding="utf-8") as file:
                each = json.load(file)
            sums[each["kind"]] += each["count"]
    return sums


def has_device():
    """Whether the CUDA driver of this machine offers a device."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int()
    return (driver.cuInit(0) == 0 and
            driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and
            count.value > 0)


def summary(build):
    sums = totals(build)
    none = "" if has_device() else " (this machine has none)"
    return (f"GPU checks: {sums['device']} on a device{none}, "
            f"{sums['emulator']} under the emulator, {sums['ptx']} as PTX only")
