"""Say which outputs of a build are up to date, and why others are not."""

from collections.abc import Iterator, Mapping

from standalone.core.errors import UsageError
from standalone.pipeline import plan, stages
from standalone.request import Config

_NONE = "-"


def listing(config: Config) -> Iterator[str]:
    """Yield a line for each stage and dependency, in the graph's order."""
    for title, (made, planned) in _compared(config).items():
        yield f"{title:<18} {_state(made, planned)}"


def why(config: Config, stage: str, dependency: str | None) -> Iterator[str]:
    """Yield lines that say what changed since an output was made.

    Each line has a label, the old and the new value.  Stages that *stage*
    needs follow.  Raises UsageError for an unknown stage or dependency.
    """
    compared = _compared(config)
    left = [stages.task(config.recipes, stage, dependency).title]
    for title in left:
        made, planned = compared[title]
        yield f"{title}: {_state(made, planned)}"
        for label in _changed(made or {}, planned) if made else ():
            needed = label.removeprefix("needs ")
            if needed != label and needed in compared:
                left += [needed] if needed not in left else []
                yield f"  {label}: see below"
            else:
                yield (f"  {label}: {_shown(made, label)} -> "
                       f"{_shown(planned, label)}")


def _compared(config: Config) -> dict[
        str, tuple[plan.Parts | None, plan.Parts]]:
    """Map titles to the parts of the output, and the planned parts."""
    if not config.pristine.is_dir():
        raise UsageError(
            f"CPython {config.version} is not in OUT/work yet",
            hint="run `make standalone-fetch` or `make standalone` first")
    planned = plan.parts(config)
    return {task.title: (plan.made_of(config.layout, task),
                         planned[task.title])
            for task in stages.tasks(config.recipes)}


def _state(made: plan.Parts | None, planned: plan.Parts) -> str:
    if made is None:
        return "not made"
    if not made:
        return "made by an older version, which did not record the parts"
    changed = _changed(made, planned)
    if not changed:
        return "up to date"
    more = f", and {len(changed) - 3} more" if len(changed) > 3 else ""
    return f"changed: {', '.join(changed[:3])}{more}"


def _changed(made: plan.Parts, planned: plan.Parts) -> list[str]:
    return sorted(label for label in made.keys() | planned.keys()
                  if made.get(label) != planned.get(label))


def _shown(parts: Mapping[str, str] | None, label: str) -> str:
    """Return a value; shorten a hash to 12 digits."""
    value = (parts or {}).get(label, _NONE)
    return value[:12] if len(value) == 64 else value
