"""A run's JSON as tables for docs/Benchmarks.md.

    report.py [build/bench/dense.json]
"""
import json
import statistics
import sys

from measure import NOODLE, geomean, show


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def cell(row, rate=True):
    """Noodle's rate or time, and beside whom."""
    if not row or NOODLE not in row["seconds"]:
        return "-"
    text = show(row["seconds"][NOODLE], rate and row.get("flops"))
    if row.get("ratio"):
        text += f" ({row['ratio']:.2f} {row['best_peer']})"
    return text


def grid(rows, rate=True):
    """Shapes down; types and threads across."""
    columns, shapes, at = [], [], {}
    for row in rows:
        column = (row["type"], row["threads"])
        columns += [column] if column not in columns else []
        shapes += [row["shape"]] if row["shape"] not in shapes else []
        at[row["shape"], column] = row
    head = [""] + [f"{kind}, {t} thread{'s' if t > 1 else ''}"
                   for kind, t in columns]
    return table(head, [[shape] + [cell(at.get((shape, c)), rate)
                                   for c in columns] for shape in shapes])


def summary(rows):
    groups = {}
    for row in rows:
        if row.get("ratio"):
            groups.setdefault((row["set"], row["type"], row["threads"]),
                              []).append(row)
    lines = []
    for (name, kind, threads), some in groups.items():
        worst = min(some, key=lambda row: row["ratio"])
        lines.append([f"{name}, {kind}", str(threads), str(len(some)),
                      f"{geomean([row['ratio'] for row in some]):.3f}",
                      f"{worst['ratio']:.2f} at {worst['shape']}",
                      str(sum(row["ratio"] >= 0.97 for row in some))])
    return table(["set", "threads", "rows", "geometric mean", "worst",
                  "at least 0.97"], lines)


def tccg(rows):
    lines = []
    for row in rows:
        seconds = row["seconds"]
        if NOODLE in seconds:
            lines.append([row["shape"], str(row["threads"])] + [
                show(seconds[n], row["flops"]) if n in seconds else "-"
                for n in (NOODLE, "pytblis", "einsum")])
    return table(["", "threads", NOODLE, "pytblis", "einsum"], lines)


def programs(rows):
    lines = []
    for row in rows:
        names = [n for n in row["seconds"] if n != NOODLE] + [NOODLE]
        compiling = row["compile_seconds"]
        lines.append([f"{row['shape']}, {row['threads']} thread"
                      f"{'s' if row['threads'] > 1 else ''}"] + [
            (show(row["seconds"][n]) if n in row["seconds"] else "-") +
            (f", {show(compiling[n])}" if compiling.get(n) else "")
            for n in names])
    names = [n for n in rows[0]["seconds"] if n != NOODLE] + [NOODLE]
    return table(["call, compiling"] + names, lines)


def large(rows):
    lines = []
    for row in rows:
        strict = row["seconds"].get("noodle strict")
        lines.append([row["shape"], str(row["threads"]), cell(row),
                      show(strict, row["flops"]) if strict else "-",
                      f"{row['errors'].get(NOODLE, 0):.1e}",
                      f"{row['bound']:.1e}" if row.get("bound") else "-",
                      " ".join(row.get("strategy", []))])
    return table(["", "threads", "fast", "strict", "error", "bound",
                  "strategy"], lines)


def strategies(rows):
    over = [row["over_best"] for row in rows if "over_best" in row]
    ratios = [row["predicted"] / row["seconds"]["auto"] for row in rows
              if row.get("predicted") and "auto" in row["seconds"]]
    text = ""
    if over:
        text = (f"`auto` is within 3 % of the best strategy on "
                f"{sum(x <= 1.03 for x in over)} of {len(over)} shapes, at "
                f"worst {max(over):.2f} times its time.")
    if ratios:
        text += (f" Predicted over measured time: median "
                 f"{statistics.median(ratios):.2f}, within 20 % on "
                 f"{sum(1 / 1.2 <= r <= 1.2 for r in ratios)} of "
                 f"{len(ratios)}.")
    return text


def yardsticks(rows):
    lines = []
    for row in rows:
        seconds = row["seconds"]
        lines.append([f"{row['shape']}, {row['threads']} thread"
                      f"{'s' if row['threads'] > 1 else ''}"] + [
            show(seconds[n]) if n in seconds else "-"
            for n in ("baseline", "given", "one loop", NOODLE)])
    return table(["", "baseline", "buffers given", "one loop", NOODLE], lines)


FORMS = {"tccg": tccg, "programs": programs, "strassen": large,
         "strategies": strategies, "yardsticks": yardsticks}


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "build/bench/dense.json"
    with open(path, encoding="utf-8") as file:
        whole = json.load(file)
    rows = whole["rows"]
    print(f"{whole['machine']}\n\n{whole['versions']}\n\n{whole['absent']}\n")
    for name, peaks in whole["peaks"].items():
        print(f"peaks ({name}): " + ", ".join(
            f"{k} {v * 1e-9:.0f}" for k, v in peaks.items() if v))
    print("\n" + summary(rows))
    for name in dict.fromkeys(row["set"] for row in rows):
        some = [row for row in rows if row["set"] == name]
        print(f"\n### {name}\n\n{FORMS.get(name, grid)(some)}")
    for text in whole["failed"] + whole["wrong"]:
        print(f"\nfailed or wrong: {text}")


if __name__ == "__main__":
    main()
