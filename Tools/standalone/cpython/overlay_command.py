"""The command overlay: apply, check or print our changes to CPython."""

import argparse
import sys
from pathlib import Path

from standalone.core.errors import UsageError
from standalone.cpython import overlay, purposes, series


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser."""
    command.add_argument("action",
                         choices=("apply", "check", "diff", "series"))
    command.add_argument("tree", type=Path)
    command.add_argument("directory", type=Path, nargs="?", help=(
        "where series writes a patch for each purpose"))
    command.add_argument("-v", "--verbose", action="store_true",
                         help="print the name of each file that apply "
                         "changes")


def run(action: str, tree: Path, directory: Path | None, *,
        verbose: bool) -> None:
    """Run the command overlay: *action* is apply, check, diff or series."""
    if (action == "series") != (directory is not None):
        raise UsageError("overlay series needs TREE and DIR, the other "
                         "actions only TREE")
    if warning := overlay.warning(tree):
        print(f"standalone: warning: {warning}", file=sys.stderr, flush=True)
    match action:
        case "apply":
            changed = overlay.apply(tree)
            if verbose:
                print(*changed, sep="\n", end="\n" * bool(changed))
            edited = {Path(edit.file) for edit in overlay.edits()}
            edits = len(edited.intersection(changed))
            print(f"{tree}: files added or replaced: "
                  f"{len(changed) - edits}, CPython's files edited: "
                  f"{edits}" if changed else f"{tree}: nothing to do")
        case "check":
            applied = overlay.check(tree)
            print(*purposes.listing(tree), sep="\n")
            print("applied" if applied else "not applied, but applicable")
        case "diff":
            # Some files, such as ELF samples, are not text.
            sys.stdout.buffer.write(
                overlay.diff(tree).encode("utf-8", "surrogateescape"))
        case "series":
            assert directory is not None
            print(*series.write(tree, directory), sep="\n")
