"""Make an SVG file of Matplotlib smaller without a change that anybody could see.

Points of lines that lie within `TOLERANCE` of the line through their
neighbours are left out, all points are rounded to a hundredth of a point and
written as steps from the one before, and what many elements share is written
once. The numbers are integers of hundredths throughout, so the same file
always gives the same bytes.
"""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
TOLERANCE = 10
"""Hundredths of a point: a tenth of a point is less than a pixel on a sharp screen."""
N_RECTANGLE = 5
"""Points of a closed rectangle, which may share one element with others like it."""

Point = tuple[int, int]
_COMMAND = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_REFERENCE = re.compile(r"#([\w.-]+)")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
_MOVE = re.compile(r"translate\(([^)]*)\)")
_CURVE = re.compile(r"[cq]")
_HALO = ";stroke:#ffffff;stroke-width:2.5"
_SHORT = re.compile(r"^(-?)0(?=\.)")


def compact_svg(svg: str) -> str:
    """Return the same picture in fewer bytes.

    Parameters
    ----------
    svg : str
        As Matplotlib's SVG backend writes it.

    Returns
    -------
    str
        Well-formed SVG without comments, metadata and names that nothing uses.
    """
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    root = ET.fromstring(svg)
    for element in list(root.iter()):
        if (metadata := element.find(f"{{{SVG}}}metadata")) is not None:
            element.remove(metadata)
    _shorten_names(root)
    for element in root.iter():
        _shorten_attributes(element)
    _unwrap_groups(root)
    for element in list(root.iter()):
        _merge_paths(element)
        _share_style(element)
    for element in root.iter():
        element.tail = "\n"
        if not (element.text or "").strip():
            element.text = None
    return ET.tostring(root, encoding="unicode").replace(" />", "/>").strip() + "\n"


def simplify(points: list[Point], tolerance: int) -> list[Point]:
    """Leave out points that lie within `tolerance` of the line that remains.

    The algorithm is Douglas and Peucker's; first and last point stay.

    Parameters
    ----------
    points : list of (int, int)
    tolerance : int
        In the unit of the points.
    """
    kept = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        (x, y), (end_x, end_y) = points[first], points[last]
        along_x, along_y = end_x - x, end_y - y
        square = along_x**2 + along_y**2
        farthest: float = tolerance**2
        where = None
        for i in range(first + 1, last):
            off_x, off_y = points[i][0] - x, points[i][1] - y
            along = off_x * along_x + off_y * along_y
            if square == 0 or along <= 0:
                distance: float = off_x**2 + off_y**2
            elif along >= square:
                distance = (points[i][0] - end_x) ** 2 + (points[i][1] - end_y) ** 2
            else:
                distance = (off_x * along_y - off_y * along_x) ** 2 / square
            if distance > farthest:
                farthest, where = distance, i
        if where is not None:
            kept.add(where)
            spans += [(first, where), (where, last)]
    return [points[i] for i in sorted(kept)]


def _shorten_names(root: ET.Element) -> None:
    """Give numbers for names that something refers to, and forget the others."""
    used = {
        name
        for element in root.iter()
        for key, value in element.attrib.items()
        if key not in ("id", "style")
        for name in _REFERENCE.findall(value)
    }
    names = [name for element in root.iter() if (name := element.get("id")) in used]
    short = {name: f"i{number}" for number, name in enumerate(names)}
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id":
                del element.attrib[key]
                if value in short:
                    element.set(key, short[value])
            elif key != "style":
                element.set(
                    key, _REFERENCE.sub(lambda found: f"#{short.get(found[1], found[1])}", value)
                )


def _shorten_attributes(element: ET.Element) -> None:
    if "style" in element.attrib:
        element.set("style", element.attrib["style"].replace(": ", ":").replace("; ", ";"))
    if element.tag == f"{{{SVG}}}path" and "d" in element.attrib:
        element.set("d", _shorten_path(element.attrib["d"]))
    if element.tag == f"{{{SVG}}}use":
        for name in {"x", "y"} & set(element.attrib):
            element.set(name, _write(_read(element.attrib[name])))
    if "transform" in element.attrib:
        moved = _MOVE.sub(_shorten_move, element.attrib["transform"])
        element.set("transform", moved)


