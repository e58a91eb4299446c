"""Render the templates; the only module that imports jinja2."""

import jinja2

from standalone.core.layout import TOOLS


def render(template: str, **values: object) -> str:
    """Return the text of a template with *values* filled in.

    Raises jinja2.UndefinedError if the template uses a name that is not
    in *values*.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TOOLS / "core" / "templates"),
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
        trim_blocks=True, lstrip_blocks=True, autoescape=False)
    return environment.get_template(template).render(**values)
