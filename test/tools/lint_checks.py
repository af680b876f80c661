#!/usr/bin/env python3
"""Finds FileCheck and -verify-diagnostics lines that check nothing.

    lint_checks.py FILE_OR_FOLDER...
    lint_checks.py --self-test        tries it on planted faults

A directive without its colon, with a misspelt prefix or suffix, or with a
prefix that no RUN line uses is a comment, and the test passes without it.
"""
import difflib
import os
import re
import sys

SUFFIXES = ("NEXT", "SAME", "LABEL", "DAG", "NOT", "EMPTY")
# Words lit reads, and those a comment may begin with.
KEYWORDS = ("RUN", "REQUIRES", "UNSUPPORTED", "XFAIL", "DEFINE", "REDEFINE",
            "END", "NOTE")
DIAGNOSTICS = ("expected-error", "expected-note", "expected-warning",
               "expected-remark", "expected-no-diagnostics")
# What begins a comment; a .test file need not be a comment at all.
COMMENT = {".mlir": r"//", ".test": r"(?://|#|)"}
NOT_TESTS = ("Inputs", "unit", "fuzz", "bench")
DIRECTIVE = re.compile(
    r"(?P<word>[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*)"
    r"(?P<options>\{LITERAL\})?(?P<space>\s*)(?P<colon>:?)")


def run_lines(lines, comment):
    """Text of all RUN lines, continued ones joined."""
    pattern = re.compile(r"^\s*" + comment + r"+\s*RUN:\s*(.*?)(\\?)$")
    return "".join(found.group(1) + (" " if found.group(2) else "\n")
                   for found in map(pattern.search, lines) if found)


def prefixes_of(runs):
    """Prefixes that some FileCheck of the RUN lines looks for."""
    used = set()
    for call in re.findall(r"FileCheck\b([^|;&\n]*)", runs):
        named = re.findall(r"--?check-prefix(?:es)?[= ]\s*(\S+)", call)
        used.update(p for names in named for p in names.split(","))
        if not named:
            used.add("CHECK")
    return used


def split_suffix(word):
    """CHECK-NEXT -> CHECK, NEXT; a count is a suffix too."""
    found = re.fullmatch(r"(.+?)-(COUNT-\d+|[A-Z]+)", word)
    if found and (found.group(2) in SUFFIXES or
                  found.group(2).startswith("COUNT-")):
        return found.group(1), found.group(2)
    return word, ""


def resembles(word, others, cutoff=0.75):
    return difflib.get_close_matches(word, others, n=1, cutoff=cutoff)


def directive_fault(found, used):
    """What is wrong with the first word of a comment; None where nothing."""
    word, colon = found["word"], found["colon"]
    space = found["space"]
    prefix, suffix = split_suffix(word)
    if prefix in used:
        if not colon and (suffix or not space or prefix.startswith("CHECK")):
            return f"'{word}' lacks its colon"
        if colon and space:
            return f"'{word}' has a space before its colon"
        return None
    if word in KEYWORDS:
        return None if colon else f"'{word}' lacks its colon"
    known = sorted(used) + [f"{p}-{s}" for p in sorted(used) for s in SUFFIXES]
    if word.upper() == word and len(word) > 2:
        if suffix or prefix.startswith("CHECK") or colon:
            near = resembles(word, known)
            return (f"no RUN line uses the prefix of '{word}'" +
                    (f"; is it '{near[0]}'?" if near else ""))
        near = resembles(word, [k for k in known if len(k) > 3], 0.8)
        return f"'{word}' is like '{near[0]}' but is none" if near else None
    upper = word.upper().replace("_", "-")
    if colon and (split_suffix(upper)[0] in used or resembles(upper, known)):
        return f"'{word}' is no directive; they are in capitals"
    return None


def diagnostic_fault(comment, runs):
    found = re.match(r"(exp\w*-[\w-]+)(\S*)\s*(.*)", comment)
    if not found:
        return None
    word, _, rest = found.groups()
    if word not in DIAGNOSTICS and word != "expected-error-re":
        near = resembles(word, DIAGNOSTICS)
        return f"'{word}' is no directive; is it '{near[0]}'?" if near else None
    if "verify-diagnostics" not in runs:
        return f"'{word}', but no RUN line has -verify-diagnostics"
    if word != "expected-no-diagnostics" and "{{" not in rest:
        return f"'{word}' has no {{{{message}}}}"
    return None


