"""Check plan files without a database: `python -m shouyue.contracts.plan_language.check_files plans/*.yaml`.

Prints every problem, then a line of coverage per plan. The words known come from a JSON file (`--vocabulary`), by
default those of docs/plans.md. Exit status 1 when a plan has errors.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.coverage import PlanCoverage, as_json, coverage_of
from shouyue.contracts.plan_language.explain import explain_plan
from shouyue.contracts.plan_language.parse import parse_file
from shouyue.contracts.plan_language.vocabulary import Vocabulary, read_vocabulary

RELEASE = Path(__file__).parent / "tests" / "vocabulary.json"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    vocabulary = read_vocabulary(json.loads(options.vocabulary.read_text(encoding="utf-8")))
    failed = False
    found: list[PlanCoverage] = []
    for path in options.files:
        failed |= _check(path, vocabulary, options, found)
    if options.json:
        _say(json.dumps(as_json(found), ensure_ascii=False, indent=2))
    return 1 if failed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check service plans.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--vocabulary", type=Path, default=RELEASE)
    parser.add_argument("--language", default="en", choices=("en", "zh"))
    parser.add_argument("--rows", action="store_true", help="print the state of every row")
    parser.add_argument("--explain", action="store_true", help="say every promise in plain sentences")
    parser.add_argument("--json", action="store_true", help="print the coverage as JSON")
    return parser.parse_args(arguments)


def _check(
    path: Path, vocabulary: Vocabulary, options: argparse.Namespace, found: list[PlanCoverage]
) -> bool:
    parsed = parse_file(path)
    problems = check_plan(parsed, vocabulary)
    for problem in problems:
        _say(problem.line_of_text(options.language))
    if parsed.plan is None:
        return True
    coverage = coverage_of(parsed.plan, vocabulary)
    found.append(coverage)
    if not options.json:
        _say(
            f"{path}: {coverage.promises} promises, {coverage.stated} stated, {coverage.executable} executable, "
            f"{coverage.unset} with unset numbers, missing words: {', '.join(coverage.missing) or 'none'}"
        )
    not_stated = [row.row for row in coverage.rows if not row.commitments]
    if not_stated and not options.json:
        _say(f"{path}: not stated: {', '.join(not_stated)}")
    if options.rows:
        for row in coverage.rows:
            state = "executable" if row.executable else "not executable"
            _say(f"  {row.row}: {state}; {', '.join(row.kinds)}; missing {row.missing}; unset {row.unset}")
    if options.explain:
        for name, sentences in explain_plan(parsed.plan, vocabulary, options.language).items():
            _say(f"  {name}: {' '.join(sentences)}")
    return any(problem.severity == "error" for problem in problems)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
