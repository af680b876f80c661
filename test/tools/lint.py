#!/usr/bin/env python3
"""Everything that can be said of the sources without building them.

    lint.py [--self-test | --fix-format]

Formatting, include directions, dead FileCheck lines, file lengths, and words
that say a file is unfinished. Each check is first tried on planted faults.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FORMAT = "/usr/bin/clang-format-22"
CODE = (".h", ".hpp", ".c", ".cpp")
TEXT = CODE + (".td", ".def", ".mlir", ".test", ".py", ".sh", ".md", ".txt",
               ".cmake", ".in", ".json", ".yaml")
LONGEST, LONGEST_TOOL = 800, 200
UNFINISHED = [re.compile(pattern, re.IGNORECASE) for pattern in (
    r"\bTO" r"DO\b", r"\bFIX" r"ME\b", r"\bX" r"XX\b", r"\bst" r"ub(s|bed)?\b",
    r"\bplace" r"holders?\b", r"\bfor " r"now\b", r"\bnot yet " r"implemented",
    r"(?<![\w.])/(wo" r"rk|ro" r"ot|ho" r"me)/")]


def sources(endings=TEXT):
    """Paths of the project's files, without builds."""
    for here, folders, files in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if f not in (
            ".git", "__pycache__", "generated") and not f.startswith("build"))
        for name in sorted(files):
            if name.endswith(endings) or (
                    endings is TEXT and name in ("dev", "run")):
                yield os.path.relpath(os.path.join(here, name), ROOT)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def length_fault(path, lines):
    most = LONGEST_TOOL if path.startswith("tools/") else LONGEST
    if path.endswith((".npy", ".mtx", ".names", ".json")) or lines <= most:
        return None
    return f"{path}:{lines}: error: {lines} lines, at most {most}: split it"


def word_faults(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        for pattern in UNFINISHED:
            found = pattern.search(line)
            if found:
                yield (f"{path}:{number}: error: '{found.group(0)}' does not "
                       "belong in the project")


def check_text():
    faults = []
    for path in sources():
        text = read(path)
        faults += filter(None, [length_fault(path, text.count("\n"))])
        faults += word_faults(path, text)
    return faults


def link_faults(path, text):
    """Links between the project's own pages."""
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        place = os.path.join(ROOT, os.path.dirname(path), target)
        if "://" not in target and not os.path.exists(place):
            yield f"{path}: error: links to {target}, which does not exist"


def check_links():
    return [fault for path in sources((".md",)) if path.endswith(".md")
            for fault in link_faults(path, read(path))]


def format_faults(paths):
    done = subprocess.run([FORMAT, "--dry-run", "-Werror", *paths], cwd=ROOT,
                          text=True, capture_output=True, check=False)
    if done.returncode == 0:
        return []
    lines = [l for l in done.stderr.splitlines() if "error:" in l]
    files = sorted({l.split(":")[0] for l in lines})
    return [f"{name}: error: not formatted; run tools/dev fmt"
            for name in files] or [done.stderr.strip()]


def run_script(*command):
    done = subprocess.run([sys.executable, *command], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    if done.returncode == 0:
        return []
    return [(done.stdout + done.stderr).strip() or f"{command[0]} failed"]


def self_test():
    planted = os.path.join(ROOT, "build", "lint-planted.cpp")
    os.makedirs(os.path.dirname(planted), exist_ok=True)
    with open(planted, "w", encoding="utf-8") as file:
        file.write("int  main( ){return 0 ;}\n")
    try:
        assert format_faults([planted]), "bad formatting was missed"
    finally:
        os.remove(planted)
    assert list(link_faults("README.md", "[a](docs/None.md#part)"))
    assert not list(link_faults("README.md", "[a](LICENSE) [b](http://a/b)"))
    assert length_fault("lib/a.cpp", LONGEST + 1)
    assert length_fault("tools/a.cpp", LONGEST_TOOL + 1)
    assert not length_fault("lib/a.cpp", LONGEST)
    for line in ("// TO" "DO: later", "a st" "ub", "good for " "now",
                 "see /wo" "rk/main", "Place" "holder value"):
        assert list(word_faults("a.cpp", line)), f"missed: {line}"
    for line in ("stubborn", "framework/main", "for nowhere"):
        assert not list(word_faults("a.cpp", line)), f"refused: {line}"


CHECKS = [
    ("words and lengths", check_text),
    ("links", check_links),
    ("formatting", lambda: format_faults(sources(CODE))),
    ("include directions", lambda: run_script("test/tools/include_direction.py")),
    ("counting of tests, planted faults",
     lambda: run_script("test/tools/run_suites.py", "--self-test")),
    ("dead checks, planted faults",
     lambda: run_script("test/tools/lint_checks.py", "--self-test")),
    ("dead checks", lambda: run_script("test/tools/lint_checks.py", "test")),
]


def main():
    if "--fix-format" in sys.argv:
        sys.exit(subprocess.run([FORMAT, "-i", *sources(CODE)], cwd=ROOT,
                                check=False).returncode)
    self_test()
    if "--self-test" in sys.argv:
        print("planted faults found")
        return
    failed = 0
    for name, check in CHECKS:
        faults = check()
        failed += bool(faults)
        print(f"lint: {name}: {'ok' if not faults else 'FAILED'}")
        for fault in faults:
            print(f"  {fault}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
