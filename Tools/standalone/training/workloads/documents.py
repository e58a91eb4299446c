"""Formats made of text: JSON, CSV, INI, TOML, XML, HTML, e-mail."""

import configparser
import csv
import email
import email.policy
import io
import json
import tomllib
import xml.etree.ElementTree as ET
from datetime import date
from email.message import EmailMessage
from html import escape, unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urljoin, urlsplit

from standalone.training.workloads.texts import PROSE


def documents() -> tuple[int, bool, int]:
    """Write and read JSON, as files, indented, and with hooks."""
    order: dict[str, Any] = {
        "id": 7, "open": True, "note": None, "total": 12.25,
        "name": 'Zoë "Z" \\ Smith', "tags": ["new", "größer", "\u2713"],
        "lines": [{"sku": f"A-{number}", "count": number, "price": number / 4}
                  for number in range(40)]}
    sizes = 0
    for number in range(12):
        order["id"] = number
        text = json.dumps(order)
        if json.loads(text) != order:
            raise AssertionError(text)
        sizes += len(text)
    pretty = json.dumps(order, indent=2, sort_keys=True, ensure_ascii=False)
    file = io.StringIO()
    json.dump({"when": date(2024, 2, 29), "days": {1, 2}}, file,
              default=lambda value: sorted(value) if isinstance(value, set)
              else value.isoformat())
    file.seek(0)
    hooked = json.load(file, object_hook=lambda item: tuple(item.items()))
    try:
        json.loads('{"a": [1, 2, }')
    except json.JSONDecodeError as exc:
        sizes += exc.pos
    return sizes, json.loads(pretty) == order, len(hooked) + pretty.count("\n")


def tables() -> tuple[int, int, float]:
    """Write and read CSV, INI and TOML."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, ("name", "city", "amount"))
    writer.writeheader()
    for number in range(250):
        writer.writerow({"name": f'N. "{number}"', "city": "Bonn, DE",
                         "amount": f"{number / 8:.2f}"})
    file.seek(0)
    total = sum(float(row["amount"]) for row in csv.DictReader(file)
                if "," in row["city"])
    file.seek(0)
    quotes = sum(row[0].count('"') for row in csv.reader(file))
    parser = configparser.ConfigParser()
    parser.read_string("[DEFAULT]\nroot = /srv\n" + "".join(
        f"[site{number}]\n; a comment\npath = %(root)s/{number}\nport = "
        f"{8000 + number}\nopen = {'yes' if number % 2 else 'no'}\n"
        for number in range(15)))
    ports = sum(parser.getint(name, "port") for name in parser.sections()
                if parser.getboolean(name, "open"))
    settings = tomllib.loads('title = "x"\nday = 2024-02-29\n' + "".join(
        f'[[server]]\nname = "s{number}"\nips = ["10.0.0.{number}"]\n'
        f"limits = {{cpu = {number}, memory = 0.5}}\n"
        for number in range(15)))
    return quotes, ports, total + sum(
        server["limits"]["cpu"] for server in settings["server"])


def trees() -> tuple[int, str, int]:
    """Build, write, parse and search XML."""
    root = ET.Element("library", {"xml:lang": "en"})
    for number in range(60):
        book = ET.SubElement(root, "book", id=str(number))
        ET.SubElement(book, "title").text = f"Volume {number} & <more>"
        ET.SubElement(book, "price", currency="EUR").text = f"{number / 2}"
        book.tail = "\n"
    data = ET.tostring(root, encoding="utf-8")
    read = ET.fromstring(data)
    price = sum(float(element.text or 0) for element in read.iter("price"))
    found = read.findall(".//book[@id='7']/title")
    depth = longest = 0
    for event, element in ET.iterparse(io.BytesIO(data), ("start", "end")):
        depth += 1 if event == "start" else -1
        longest = max(longest, depth)
        if event == "end" and element.tag == "book":
            element.clear()
    ET.indent(read)
    return round(price), found[0].text or "", longest + len(
        ET.tostring(read, "unicode").splitlines())


class Links(HTMLParser):
    """The links, headings and visible text of a page."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.links: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str,
                        attrs: list[tuple[str, str | None]]) -> None:
        """Collect a link."""
        if tag not in ("br", "img"):
            self.open.append(tag)
        if tag == "a" and (target := dict(attrs).get("href")):
            self.links.append(urljoin(self.base, target))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Collect what people see."""
        if data.strip() and "script" not in self.open:
            self.text.append(data.strip())


def pages() -> tuple[int, int, int]:
    """Parse HTML, and take apart and make URLs."""
    page = "<!doctype html><html><head><title>T &amp; U</title></head><body>"
    for number in range(50):
        query = urlencode({"q": f"a b&{number}", "page": number})
        page += (f"<h2 class='x'>Part {number}</h2><p>{escape('1 < 2 & 3')}"
                 f"<br><a href='../p/{number}?{escape(query)}#top'>more</a>"
                 f"<img src=i.png alt=''><!-- note --></p>")
    links = Links("https://example.org/a/b/index.html")
    links.feed(page + "<script>if (1 < 2) f();</script></body></html>")
    links.close()
    total = 0
    for link in links.links:
        parts = urlsplit(link)
        total += int(parse_qs(parts.query)["page"][0]) + len(parts.path)
        if unquote(quote(link, safe="")) != link:
            raise AssertionError(link)
    return total, len(links.text), len(unescape("&lt;&eacute;&#960;" * 9))


def messages() -> tuple[str, int, list[str]]:
    """Write and parse e-mail with attachments."""
    for number in range(3):
        message = EmailMessage()
        message["Subject"] = f"Grüße {number}"
        message["From"] = "Ada <ada@example.org>"
        message["To"] = "b@example.org, Größe <c@example.org>"
        message.set_content(PROSE)
        message.add_alternative(f"<p>{escape(PROSE)}</p>", subtype="html")
        message.add_attachment(bytes(range(256)) * 3, maintype="image",
                               subtype="png", filename="ä.png")
        read = email.message_from_bytes(message.as_bytes(),
                                        policy=email.policy.default)
        body = read.get_body(("plain",))
        assert body is not None
        sizes = len(body.get_content()) + sum(
            len(part.get_content()) for part in read.iter_attachments())
    return read["subject"], sizes, [
        address.domain for address in read["to"].addresses]
