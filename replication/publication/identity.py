"""The authors, the title and the addresses of this replication: `identity.toml`, checked.

Entries that only an owner can fill in may be empty; nothing is invented in their place.
"""

import dataclasses
import functools
import operator
import re
import tomllib
from collections.abc import Callable
from datetime import date
from importlib import resources
from typing import Any, TypeVar

from replication.errors import DataError
from replication.wording import join, show

FILE = "identity.toml"
Part = TypeVar("Part")

EMPTY = {
    "authors": "pages, CITATION.cff and codemeta.json name the contributors together; nobody is "
    "cited by name",
    "contact.name": "nobody is named to whom a question can be sent",
    "contact.email": "CONTRIBUTING.md can only send questions to whoever gave the sources",
    "places.repository": "README.md clones from ADDRESS, and no package index leads to the sources",
    "places.issues": "faults are told to whoever gave the sources",
    "places.picture": "a link to the pages that is shared shows no picture",
    "places.archive_doi": "no version can be cited by an identifier, or found when an address ends",
    "places.software_heritage": "the sources have no identifier that follows from their content",
    "places.article_doi": "whoever cites this cites the software, since there is no article",
}
"""Fields that only an owner can fill in, each with what is missing as long as it is empty."""

FORMS = {
    "orcid": (r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", "0000-0002-1825-0097"),
    "email": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "name@example.org"),
    "repository": (r"https://\S+", "https://example.org/code"),
    "issues": (r"https://\S+", "https://example.org/code/issues"),
    "picture": (r"https://\S+\.(png|jpe?g)", "https://example.org/picture.png"),
    "archive_doi": (r"10\.\d{4,9}/\S+", "10.5281/zenodo.1234567"),
    "article_doi": (r"10\.\d{4,9}/\S+", "10.5281/zenodo.1234567"),
    "software_heritage": (r"swh:1:(dir|rev|rel|snp):[0-9a-f]{40}.*", "swh:1:dir: and 40 digits"),
    "version": (r"\d+\.\d+\.\d+", "1.0.0"),
}
"""The form of some fields, as a regular expression and as an example."""


@dataclasses.dataclass(frozen=True, slots=True)
class Author:
    """An author, who is cited by name."""

    given: str
    family: str
    orcid: str = ""
    affiliation: str = ""

    @property
    def name(self) -> str:
        """The name as it is printed."""
        return f"{self.given} {self.family}".strip()


@dataclasses.dataclass(frozen=True, slots=True)
class Contact:
    """The person to whom questions are sent."""

    name: str = ""
    email: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """The addresses of sources, archive and article; an address that does not exist is ""."""

    repository: str = ""
    issues: str = ""
    picture: str = ""
    archive_doi: str = ""
    software_heritage: str = ""
    article_doi: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """What is said of this replication wherever it is cited or described."""

    title: str
    replicates: str
    version: str
    date: str
    licence: str
    keywords: tuple[str, ...]
    collective: str
    authors: tuple[Author, ...] = ()
    contact: Contact = Contact()
    places: Places = Places()

    @property
    def long_title(self) -> str:
        """The title and what is replicated, as it is cited."""
        return f"{self.title}: {self.replicates}"

    @property
    def author(self) -> str:
        """The names of all authors, or of the collective if nobody is named."""
        if not self.authors:
            return self.collective
        return join([author.name for author in self.authors])

    @property
    def empty(self) -> list[str]:
        """The names of the empty fields that only an owner can fill in."""
        return [name for name in EMPTY if not operator.attrgetter(name)(self)]


@functools.cache
def load_identity() -> Identity:
    """Return the identity that `identity.toml` states."""
    return read_identity(resources.files(__package__).joinpath(FILE).read_text("utf-8"))


def read_identity(text: str) -> Identity:
    """Return the identity that a text in TOML states; `DataError` names a wrong entry."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{FILE} is not TOML that can be read ({error}); mend that line") from None
    authors = [_build(Author, "authors", entry) for entry in table.pop("authors", [])]
    contact = _build(Contact, "contact", table.pop("contact", {}))
    places = _build(Places, "places", table.pop("places", {}))
    keywords = tuple(table.pop("keywords", ()))
    head = {"keywords": keywords, **table}  # the entries that stand in no table
    identity = _build(
        Identity, "the head", head, authors=tuple(authors), contact=contact, places=places
    )
    try:
        date.fromisoformat(identity.date)
    except ValueError:
        raise DataError(
            f"{FILE}, date = {show(identity.date)}; allowed is a day as in 2026-11-28"
        ) from None
    return identity


def _build(kind: Callable[..., Part], table: str, entries: dict[str, Any], **parts: object) -> Part:
    """Return a part of the identity, made of the entries of its table in `identity.toml`.

    An entry that is unknown or wrong is refused. `kind`: the class of the part. `table`: what
    messages call the table. `parts`: fields that do not stand in this table.
    """
    known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for name, value in entries.items():
        if name not in known:
            raise DataError(f"{FILE}, {table}: {name!r} is not known; there are {join(known)}")
        if isinstance(value, str) and value:
            _check_form(table, name, value)
    try:
        return kind(**entries, **parts)
    except TypeError as error:
        raise DataError(f"{FILE}, {table}: {error}") from None


def _check_form(table: str, name: str, value: str) -> None:
    """Refuse a text that does not have the form of its field, or an ORCID with a wrong digit."""
    if name not in FORMS:
        return
    pattern, example = FORMS[name]
    if re.fullmatch(pattern, value) is None:
        raise DataError(
            f"{FILE}, {table}: {name} = {show(value)}; allowed is something as {example}"
        )
    if name == "orcid" and not is_orcid(value):
        raise DataError(f"{FILE}, {table}: {show(value)} has a wrong digit; copy the ORCID")


def is_orcid(text: str) -> bool:
    """Return whether the last digit of an ORCID fits the others (ISO 7064, mod 11-2).

    >>> is_orcid("0000-0002-1825-0097"), is_orcid("0000-0002-1825-0079")
    (True, False)
    """
    digits = text.replace("-", "")
    total = 0
    for digit in digits[:-1]:
        total = 2 * (total + int(digit))
    expected = (12 - total % 11) % 11
    return digits[-1] == ("X" if expected == 10 else str(expected))
