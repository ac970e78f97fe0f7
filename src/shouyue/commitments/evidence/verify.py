"""Verify an evidence pack with nothing but Python's standard library:

    python3 verify.py [pack.zip or unpacked folder]        (without: the folder this file lies in)

Checks that every file is as the manifest says, that each chain of events is unbroken and unchanged up to its head, and
that all totals follow from the rows. Exit status 0: everything agrees; 1: it does not; 2: there is no pack.
"""

import csv
import hashlib
import io
import json
import sys
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

COUNTED = ("kept", "late", "missed", "waived", "running", "paused", "refused")
problems = []


def problem(text):
    problems.append(text)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Pack:
    """A ZIP file or a folder, read alike."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path) if path.is_file() else None
        self.root = path

    def names(self):
        if self.zip:
            return [info.filename for info in self.zip.infolist() if not info.is_dir()]
        return [found.relative_to(self.root).as_posix() for found in self.root.rglob("*") if found.is_file()]

    def read(self, name):
        return self.zip.read(name) if self.zip else (self.root / name).read_bytes()


def check_manifest(pack):
    """Every file is listed, unchanged and there once; nothing else is."""
    listed = json.loads(pack.read("manifest.json"))["files"]
    names = pack.names()
    for name, count in Counter(names).items():
        if count > 1:
            problem(f"{name}: stands in the pack {count} times")
    for name in sorted(set(names) - set(listed) - {"manifest.json"}):
        problem(f"{name}: is not in the manifest")
    for name, said in sorted(listed.items()):
        if name not in names:
            problem(f"{name}: is missing")
        elif sha256(pack.read(name)) != said["sha256"]:
            problem(f"{name}: was changed (its SHA-256 differs)")
    return len(listed)


def link(event):
    """The digest of an event: over its predecessor's digest and its own values, as the database computes it."""
    plain = (
        "id seq verb subject_type subject_id case_type case_id customer_id contract_id actor "
        "occurred_us recorded_us device_us facts"
    )
    values = ["" if event[key] is None else str(event[key]) for key in plain.split()]
    return sha256(bytes.fromhex(event["prev"]) + "\x1f".join(values).encode())


def check_events(pack):
    """Each subject's events run 1, 2, 3 …, each digest follows from the one before, the last is the head's."""
    chains = defaultdict(list)
    for line in pack.read("events.jsonl").decode().splitlines():
        event = json.loads(line)
        chains[f"{event['subject_type']}:{event['subject_id']}"].append(event)
    heads = json.loads(pack.read("heads.json"))
    for subject in sorted(set(heads) ^ set(chains)):
        problem(f"{subject}: has a head without events, or events without a head")
    for subject, events in sorted(chains.items()):
        before = ""
        for number, event in enumerate(sorted(events, key=lambda event: event["seq"]), 1):
            if event["seq"] != number:
                problem(f"{subject}: event {number} is missing, or there twice")
                break
            if event["prev"] != before or link(event) != event["digest"]:
                problem(f"{subject}: event {number} ({event['verb']}) was changed")
                break
            before = event["digest"]
        else:
            if heads.get(subject) != [len(events), before]:
                problem(f"{subject}: its last events were cut off")
    return sum(map(len, chains.values())), len(chains)


def check_totals(pack):
    """Totals follow from rows; what was frozen, with its corrections, gives what is today."""
    register = json.loads(pack.read("register.json"))
    rows = list(csv.DictReader(io.StringIO(pack.read("obligations.csv").decode("utf-8-sig"))))
    counted = defaultdict(Counter)
    for row in rows:
        counted[row["commitment"]][row["state"]] += 1
    everything = Counter()
    for one in register["commitments"]:
        found = {state: counted[one["name"]][state] for state in COUNTED}
        everything.update(found)
        if found != one["figures"]:
            problem(f"{one['name']}: the register says {one['figures']}, its rows {found}")
    if {state: everything[state] for state in COUNTED} != register["totals"]:
        problem("the totals do not follow from the commitments")
    for name in sorted(set(counted) - {one["name"] for one in register["commitments"]}):
        problem(f"{name}: has rows, yet is not in the register")
    closing = register["closing"]
    if closing:
        if sha256(closing["snapshot"].encode()) != closing["digest"]:
            problem("the frozen figures do not match their digest")
        check_corrections(json.loads(closing["snapshot"]), closing["adjustments"], counted)
    return len(rows)


def check_corrections(frozen, adjustments, counted):
    moved = defaultdict(Counter)
    for one in adjustments:
        moved[one["commitment"]][one["before"]] -= 1
        moved[one["commitment"]][one["after"]] += 1
    known = {row["name"]: row["figures"] for row in frozen["commitments"]}
    for name in sorted(counted):
        for state in ("kept", "late", "missed", "waived"):
            before = known.get(name, {}).get(state, 0)
            if before + moved[name][state] != counted[name][state]:
                problem(
                    f"{name}: {before} {state} when closed and {moved[name][state]:+d} by corrections "
                    f"are not {counted[name][state]}"
                )


def main(arguments):
    path = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    try:
        pack = Pack(path)
        files = check_manifest(pack)
        events, subjects = check_events(pack)
        rows = check_totals(pack)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        print(f"This is no readable evidence pack: {type(error).__name__}: {error}")
        return 2 if not problems else 1
    for text in problems:
        print(f"WRONG  {text}")
    print(f"{files} files, {events} events of {subjects} subjects, {rows} obligations: ", end="")
    print(f"{len(problems)} findings." if problems else "everything agrees.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
