"""licenses/: the text of every component's licence, and a summary of them."""

from collections.abc import Mapping
from pathlib import Path

from packaging.licenses import (
    InvalidLicenseExpression,
    canonicalize_license_expression,
)

from standalone.core import render
from standalone.core.errors import ValidationError
from standalone.documents.components import Component

SUMMARY = "SUMMARY.txt"


def write(directory: Path,
          found: Mapping[Component, Mapping[str, str]]) -> None:
    """Write ``COMPONENT/TEXT`` for all of them, and the summary.

    Raises ValidationError for a component without a licence, or without
    the text of one.
    """
    for component, texts in found.items():
        check(component.name, component.licence)
        if not texts:
            raise ValidationError(
                f"{component.name} {component.version} has no licence text")
        for name, text in texts.items():
            path = directory / component.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    (directory / SUMMARY).write_text(
        render.render("licences.j2", found=found), encoding="utf-8")


def check(name: str, expression: str) -> None:
    """Raise ValidationError unless *expression* is one of SPDX's.

    https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
    """
    try:
        canonical = canonicalize_license_expression(expression)
    except InvalidLicenseExpression as exc:
        raise ValidationError(
            f"the licence of {name} is no SPDX expression: {expression!r}",
            hint=str(exc)) from exc
    if canonical != expression:
        raise ValidationError(
            f"the licence of {name} is {expression!r}, not spelled as SPDX "
            "does", hint=f"that is {canonical}")