def faults_of(text, kind):
    """(line number, message) of each fault in a test file's text."""
    comment = COMMENT[kind]
    lines = text.splitlines()
    runs = run_lines(lines, comment)
    if not runs:
        yield 1, "has no RUN line"
        return
    used = prefixes_of(runs)
    seen = set()
    for number, line in enumerate(lines, 1):
        found = re.match(r"\s*" + comment + r"+\s*(.*)", line) or re.search(
            r"\s//\s*(.*)", line)
        if not found:
            continue
        body = found.group(1)
        fault = diagnostic_fault(body, runs)
        directive = DIRECTIVE.match(body)
        if not fault and directive:
            fault = directive_fault(directive, used)
            prefix, suffix = split_suffix(directive["word"])
            if not fault and directive["colon"]:
                seen.add(prefix)
                if (suffix not in ("EMPTY",) and prefix in used and
                        not body[directive.end():].strip()):
                    fault = f"'{directive['word']}' looks for nothing"
        if fault:
            yield number, fault
    for prefix in sorted(used - seen):
        yield 1, f"a RUN line looks for '{prefix}', which no line begins with"


CLEAN = """// RUN: noodle-opt %s | FileCheck %s
// RUN: noodle-opt %s -a | FileCheck %s --check-prefixes=FAST,CHECK-ALL
// RUN: noodle-opt %s -verify-diagnostics
// REQUIRES: shared-data
// A comment in prose: nothing is wrong with it.
// CHECK-LABEL: @f
// CHECK-NEXT: x
// CHECK-COUNT-3: x
// CHECK-EMPTY:
// CHECK{LITERAL}: [[
// FAST-DAG: y
// CHECK-ALL: z
// NOTE: notes are prose.
#csr = #sparse
func.func @f() // CHECK-SAME: x
// expected-error@+1 {{message}}
"""
# A line put in, and a part of the message it must cause.
PLANTED = [
    ("// CHECK foo", "lacks its colon"),
    ("// CHECK-NEXT foo", "lacks its colon"),
    ("  // CHECK-LABEL @f", "lacks its colon"),
    ("// CHECK-NEXT : foo", "space before its colon"),
    ("// CHEKC: foo", "is it 'CHECK'?"),
    ("// CHECK-NXT: foo", "is it 'CHECK-NEXT'?"),
    ("// CHECK_NEXT: foo", "is it 'CHECK-NEXT'?"),
    ("// CHECK-COUNT: foo", "no RUN line uses the prefix"),
    ("// FATS: foo", "no RUN line uses the prefix"),
    ("// SLOW: foo", "no RUN line uses the prefix"),
    ("// SLOW-NEXT: foo", "no RUN line uses the prefix"),
    ("// SLOW-NEXT foo", "no RUN line uses the prefix"),
    ("// check: foo", "in capitals"),
    ("// Check-next: foo", "in capitals"),
    ("// CHECK:", "looks for nothing"),
    ("// RUN noodle-opt %s", "lacks its colon"),
    ("// REQUIRES shared-data", "lacks its colon"),
    ("// expected-erorr@+1 {{x}}", "is it 'expected-error'?"),
    ("// expected-error@+1 {x}", "has no {{message}}"),
    ("// RUN: noodle-opt %s | FileCheck %s --check-prefix=ABSENT",
     "looks for 'ABSENT'"),
]


def self_test():
    def messages(text, kind=".mlir"):
        return [message for _, message in faults_of(text, kind)]

    assert not messages(CLEAN), f"clean text refused: {messages(CLEAN)}"
    lines = CLEAN.count("\n")
    for line, expected in PLANTED:
        faults = list(faults_of(CLEAN + line + "\n", ".mlir"))
        assert len(faults) == 1 and expected in faults[0][1], (
            f"planted '{line}' gave {faults}, not '{expected}'")
        assert faults[0][0] in (1, lines + 1), f"'{line}': wrong line"
    unverified = CLEAN.replace(" -verify-diagnostics", "")
    assert "no RUN line has -verify-diagnostics" in messages(unverified)[0]
    assert messages("// CHECK: x\n") == ["has no RUN line"]
    shell = "# RUN: a | \\\n# RUN: FileCheck %s --check-prefix=B\n# B: x\n"
    assert not messages(shell, ".test")
    assert messages(shell + "# B-NEXT x\n", ".test")
    bare = shell.replace("# ", "")
    assert not messages(bare, ".test")
    assert messages(bare + "B-NEXT x\n", ".test")
    print(f"lint_checks: {len(PLANTED) + 5} planted faults found")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    paths = []
    for root in sys.argv[1:]:
        if os.path.isfile(root):
            paths.append(root)
        for here, folders, files in os.walk(root):
            folders[:] = sorted(f for f in folders if f not in NOT_TESTS)
            paths += [os.path.join(here, name) for name in sorted(files)
                      if os.path.splitext(name)[1] in COMMENT]
    if not paths:
        sys.exit("lint_checks: error: no test files found")
    count = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, message in faults_of(file.read(),
                                             os.path.splitext(path)[1]):
                print(f"{path}:{number}: error: {message}")
                count += 1
    print(f"lint_checks: {len(paths)} files, {count} faults")
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
