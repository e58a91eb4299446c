"""Text from the templates; the one module that imports jinja2."""

import jinja2

from standalone.core.layout import TOOLS


def render(template: str, **values: object) -> str:
    """The template of that name with *values*.

    A name that the template uses and nobody gave is a bug and raises.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TOOLS / "core" / "templates"),
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
        trim_blocks=True, lstrip_blocks=True, autoescape=False)
    return environment.get_template(template).render(**values)
