#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes malformed .npy and .mtx files into a folder.

Prints one line per file: its name, a tab, and a text that the one error
message for it must hold. Every file must be refused.

usage: make_io_corpus.py FOLDER
"""
import os
import struct
import sys

CASES = {}


def case(name, expected, content):
    if name in CASES:
        sys.exit(f"{name} is there twice")
    if isinstance(content, str):
        content = content.encode()
    CASES[name] = (expected, content)


def npy(header, data=b"", version=(1, 0), length=None):
    if isinstance(header, str):
        header = header.encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    size = len(header) if length is None else length
    packed = struct.pack("<H" if version[0] == 1 else "<I", size)
    return b"\x93NUMPY" + bytes(version) + packed + header + data


def head(descr="'<f8'", order="False", shape="(2,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def npy_cases():
    two = b"\0" * 16
    good = npy(head(), two)

    # The start of the file.
    case("empty.npy", "not a .npy file", b"")
    case("text.npy", "not a .npy file", "1 2 3\n")
    case("magic-flipped.npy", "not a .npy file", b"\x92" + good[1:])
    case("magic-only.npy", "ends within the header", good[:6])
    case("cut-in-length.npy", "ends within the header", good[:9])
    case("cut-in-header.npy", "ends within the header", good[:40])
    case("version-0.npy", "version 0.0", npy(head(), two, (0, 0)))
    case("version-1.1.npy", "version 1.1", npy(head(), two, (1, 1)))
    case("version-4.npy", "version 4.0", npy(head(), two, (4, 0)))
    case("cut-in-long-length.npy", "ends within the header",
         b"\x93NUMPY\x02\x00\x40\x00")
    case("header-huge.npy", "a header of 4294967295 bytes",
         npy(head(), two, (2, 0), 0xFFFFFFFF))
    case("header-too-long.npy", "ends within the header",
         npy(head(), two, (1, 0), 60000))

    # The dictionary.
    for name, expected, header in [
        ("header-empty", "not a dictionary", ""),
        ("header-zeros", "not a dictionary", b"\0" * 32),
        ("header-list", "not a dictionary", "['<f8', False, (2,)]"),
        ("header-call", "not a dictionary", "__import__('os')"),
        ("dict-empty", "lacks 'descr'", "{}"),
        ("dict-open", "in quotes expected", "{'descr': '<f8', "),
        ("dict-no-shape", "lacks 'shape'",
         "{'descr': '<f8', 'fortran_order': False}"),
        ("dict-no-order", "lacks 'fortran_order'",
         "{'descr': '<f8', 'shape': (2,)}"),
        ("dict-no-descr", "lacks 'descr'",
         "{'fortran_order': False, 'shape': (2,)}"),
        ("dict-extra-key", "unknown key 'x'",
         "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'x': 1}"),
        ("dict-key-twice", "given twice",
         "{'descr': '<f8', 'descr': '<f4', 'fortran_order': False, "
         "'shape': (2,)}"),
        ("dict-no-colon", "':' expected", "{'descr' '<f8'}"),
        ("dict-no-comma", "',' or '}' expected",
         "{'descr': '<f8' 'fortran_order': False, 'shape': (2,)}"),
        ("dict-bare-key", "in quotes expected", "{descr: '<f8'}"),
        ("dict-open-string", "does not end", "{'descr: 1}"),
        ("dict-escape", "escape", "{'des\\x63r': '<f8'}"),
        ("dict-then-text", "text after the dictionary", head() + "; exit()"),
        ("dict-twice", "text after the dictionary", head() + head()),
        ("dict-nested", "in quotes expected", "{" * 20000),
        ("order-number", "True or False", head(order="0")),
        ("order-string", "True or False", head(order="'False'")),
        ("order-lowercase", "True or False", head(order="false")),
        ("shape-list", "must be a tuple", head(shape="[2]")),
        ("shape-number", "must be a tuple", head(shape="2")),
        ("shape-no-comma", "must be a tuple", head(shape="(2)")),
        ("shape-open", "a size expected", "{'shape': (2, "),
        ("shape-comma-only", "a size expected", head(shape="(,)")),
        ("shape-no-separator", "',' or ')' expected", head(shape="(2 3)")),
        ("shape-float", "',' or ')' expected", head(shape="(2.0,)")),
        ("shape-nan", "a size expected", head(shape="(nan,)")),
        ("shape-nested", "a size expected", head(shape="((2,),)")),
        ("shape-leading-zero", "begins with 0", head(shape="(02,)")),
        ("shape-negative", "negative size", head(shape="(-2,)")),
        ("shape-2-63", "does not fit in 64 bits",
         head(shape="(9223372036854775808,)")),
        ("shape-very-long", "does not fit in 64 bits",
         head(shape="(" + "9" * 400 + ",)")),
        ("shape-product", "product does not fit",
         head(shape="(4294967296, 4294967296)")),
        ("shape-product-bytes", "product does not fit",
         head(shape="(2305843009213693952,)")),
        ("shape-product-zero", "product does not fit",
         head(shape="(0, 4294967296, 4294967296)")),
        ("rank-33", "more than 32 dimensions",
         head(shape="(" + "1, " * 33 + ")")),
        ("rank-10000", "more than 32 dimensions",
         head(shape="(" + "1, " * 10000 + ")")),
        ("claims-terabytes", "file ends early",
         head(shape="(1000, 1000000)", descr="'<f4'")),
        ("dtype-number", "in quotes expected", head(descr="8")),
        ("dtype-structured", "structured dtype",
         head(descr="[('x', '<f8'), ('y', '<f8')]")),
        ("dtype-void-big-endian", "dtype '>V2' is not handled",
         head(descr="'>V2'")),
        ("dtype-void-wide", "dtype '<V4' is not handled", head(descr="'<V4'")),
        ("dtype-long-double", "dtype '<f16' is not handled",
         head(descr="'<f16'")),
        ("dtype-long-complex", "dtype '<c32' is not handled",
         head(descr="'<c32'")),
        ("dtype-object", "dtype '|O' (Python objects)", head(descr="'|O'")),
        ("dtype-text", "dtype '<U8' (text)", head(descr="'<U8'")),
        ("dtype-unsigned", "dtype '<u8' (unsigned)", head(descr="'<u8'")),
        ("dtype-int16", "dtype '<i2' is not handled", head(descr="'<i2'")),
        ("dtype-time", "dtype '<M8[ns]' is not handled",
         head(descr="'<M8[ns]'")),
        ("dtype-empty", "dtype '' is not handled", head(descr="''")),
        ("dtype-unprintable", "dtype '\\x01\\x7f\\xff' is not handled",
         head(descr="'@@@'").encode().replace(b"@@@", b"\x01\x7f\xff")),
    ]:
        case(name + ".npy", expected, npy(header, two))

    # The data.
    case("no-data.npy", "0 are there", npy(head()))
    case("cut-in-data.npy", "15 are there", good[:-1])
    case("trailing-byte.npy", "goes on after the data", good + b"x")
    case("two-arrays.npy", "goes on after the data", good + good)
    case("empty-with-data.npy", "goes on after the data",
         npy(head(shape="(0, 3)"), two))
    case("scalar-cut.npy", "file ends early", npy(head(shape="()"), two[:7]))
    case("bool-2.npy", "neither 0 nor 1", npy(head("'|b1'"), b"\1\2"))


def mtx_cases():
    def kind(words):
        return f"%%MatrixMarket matrix {words}\n"

    real = kind("coordinate real general")
    integer = kind("coordinate integer general")

    # The banner.
    case("empty.mtx", ":1:1: the file is empty", "")
    case("no-banner.mtx", "not a MatrixMarket file", "2 2 1\n1 1 1\n")
    case("one-percent.mtx", "not a MatrixMarket file", real[1:] + "1 1 0\n")
    case("byte-order-mark.mtx", "not a MatrixMarket file",
         b"\xef\xbb\xbf" + (real + "1 1 0\n").encode())
    case("binary.mtx", "not a MatrixMarket file", bytes(range(256)) * 40)
    case("gzip.mtx", "compressed with gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\3")
    case("npy.mtx", "not a MatrixMarket file", npy(head(), b"\0" * 16))
    case("carriage-returns.mtx", "after the banner",
         (real + "1 1 1\n1 1 5\n").replace("\n", " \r"))
    for name, expected, words in [
        ("vector", "object 'vector' is not handled", "vector array real general"),
        ("format", "format 'sparse' is unknown", "matrix sparse real general"),
        ("field", "field 'quaternion' is unknown",
         "matrix coordinate quaternion general"),
        ("unsigned", "field 'unsigned-integer' is unknown",
         "matrix coordinate unsigned-integer general"),
        ("symmetry", "symmetry 'circulant' is unknown",
         "matrix coordinate real circulant"),
        ("hermitian-pattern", "hermitian is for complex",
         "matrix coordinate pattern hermitian"),
        ("hermitian", "hermitian is for complex",
         "matrix coordinate real hermitian"),
        ("pattern-array", "an array file needs values",
         "matrix array pattern general"),
        ("pattern-skew", "a pattern has no signs",
         "matrix coordinate pattern skew-symmetric"),
        ("no-symmetry", "symmetry '' is unknown", "matrix coordinate real"),
        ("no-field", "field '' is unknown", "matrix coordinate"),
        ("no-format", "format '' is unknown", "matrix"),
        ("no-object", "object '' is not handled", ""),
        ("extra", "'dense' after the banner",
         "matrix coordinate real general dense"),
    ]:
        case(f"banner-{name}.mtx", expected, f"%%MatrixMarket {words}\n1 1 0\n")

    # The sizes.
    def sizes(name, expected, text, banner=real, body=""):
        case(f"sizes-{name}.mtx", expected, banner + text + "\n" + body)

    case("sizes-missing.mtx", "ends before the size line", real)
    case("sizes-comments-only.mtx", "ends before the size line",
         real + "% nothing\n\n%\n")
    sizes("two", "the number of entries is missing", "2 2")
    sizes("four", "'1' after the sizes", "2 2 1 1")
    sizes("words", "'two' is not a number", "two 2 1")
    sizes("decimal", "'2.5' is not an integer", "2.5 2 1")
    sizes("nan", "'nan' is not finite", "nan 2 1")
    sizes("hex", "'0x2' is not a number", "0x2 2 1")
    sizes("negative-rows", "rows is negative", "-2 2 1")
    sizes("negative-columns", "columns is negative", "2 -2 1")
    sizes("negative-entries", "entries is negative", "2 2 -1")
    sizes("2-63", "does not fit in 64 bits", "9223372036854775808 2 1")
    sizes("entries-2-63", "does not fit in 64 bits", "2 2 9223372036854775808")
    sizes("more-than-places", "5 entries do not fit in 4 places", "2 2 5",
          body="1 1 1\n" * 5)
    sizes("entries-of-nothing", "1 entries do not fit in 0 places", "0 5 1",
          body="1 1 1\n")
    sizes("triangle", "4 entries do not fit in 3 places", "2 2 4",
          kind("coordinate real symmetric"), "1 1 1\n" * 4)
    sizes("skew-triangle", "2 entries do not fit in 1 places", "2 2 2",
          kind("coordinate real skew-symmetric"), "2 1 1\n" * 2)
    sizes("claims-terabytes", "only 6 bytes follow",
          "3000000000 3000000000 1000000000000", body="1 1 1\n")
    sizes("claims-2-63", "only 6 bytes follow",
          "9223372036854775807 9223372036854775807 9223372036854775807",
          body="1 1 1\n")
    sizes("not-square", "must be square, not 2 x 3", "2 3 1",
          kind("coordinate real symmetric"), "1 1 1\n")
    sizes("skew-not-square", "must be square, not 3 x 2", "3 2 1",
          kind("coordinate integer skew-symmetric"), "2 1 1\n")
    sizes("array-overflow", "rows times columns", "4294967296 4294967296",
          kind("array real general"))
    sizes("array-claims", "only 2 bytes follow", "1000000 1000000",
          kind("array real general"), "1\n")
    sizes("array-three", "'4' after the sizes", "2 2 4",
          kind("array real general"))

    # The entries.
    def entry(name, expected, lines, banner=real, sizes="3 3 1"):
        case(f"entry-{name}.mtx", expected, banner + sizes + "\n" + lines)

    entry("none", "entries are announced", "", sizes="3 3 3")
    entry("too-few", ":5:1: the file ends after 2 of 3", "1 1 1.25\n2 2 2.25\n",
          sizes="3 3 3")
    entry("too-many", ":4:1: an entry too many", "1 1 1\n2 2 2\n")
    entry("row-0", ":3:1: row index 0 is out of range", "0 1 1\n")
    entry("column-0", ":3:3: column index 0 is out of range", "1 0 1\n")
    entry("row-range", "row index 4 is out of range", "4 1 1\n")
    entry("column-range", "column index 4 is out of range", "1 4 1\n")
    entry("row-negative", "row index -1 is out of range", "-1 1 1\n")
    entry("row-2-63", "does not fit in 64 bits", "9223372036854775808 1 1\n")
    entry("row-decimal", "'1.0' is not an integer", "1.0 1 1\n")
    entry("row-nan", "'NaN' is not finite", "NaN 1 1\n")
    entry("row-word", "'one' is not a number", "one 1 1\n")
    entry("no-column", "column index is missing", "1      \n")
    entry("no-value", ":3:5: the value is missing", "1 1 \n%%%\n")
    entry("value-word", "'x' is not a number", "1 1 x\n")
    entry("imaginary-missing", ":3:11: the imaginary part is missing",
          "1 1 1.5   \n", kind("coordinate complex general"))
    entry("imaginary-word", "the imaginary part 'i' is not a number",
          "1 1 1.5 i\n", kind("coordinate complex general"))
    entry("real-part-word", "the real part 'x' is not a number",
          "1 1 x 1\n", kind("coordinate complex general"))
    entry("three-parts", "'3' after the entry", "1 1 1 2 3\n",
          kind("coordinate complex general"))
    entry("hermitian-diagonal", "the diagonal of a hermitian matrix is real",
          "2 2 1 -1\n", kind("coordinate complex hermitian"))
    entry("value-hex", "'0x1p3' is not a number", "1 1 0x1p3\n")
    entry("value-comma", "'1,5' is not a number", "1 1 1,5\n")
    entry("value-two-signs", "'+-1' is not a number", "1 1 +-1\n")
    entry("value-sign-only", "'-' is not a number", "1 1 -\n")
    entry("value-open-exponent", "'1e' is not a number", "1 1 1e\n")
    entry("value-too-large", "'1e400' is too large", "1 1 1e400\n")
    entry("value-too-large-d", "'-1D+999' is too large", "1 1 -1D+999\n")
    entry("value-too-large-digits", "is too large", "1 1 " + "9" * 400 + "\n")
    entry("value-exponent-2-70", "is too large",
          "1 1 1e1180591620717411303424\n")
    entry("value-nul", "'1\\x00' is not a number", "1 1 1\0\n")
    entry("extra", ":3:7: '2' after the entry", "1 1 1 2\n")
    entry("comment-behind", "'%' after the entry", "1 1 1 % one\n")
    entry("joined", "after the entry", "1 1 1 2 2 2\n", sizes="3 3 2")
    entry("pattern-value", "'1' after the entry", "1 1 1\n",
          kind("coordinate pattern general"))
    entry("integer-decimal", ":3:5: the value '1.5' is not an integer",
          "1 1 1.5\n", integer)
    entry("integer-exponent", "'1e3' is not an integer", "1 1 1e3\n", integer)
    entry("integer-nan", "'nan' is not finite", "1 1 nan\n", integer)
    entry("integer-inf", "'-inf' is not finite", "1 1 -inf\n", integer)
    entry("integer-2-63", "does not fit in 64 bits",
          "1 1 9223372036854775808\n", integer)
    entry("integer-uint64", "does not fit in 64 bits",
          "1 1 18446744073709551615\n", integer)
    entry("integer-minimum-skew", "negative does not fit",
          "2 1 -9223372036854775808\n",
          kind("coordinate integer skew-symmetric"))
    entry("skew-diagonal", "no entries on the diagonal", "2 2 1\n",
          kind("coordinate real skew-symmetric"))
    entry("long-line", ":3:1: the line is longer than 1048576 bytes",
          "1 1 " + " " * (1 << 20) + "1\n")
    entry("long-comment", "the line is longer", "%" + "x" * (1 << 20) + "\n")
    entry("no-newlines", "the line is longer", "1 " * (1 << 20))
    case("array-row-a-line.mtx", ":3:3: '2' after the entry",
         kind("array real general") + "2 2\n1 2\n3 4\n")
    case("array-too-few.mtx", "ends after 3 of 4",
         kind("array real general") + "2 2\n1.5\n2.5\n3.5\n")
    case("array-too-many.mtx", "an entry too many",
         kind("array integer symmetric") + "2 2\n1\n2\n3\n4\n")
    case("array-integer-decimal.mtx", "'0.5' is not an integer",
         kind("array integer general") + "1 1\n0.5\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    npy_cases()
    mtx_cases()
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, (expected, content) in CASES.items():
        with open(os.path.join(sys.argv[1], name), "wb") as file:
            file.write(content)
        print(name, expected, sep="\t")


main()
