"""Noodle through its C API, include/noodle-c/noodle.h."""
import ctypes
import os
import re

import numpy as np

from native import NOODLE, Call, address, aligned

HERE = os.path.dirname(os.path.abspath(__file__))
# Bytes of an element, by its number in the header.
WIDTHS = {1: 1, 2: 4, 3: 8, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 1, 10: 8, 11: 16}
HEADER = os.path.join(HERE, "../../../include/noodle-c/noodle.h")


class Tensor(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint8) for name in (
        "layout", "element", "rank", "position_width", "coordinate_width")] + [
        ("reserved", ctypes.c_uint8 * 3), ("stored", ctypes.c_int64),
        ("values", ctypes.c_void_p), ("positions", ctypes.c_void_p),
        ("coordinates", ctypes.c_void_p), ("rows", ctypes.c_void_p),
        ("stored_rows", ctypes.c_int64), ("extents", ctypes.c_int64 * 32),
        ("strides", ctypes.c_int64 * 32)]


class Type(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t)] + [
        (name, ctypes.c_uint8) for name in (
            "layout", "element", "rank", "position_width",
            "coordinate_width")] + [
        ("reserved", ctypes.c_uint8 * 3), ("extents", ctypes.c_int64 * 32)]


class CompileOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t)] + [
        (name, ctypes.c_char_p) for name in (
            "entry", "name", "strategy", "fp", "cpu")] + [
        (name, ctypes.c_int32) for name in (
            "strict", "profile", "isolate", "optimise_less")] + [
        ("target", ctypes.c_char_p), ("chip", ctypes.c_char_p),
        ("tier", ctypes.c_char_p), ("strassen_from", ctypes.c_int64)]


class CallOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t),
                ("memory_limit", ctypes.c_int64),
                ("deadline_ms", ctypes.c_int64), ("cancel", ctypes.c_void_p),
                ("trusted", ctypes.c_int32), ("receipt", ctypes.c_void_p)]


class EngineOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_int32),
                ("rest", ctypes.c_void_p * 8)]


def elements():
    """Name of an MLIR type -> its number, as the header has it."""
    with open(HEADER, encoding="utf-8") as file:
        pairs = re.findall(r"NOODLE_([A-Z]+\d+) = (\d+)", file.read())
    return {name.lower(): int(number) for name, number in pairs}


class Failed(Exception):
    pass


class Noodle:
    def __init__(self, build):
        path = os.path.join(os.path.abspath(build), "lib", "libnoodle.so")
        self.library = ctypes.CDLL(path)
        self.library.noodle_version_string.restype = ctypes.c_char_p
        for name in ("noodle_status_message", "noodle_receipt_json"):
            getattr(self.library, name).restype = ctypes.c_char_p
            getattr(self.library, name).argtypes = [ctypes.c_void_p]
        for name in ("engine_create", "region_create", "program_compile",
                     "call_bind", "call_run", "program_call"):
            getattr(self.library, "noodle_" + name).restype = ctypes.c_void_p
        self.about = self.library.noodle_version_string().decode()
        self.elements = elements()
        self.engines = {}

    def do(self, name, *arguments):
        status = getattr(self.library, "noodle_" + name)(*arguments)
        if status:
            raise Failed(
                self.library.noodle_status_message(status).decode())

    def engine(self, threads):
        if threads not in self.engines:
            options = EngineOptions(threads=threads)
            options.struct_size = ctypes.sizeof(EngineOptions)
            engine = ctypes.c_void_p()
            self.do("engine_create", ctypes.byref(options),
                    ctypes.byref(engine))
            self.engines[threads] = engine
        return self.engines[threads]

    def bind(self, text, arguments, threads=1, **options):
        return Bound(self, text, arguments, threads, options)


