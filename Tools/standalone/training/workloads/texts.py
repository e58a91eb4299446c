"""Texts, and times as texts."""

import calendar
import difflib
import re
import string
import textwrap
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta, timezone

PROSE = """\
The harbour was quiet when the two boats came in. Nobody had expected them
before the morning, and the old keeper, who slept above the sheds, did not hear
the ropes. "Well," said the younger of the sailors, "we are early: 4 hours and
30 minutes." They sat down between the nets, ate 12 of the 15 apples that were
left, and waited. At 6.45 the sun rose over the hills; the first gulls cried,
and a door opened. Grüße aus Köln, read the card in its frame, naïve and so.
"""


def formatting() -> tuple[int, str, int]:
    """Format, split, join, strip, translate and encode texts."""
    words = PROSE.split()
    rows, table = [], str.maketrans("aeiou", "AEIOU", ".,")
    for number, word in enumerate(words * 4):
        bare = word.strip('".,:;').lower()
        rows.append(f"{number:>5}|{bare:<12}|{number / 7:8.3f}|{number:#x}"
                    f"|{bare!r}")
        rows.append("%-10s %5d %6.2f" % (                  # noqa: UP031
            bare, number, number / 3))
        rows.append("{0:^12}{1:+,d}{name}".format(          # noqa: UP032
            bare, number * 1000, name=bare.capitalize()))
    text = "\n".join(rows)
    found = text.count("sun") + text.find("gulls") + text.rfind("\n")
    changed = text.replace("the", "a").translate(table).swapcase()
    for encoding in "utf-8", "utf-16-le", "latin-1":
        if text.encode(encoding).decode(encoding) != text:
            raise AssertionError(encoding)
    kept = [line for line in changed.splitlines() if (line.endswith("'")
            and not line.startswith(" ")) or "|" in line[:7]]
    pieces = [line.partition("|")[2].rpartition("|") for line in kept]
    return (found, pieces[-1][2], sum(
        char.isalpha() + char.isdigit() * 2 + char.isspace() * 3
        for char in changed[:3000]))


_LINE = re.compile(r"""
    (?P<host>\d{1,3}(?:\.\d{1,3}){3})\s-\s(?P<user>\w+|-)\s
    \[(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<year>\d{4})\]\s
    "(?P<verb>GET|POST|HEAD)\s(?P<path>/[^\s"]*)"\s(?P<status>\d{3})""", re.X)
_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*)|([A-Za-z_]\w*)|(\*\*|[-+*/()=]))")


def expressions() -> tuple[int, str, int, int]:
    """Search, split and replace by regular expressions."""
    status: Counter[str] = Counter()
    for number in range(250):
        line = (f"10.0.{number % 256}.{number % 7} - "
                f"{'-' if number % 3 else 'ada'} [{number % 28 + 1:02}/Feb/"
                f"2024] \"{'POST' if number % 5 == 0 else 'GET'} /page/"
                f"{number}?q=x\" {200 if number % 11 else 404} -")
        if match := _LINE.match(line):
            status[match["status"]] += 1
            status[match.group("user")] += int(match["day"])
    formula = "rate * (base + 12.5) ** 2 - other_value / 3.75 = total " * 12
    tokens = [match.lastindex for match in _TOKEN.finditer(formula)]
    spaced = re.sub(r"(?i)\b(the|an?)\s+(\w+)",
                    lambda match: f"{match[2]}_{match[1].lower()}", PROSE)
    parts = re.split(r"[.;:!?]\s+|\n", spaced)
    repeated = re.findall(r"(\w)\1", PROSE * 4)
    addresses = [text for text in ("a.b@example.org", "no at", "x@y", "@z.de")
                 * 40 if re.fullmatch(r"[\w.+-]+@[\w-]+\.\w{2,}", text)]
    return (sum(status.values()), max(parts, key=len)[:9],
            len(repeated) + len(addresses), sum(filter(None, tokens)))


def words() -> tuple[list[tuple[str, int]], str, float]:
    """Count, group, wrap, fill in and compare words."""
    counts = Counter(word.strip('".,:;').lower() for word in PROSE.split())
    for _ in range(6):
        counts.update(Counter(PROSE.lower().split()))
    by_letter: defaultdict[str, set[str]] = defaultdict(set)
    for word in counts:
        by_letter[word[0]].add(word)
    wrapped = textwrap.wrap(PROSE, width=40)
    block = textwrap.indent(textwrap.dedent(textwrap.fill(
        PROSE, 50, initial_indent="  ", subsequent_indent="  ")), "> ")
    template = string.Template("Dear $name, you owe ${amount} to $$me.")
    letters = [template.substitute(name=name.title(), amount=amount)
               for name, amount in counts.items()]
    changes = difflib.unified_diff(wrapped, block.splitlines(), lineterm="")
    ratio = difflib.SequenceMatcher(None, wrapped[0], wrapped[1]).ratio()
    common = [item for item in counts.most_common(3) if item[1] > 1]
    return (common, letters[5][-12:], len(by_letter) + round(ratio, 4)
            + sum(change.startswith("+") for change in changes))


def times() -> tuple[str, int, str]:
    """Compute with, format and parse dates and times."""
    moment = datetime(2024, 1, 31, 23, 30, tzinfo=UTC)
    zone, days = timezone(timedelta(hours=-5, minutes=-30)), set()
    for number in range(350):
        moment += timedelta(days=1, hours=number % 5, microseconds=number)
        local = moment.astimezone(zone)
        if datetime.fromisoformat(local.isoformat()) != moment:
            raise AssertionError(local)
        days.add((local.date() - date(2024, 1, 1)).days % 7)
    for number in range(60):
        text = moment.strftime("%Y-%m-%d %H:%M:%S %j %a")
        parsed = datetime.strptime(text, "%Y-%m-%d %H:%M:%S %j %a")
        moment = parsed.replace(tzinfo=UTC) + timedelta(weeks=number)
    leap = sum(calendar.isleap(year) for year in range(1900, 2100))
    month = calendar.TextCalendar().formatmonth(2024, 2).splitlines()
    noon = datetime.combine(date(2024, 2, 29), time(12, 5))
    return f"{noon:%d.%m.%y %H:%M} {month[-1]}", leap + len(days), str(
        moment.date())
