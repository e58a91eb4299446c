"""Write licenses/: the licence texts of all components, and a summary."""

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
    """Write ``COMPONENT/TEXT`` for each component, and the summary.

    Raises ValidationError for a component without a valid licence, or
    without a licence text.
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
    """Raise ValidationError if *expression* is not a SPDX expression.

    https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
    """
    try:
        canonical = canonicalize_license_expression(expression)
    except InvalidLicenseExpression as exc:
        raise ValidationError(
            f"the licence of {name} is not a valid SPDX expression: "
            f"{expression!r}",
            hint=str(exc)) from exc
    if canonical != expression:
        raise ValidationError(
            f"the licence of {name} is {expression!r}, which is not the "
            "canonical spelling", hint=f"use {canonical}")