class Bound:
    """A compiled program on its arguments: [(array, mlir type name)]."""

    def __init__(self, noodle, text, arguments, threads, options):
        self.noodle, self.arguments = noodle, arguments
        engine = noodle.engine(threads)
        given = CompileOptions(struct_size=ctypes.sizeof(CompileOptions))
        for name, value in {"strict": 1, "tier": "optimised",
                            **options}.items():
            setattr(given, name,
                    value.encode() if isinstance(value, str) else value)
        program = ctypes.c_void_p()
        data = text.encode()
        noodle.do("program_compile", engine, data, ctypes.c_size_t(len(data)),
                  ctypes.byref(given), ctypes.byref(program))
        self.program = program
        self.tensors = (Tensor * len(arguments))()
        for tensor, (array, element) in zip(self.tensors, arguments):
            self.describe(tensor, array, element)
        self.region = ctypes.c_void_p()
        noodle.do("region_create", engine, ctypes.c_int64(0), None,
                  ctypes.byref(self.region))
        handle = ctypes.c_void_p()
        self.count = noodle.library.noodle_program_result_count(program)
        self.results = (Tensor * self.count)()
        self.call = Call(kind=NOODLE,
                         function=address(noodle.library.noodle_call_run))
        self.places = [self.place(tensor, k)
                       for k, tensor in enumerate(self.results)]
        self.into = all(place is not None for place in self.places)
        if self.into:
            noodle.do("call_bind_into", program, self.tensors,
                      ctypes.c_size_t(len(arguments)), self.results,
                      ctypes.c_size_t(self.count), None, ctypes.byref(handle))
            self.call.pointers[0] = handle.value
        else:  # sizes that only a call knows
            noodle.do("call_bind", program, self.tensors,
                      ctypes.c_size_t(len(arguments)), None,
                      ctypes.byref(handle))
            self.call.sizes[0] = self.count
            self.call.pointers[:4] = [
                handle.value, self.region.value,
                ctypes.addressof(self.results),
                address(noodle.library.noodle_region_clear).value]
        self.handle = handle

    def place(self, tensor, index):
        """Memory for a result of static extents, as the peers have it."""
        kind = Type(struct_size=ctypes.sizeof(Type))
        self.noodle.do("program_result", self.program, ctypes.c_size_t(index),
                       ctypes.byref(kind))
        shape = tuple(kind.extents[:kind.rank])
        if kind.layout > 1 or min(shape, default=0) < 0:
            return None
        array = aligned(shape, f"V{WIDTHS[kind.element]}")
        tensor.layout, tensor.element, tensor.rank = kind.layout, kind.element, \
            kind.rank
        tensor.values = array.ctypes.data
        stride = 1
        for i in reversed(range(kind.rank)):
            tensor.extents[i], tensor.strides[i] = shape[i], stride
            stride *= shape[i]
        return array

    def describe(self, tensor, array, element):
        tensor.layout, tensor.rank = 1, array.ndim
        tensor.element = self.noodle.elements[element]
        tensor.values = array.ctypes.data
        for i in range(array.ndim):
            tensor.extents[i] = array.shape[i]
            tensor.strides[i] = array.strides[i] // array.itemsize

    def result(self, dtype, index=0):
        """A view of the last call's result: dies with the next call."""
        tensor = self.results[index]
        shape = list(tensor.extents[:tensor.rank])
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        buffer = (ctypes.c_char * size).from_address(tensor.values)
        return np.frombuffer(buffer, dtype).reshape(shape)

    def receipt(self):
        """The JSON text of one call's receipt."""
        receipt = ctypes.c_void_p()
        options = CallOptions(struct_size=ctypes.sizeof(CallOptions))
        options.receipt = ctypes.addressof(receipt)
        self.noodle.do("program_call", self.program, self.tensors,
                       ctypes.c_size_t(len(self.arguments)), self.region,
                       self.results, ctypes.c_size_t(self.count),
                       ctypes.byref(options))
        text = self.noodle.library.noodle_receipt_json(receipt).decode()
        self.noodle.library.noodle_receipt_release(receipt)
        return text

    def release(self):
        library = self.noodle.library
        library.noodle_call_release(self.handle)
        library.noodle_region_release(self.region)
        library.noodle_program_release(self.program)
