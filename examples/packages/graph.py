#!/usr/bin/env python3
"""The dependency graph of the packages this machine knows, as MatrixMarket.

    graph.py packages OUT      from apt's package lists
    graph.py includes OUT      from this project's own #include lines

writes OUT.mtx, where a stored entry (i, j) says that i depends on j, and
OUT.names with the name of node i on line i. `packages` exits with 3 where the
machine has no lists.

Depends and Pre-Depends count; of alternatives (a | b) the first that exists;
versions are dropped; a name that only other packages provide stands for the
first of those.
"""
import glob
import os
import re
import subprocess
import sys

LISTS = "/var/lib/apt/lists/*_Packages*"
APT_HELPER = "/usr/lib/apt/apt-helper"


def read_list(path):
    """Text of a package list, which apt may keep compressed."""
    if path.endswith("_Packages"):
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    done = subprocess.run([APT_HELPER, "cat-file", path], check=True,
                          stdout=subprocess.PIPE)
    return done.stdout.decode("utf-8", errors="replace")


def bare_names(field):
    """'a (>= 1) | b:any, c' -> [['a', 'b'], ['c']]"""
    groups = []
    for clause in field.split(","):
        names = [re.split(r"[\s(:\[<]", choice.strip(), maxsplit=1)[0]
                 for choice in clause.split("|")]
        if names[0]:
            groups.append(names)
    return groups


def package_graph(texts):
    """Names and edges of the packages described in `texts`."""
    depends, provided = {}, {}
    wanted = re.compile(
        r"^(Package|Depends|Pre-Depends|Provides): (.*)$", re.MULTILINE)
    for text in texts:
        for stanza in text.split("\n\n"):
            fields = dict(wanted.findall(stanza))
            name = fields.get("Package")
            if not name or name in depends:
                continue
            depends[name] = (bare_names(fields.get("Pre-Depends", "")) +
                             bare_names(fields.get("Depends", "")))
            for names in bare_names(fields.get("Provides", "")):
                provided.setdefault(names[0], name)
    number = {name: i for i, name in enumerate(sorted(depends))}
    edges = set()
    for name, groups in depends.items():
        for choices in groups:
            target = next((c for c in choices if c in number), None)
            if target is None:
                target = next((provided[c] for c in choices if c in provided),
                              None)
            if target is not None and target != name:
                edges.add((number[name], number[target]))
    return list(number), edges


def include_graph(root):
    """Names and edges of the project's own sources."""
    names = set()
    for folder in ("include", "lib", "runtime", "tools"):
        for here, _, files in os.walk(os.path.join(root, folder)):
            for file in files:
                if file.endswith((".h", ".hpp", ".cpp", ".td", ".def")):
                    names.add(os.path.relpath(os.path.join(here, file), root))
    number = {name: i for i, name in enumerate(sorted(names))}
    edges = set()
    for name, i in number.items():
        with open(os.path.join(root, name), encoding="utf-8") as file:
            text = file.read()
        for written in re.findall(r'^\s*#?include\s+[<"]([^>"]+)[>"]', text,
                                  re.MULTILINE):
            for place in ("include", os.path.dirname(name), "runtime"):
                path = os.path.normpath(os.path.join(place, written))
                if path in number and path != name:
                    edges.add((i, number[path]))
                    break
    return list(number), edges


def write(out, names, edges, what):
    with open(out + ".names", "w", encoding="utf-8") as file:
        file.writelines(name + "\n" for name in names)
    with open(out + ".mtx", "w", encoding="utf-8") as file:
        file.write("%%MatrixMarket matrix coordinate pattern general\n")
        file.write(f"% {what}; (i, j): i depends on j\n")
        file.write(f"{len(names)} {len(names)} {len(edges)}\n")
        file.writelines(f"{i + 1} {j + 1}\n" for i, j in sorted(edges))


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("packages", "includes"):
        sys.exit(__doc__)
    if sys.argv[1] == "packages":
        paths = sorted(path for path in glob.glob(LISTS)
                       if os.path.getsize(path))
        try:
            names, edges = package_graph(map(read_list, paths))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"graph.py: package lists cannot be read: {error}",
                  file=sys.stderr)
            sys.exit(3)
        if not edges:
            print("graph.py: no package lists; run apt-get update",
                  file=sys.stderr)
            sys.exit(3)
        write(sys.argv[2], names, edges, "packages known to apt")
    else:
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                            os.pardir, os.pardir)
        write(sys.argv[2], *include_graph(root), "includes of this project")


if __name__ == "__main__":
    main()