def _shorten_move(move: re.Match[str]) -> str:
    return f"translate({' '.join(_write(_read(number)) for number in move[1].split())})"


def _shorten_path(data: str) -> str:
    """Write a path as steps; lines without the points that nobody would miss."""
    parts: list[str] = []
    line: list[Point] = []
    for letter, rest in [*_COMMAND.findall(data), ("M", "")]:
        numbers = [_read(number) for number in rest.split()]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if letter == "L":
            line += points
            continue
        parts.append(_write_line(line))
        end = line[-1:]
        if letter == "M":
            parts += [f"M{_write(x)} {_write(y)}" for x, y in points]
        elif letter == "z":
            parts.append("z")
        else:
            parts.append(letter.lower() + _write_steps(points, *end))
        line = points[-1:]
    return "".join(parts)


def _write_line(points: list[Point]) -> str:
    """Write the steps of a line from its first point on."""
    if len(points) < 2:
        return ""
    kept = simplify(points, TOLERANCE)
    return "l" + "".join(
        _join(_write_steps([end], start), first=i == 0)
        for i, (start, end) in enumerate(pairwise(kept))
    )


def _write_steps(points: list[Point], start: Point) -> str:
    numbers = [_write(each - origin) for point in points
               for each, origin in zip(point, start, strict=True)]  # fmt: skip
    return "".join(_join(number, first=i == 0) for i, number in enumerate(numbers))


def _join(number: str, *, first: bool) -> str:
    return number if first or number.startswith("-") else f" {number}"


def _read(number: str) -> int:
    return round(100 * float(number))


def _write(hundredths: int) -> str:
    return _SHORT.sub(r"\1", f"{hundredths / 100:.2f}".rstrip("0").rstrip("."))


def _unwrap_groups(parent: ET.Element) -> None:
    """Put the content of groups that say nothing in their place."""
    children: list[ET.Element] = []
    for child in parent:
        _unwrap_groups(child)
        children += list(child) if child.tag == f"{{{SVG}}}g" and not child.attrib else [child]
    parent[:] = children


def _merge_paths(parent: ET.Element) -> None:
    """Join neighbouring paths that look the same, and letters with the halo behind them."""
    merged: list[ET.Element] = []
    for child in parent:
        last = merged[-1] if merged else None
        if last is not None and _is_halo(last, child):
            last.set("style", f"{last.attrib['style']};paint-order:stroke")
        elif last is not None and _look_the_same(last, child):
            last.set("d", last.attrib["d"] + child.attrib["d"])
        else:
            merged.append(child)
    parent[:] = merged


def _look_the_same(one: ET.Element, other: ET.Element) -> bool:
    both = (one, other)
    if any(each.tag != f"{{{SVG}}}path" or {"id", "d"} & {*each.attrib} != {"d"} for each in both):
        return False
    rest = [{name: text for name, text in each.attrib.items() if name != "d"} for each in both]
    style = one.get("style", "")
    if rest[0] != rest[1] or "opacity" in style or "dasharray" in style:
        return False
    return "fill:none" in style or all(_is_rectangles(each.attrib["d"]) for each in both)


def _is_halo(one: ET.Element, other: ET.Element) -> bool:
    """Whether one path is the other with a rim of the background, drawn beneath it."""
    rest = {**other.attrib, "style": other.get("style", "") + _HALO}
    return "d" in rest and one.attrib == rest


def _is_rectangles(path: str) -> bool:
    *closed, rest = path.split("z")
    return not rest and all(
        len(_NUMBER.findall(part)) <= 2 * N_RECTANGLE and not _CURVE.search(part) for part in closed
    )


def _share_style(group: ET.Element) -> None:
    """Write a style that all of a group's marks have once, at the group."""
    styles = {child.get("style") for child in group}
    marks = {child.tag for child in group}
    if group.tag != f"{{{SVG}}}g" or "style" in group.attrib or len(group) < 2:
        return
    if marks == {f"{{{SVG}}}use"} and len(styles) == 1 and (style := styles.pop()):
        group.set("style", style)
        for child in group:
            del child.attrib["style"]
