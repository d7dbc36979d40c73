"""From a template, models and figures to the files of a report."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from replication.errors import ReportError, StorageError
from replication.progress import Tell, silent
from replication.report import pandoc
from replication.report.save import SavedFigure, save_figure
from replication.report.template import Template

FORMATS = ("md", "html", "pdf")
RECORD = ".report.json"
"""Name of the file that says from what each file of a report was made; safe to delete."""
_SHOWN = re.compile(r"\]\(figures/([\w-]+)\.svg\)")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure that can be drawn.

    Parameters
    ----------
    draw : callable
        Takes the model and returns the figure, or several as its panels; a plain function of a
        module.
    model : mapping
        Plain data: what is drawn depends on it and on the sources of the package alone.
    """

    draw: Callable[[Any], Figure | Sequence[Figure]]
    model: Any

    def compute_key(self) -> str:
        """Return a digest of all that the drawing depends on."""
        file = inspect.getsourcefile(self.draw)
        source = Path(file).read_bytes() if file else b""
        name = f"{self.draw.__module__}.{self.draw.__qualname__}"
        model = json.dumps(self.model, sort_keys=True)
        return _digest([name, source, model, digest_sources(), *_tools()])


def build_report(
    *,
    template: Path,
    models: Mapping[str, Any],
    figures: Mapping[str, Drawing],
    folder: Path,
    bibliography: Path,
    metadata: Mapping[str, str],
    search: Sequence[Path] = (),
    formats: Collection[str] = FORMATS,
    png: Collection[str] = (),
    tell: Tell = silent,
) -> list[Path]:
    """Write a report into a folder: ``report.md``, ``.html``, ``.pdf`` and ``figures/``.

    What has not changed is neither drawn nor set again. The same models give the same bytes.
    Figures of an earlier report that this one does not show are removed.

    Parameters
    ----------
    template : Path
        Written as `replication.report` tells.
    models : mapping
        Plain data by the names that templates use.
    figures : mapping of str to Drawing
        By name; only those are drawn that the template shows.
    folder : Path
        Made if it does not exist.
    bibliography : Path
        In BibTeX; entries that are not cited are not printed.
    metadata : mapping of str to str
        ``title`` and ``date`` (such as 2026-11-01; the clock is never asked), and optionally
        ``subtitle``, ``author``, ``version``, ``licence``, ``citation``.
    search : sequence of Path
        Folders in which included templates are looked for.
    formats : collection of str
        Some of "md", "html", "pdf".
    png : collection of str
        Figures that are wanted as PNG, too.
    tell : callable
        Takes the name of each step that begins.

    Returns
    -------
    list of Path
        All files of the report, whether written now or standing from before.

    Raises
    ------
    ReportError
        If a number is missing, a guarded sentence untrue, a reference dangling, an alternative
        text missing, or pandoc missing; the message begins with the file and line of a template.
    StorageError
        If a file cannot be read or written.
    """
    day = pandoc.read_date(metadata)
    page = Template(template, [*search, pandoc.ASSETS])
    markdown = page.render(models, metadata)
    shown = list(dict.fromkeys(_SHOWN.findall(markdown)))
    for name in shown:
        if name not in figures:
            problem = f"there is no figure {name!r}; there are: {', '.join(sorted(figures))}"
            raise ReportError(f"{page.locate(f'figures/{name}.svg')}: {problem}")

    files = _Files(folder)
    tell("drawing the figures")
    saved: dict[str, SavedFigure] = {}
    for name in shown:
        saved[name] = _draw(files, name, figures[name], png=name in png)
    svgs = {name: one.svg for name, one in saved.items()}

    key = _digest([markdown, json.dumps(dict(metadata)), _read(bibliography), *svgs.values()])
    key = _digest([key, digest_sources(), _digest_assets(), *_tools()])
    outputs = {kind: folder / f"report.{kind}" for kind in FORMATS if kind in formats}
    missing = [kind for kind, path in outputs.items() if not files.is_current(path, key)]
    if missing:
        tell("setting the report")
        with _name_storage("a temporary folder"), tempfile.TemporaryDirectory() as name:
            workspace = Path(name)
            pandoc.prepare(
                workspace, metadata=metadata, bibliography=_read(bibliography), svgs=svgs
            )
            setters: dict[str, Callable[[], str | bytes]] = {
                "pdf": partial(pandoc.render_pdf, markdown, workspace, page.locate, day),
                "html": partial(pandoc.render_html, markdown, workspace, page.locate, svgs),
                "md": partial(pandoc.render_markdown, markdown, workspace, page.locate),
            }
            with ThreadPoolExecutor() as pool:
                jobs = {kind: pool.submit(setters[kind]) for kind in setters if kind in missing}
            contents = {kind: job.result() for kind, job in jobs.items()}
        for kind, content in contents.items():
            files.write(outputs[kind], content, key)
    files.finish()
    return [*outputs.values(), *files.drawn]


