"""A build to compare with, whose Python is another program."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

from standalone.formats import checksums
from standalone.request import Config

from .trees import request, small_tree

#: What a program prints to be taken for a Python.
FACTS = {"implementation": "cpython", "version": "3.13.5",
         "feature": [3, 13], "build": "3.13.5 (main)", "executable": "/none",
         "prefix": "/opt", "library": "/none", "debug": False, "gil": True,
         "configure": ""}


def says(**facts):
    """A program that is taken for a Python with these facts."""
    return f"#!/bin/sh\nprintf '%s\\n' '{json.dumps({**FACTS, **facts})}'\n"


def program(path, text):
    """Write a program; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def archive(path, text, name="python/bin/python3"):
    """Write an archive with one program."""
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(text.encode()), 0o755
        tar.addfile(member, io.BytesIO(text.encode()))
    return path


def built(top: Path, text: str, version: str = "3.13.15") -> Config:
    """A request for which OUT has an archive with the program *text*."""
    config = request(small_tree(top / "tree", version), top / "out")
    made = config.layout.stage("archive")
    made.mkdir(parents=True)
    path = archive(config.layout.out / (
        f"{config.name}-install_only_stripped.tar.gz"), text)
    (made / checksums.FILE).write_text(checksums.text({
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()}))
    return config
