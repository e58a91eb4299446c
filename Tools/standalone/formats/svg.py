"""SVG documents: what the plots of this package have in common.

The colours fit light and dark pages, and the text needs no other file:
https://www.w3.org/TR/SVG2/.  Lengths are in pixels.
"""

import xml.etree.ElementTree as ET

_LIGHT = """\
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.note { fill: #59636e; }
.grid { stroke: #d1d9e0; }
.back { fill: #ffffff; }
"""
_DARK = """\
text { fill: #f0f6fc; }
.note { fill: #9198a1; }
.grid { stroke: #3d444d; }
.back { fill: #0d1117; }
"""


def new(width: float, height: float, title: str, *, light: str,
        dark: str) -> ET.Element:
    """Return a document with a background and without contents.

    *light* and *dark* are the style rules of its own classes, for pages of
    that kind.  The classes title, note and grid exist already.
    """
    root = ET.Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "role": "img",
        "viewBox": f"0 0 {width:g} {height:g}", "width": f"{width:g}",
        "height": f"{height:g}"})
    ET.SubElement(root, "title").text = title
    ET.SubElement(root, "style").text = (
        f"\n{_LIGHT}{light}@media (prefers-color-scheme: dark) {{\n"
        f"{_DARK}{dark}}}\n")
    ET.SubElement(root, "rect", {
        "class": "back", "width": "100%", "height": "100%"})
    return root


def text_of(root: ET.Element) -> str:
    """Return the document as it is written to a file."""
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def line(root: ET.Element, x1: float, y1: float, x2: float, y2: float,
         kind: str) -> None:
    """Add a line of the class *kind*."""
    ET.SubElement(root, "line", {
        "class": kind, "x1": f"{x1:.1f}", "y1": f"{y1:.1f}",
        "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"})


def rect(root: ET.Element, x: float, y: float, width: float, height: float,
         kind: str) -> ET.Element:
    """Add and return a rectangle of the class *kind*."""
    return ET.SubElement(root, "rect", {
        "class": kind, "x": f"{x:.1f}", "y": f"{y:.1f}",
        "width": f"{width:.1f}", "height": f"{height:.1f}"})


def label(root: ET.Element, x: float, y: float, text: str, kind: str,
          anchor: str = "start") -> ET.Element:
    """Add and return a line of text of the class *kind*.

    *anchor* is the part of it that is at *x*: "start", "middle" or "end".
    """
    element = ET.SubElement(root, "text", {
        "class": kind, "x": f"{x:.1f}", "y": f"{y:.1f}",
        "text-anchor": anchor})
    element.text = text
    return element