class _Files:
    """The files of a report, with a record of what each was made from.

    A file stands as it is while its key is the same and nobody has touched it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.drawn: list[Path] = []
        try:
            record = json.loads((folder / RECORD).read_text("utf-8"))
        except (OSError, ValueError):
            record = None
        self._record: dict[str, Any] = record if isinstance(record, dict) else {}
        self._kept: dict[str, Any] = {}

    def is_current(self, path: Path, key: str) -> bool:
        """Say whether a file needs not be made again."""
        name = path.relative_to(self.folder).as_posix()
        entry = self._record.get(name)
        try:
            is_same = entry == [key, _digest([path.read_bytes()])]
        except OSError:
            return False
        if is_same and entry is not None:
            self._kept[name] = entry
        return is_same

    def write(self, path: Path, content: str | bytes, key: str) -> None:
        """Write a file in one move, and remember its key."""
        data = content.encode() if isinstance(content, str) else content
        self._put(path, data)
        self._kept[path.relative_to(self.folder).as_posix()] = [key, _digest([data])]

    def finish(self) -> None:
        """Remove figures that the report no longer shows, and write the record."""
        for old in sorted((self.folder / "figures").glob("*.*")):
            if old.suffix in (".svg", ".png") and old not in self.drawn:
                with _name_storage(repr(str(old))):
                    old.unlink()
        # Of a report that was set in one form only, the other forms may stand from before.
        others = {
            name: entry
            for name, entry in self._record.items()
            if name not in self._kept and (self.folder / name).exists()
        }
        record = {**others, **self._kept}
        if record != self._record:
            self._put(self.folder / RECORD, json.dumps(record, sort_keys=True, indent=1).encode())

    def _put(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.tmp")
        with _name_storage(repr(str(self.folder))):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary.write_bytes(data)
                temporary.replace(path)
            except OSError:
                with contextlib.suppress(OSError):
                    temporary.unlink(missing_ok=True)
                raise


@contextlib.contextmanager
def _name_storage(where: str) -> Iterator[None]:
    """Turn an error of the file system into one that says where and what to do."""
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(
            f"the report cannot be written to {where} ({error.strerror}); "
            "make room there or give a folder that can be written"
        ) from None


def _draw(files: _Files, name: str, drawing: Drawing, *, png: bool) -> SavedFigure:
    """Return a figure, drawn again only if something that it depends on has changed."""
    key = drawing.compute_key()
    paths = {"svg": files.folder / "figures" / f"{name}.svg"}
    if png:
        paths["png"] = files.folder / "figures" / f"{name}.png"
    files.drawn.extend(paths.values())
    current = [files.is_current(path, key) for path in paths.values()]
    if all(current):
        return SavedFigure(paths["svg"].read_text("utf-8"))
    try:
        saved = save_figure(partial(drawing.draw, drawing.model), name=name, png=png)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise ReportError(f"the figure {name!r} cannot be drawn: {problem}") from error
    files.write(paths["svg"], saved.svg, key)
    if saved.png is not None:
        files.write(paths["png"], saved.png, key)
    return saved


@cache
def digest_sources() -> str:
    """Return a digest of the package's own source, on which every drawing may depend."""
    root = Path(__file__).parents[1]
    return _digest(path.read_bytes() for path in sorted(root.rglob("*.py")))


@cache
def _digest_assets() -> str:
    return _digest(path.read_bytes() for path in sorted(pandoc.ASSETS.iterdir()) if path.is_file())


def _tools() -> list[str]:
    return [f"{name} {version}" for name, version in sorted(pandoc.describe_tools().items())]


def _digest(parts: Iterable[str | bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(hashlib.sha256(data).digest())
    return total.hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"{str(path)!r} cannot be read ({error.strerror})") from None
