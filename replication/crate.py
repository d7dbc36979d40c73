"""The results folder described for machines: an RO-Crate.

It says which command made which file from which inputs, with the SHA-256 of each file, so
that an archive can index the study and a reader can check a copy. It holds no times: the
same results give the same bytes. It follows the RO-Crate Metadata Specification 1.3.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replication.errors import StorageError
from replication.protocol import Protocol, as_plain, canonical_json
from replication.store.files import write_durably

FILE_NAME = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.3"
PAPER_ID = "#hinton-mcclelland-1988"
LICENSE_ID = "https://spdx.org/licenses/MIT"
VERSION = "0.1.0"
RELEASED = "2026-11-24"

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One command and the files that it makes.

    Parameters
    ----------
    name : str
        Identifier within the crate.
    command : str
        As a user types it; ``{study}`` stands for the options that name the study.
    description : str
        One sentence.
    makes : tuple of str
        Patterns of file names relative to the results folder.
    needs : tuple of str
        Patterns of files that the command reads.
    """

    name: str
    command: str
    description: str
    makes: tuple[str, ...]
    needs: tuple[str, ...] = ()


_STUDY_MODELS = ("explorer.json", "provenance.json", "rounding.json", "summary.json", "traces.json")
_SIMULATE = "Simulates the networks that are missing and confronts the reported mean."
_MULTIVERSE = "Simulates every reading of the paper."
_MAP = "Simulates the plane of learning rate and regression."
_CLAIMS = "Tests the other claims of the abstract."
_CALIBRATE = "Counts how often the intervals hold what they promise."
_EMULATED = "Computes the same networks on emulated processors."
_BENCH = "Measures speed on one machine, side by side."
_REPORT = "Writes the report and its figures from the models."

STEPS = (
    Step("analyse", "replication replicate{study}", _SIMULATE, _STUDY_MODELS),
    Step("multiverse", "replication multiverse", _MULTIVERSE, ("multiverse.*",)),
    Step("map", "replication map", _MAP, ("map.json",)),
    Step("claims", "replication claims", _CLAIMS, ("claims.json",)),
    Step("calibrate", "replication calibrate", _CALIBRATE, ("calibration.json",)),
    Step("emulated", "make verify-emulated", _EMULATED, ("emulated.json",)),
    Step("bench", "make bench", _BENCH, ("benchmark.json", "runs.json")),
    Step("report", "replication report{study}", _REPORT, ("report.*", "figures/*"), ("*.json",)),
)


def find_files(results: Path, patterns: Sequence[str]) -> list[str]:
    """Return the files of a results folder that match, sorted.

    Parameters
    ----------
    results : Path
        The results folder.
    patterns : sequence of str
        Patterns of paths relative to it, one folder deep at most.

    Returns
    -------
    list of str
        Relative paths with forward slashes; the crate itself is left out.
    """
    paths = [*results.glob("*"), *results.glob("figures/*")]
    return sorted(
        name
        for name in (path.relative_to(results).as_posix() for path in paths)
        if name not in {FILE_NAME, "manifest.json"}
        and (results / name).is_file()
        and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    )


def build_crate(
    results: Path, *, protocol: Protocol, root_seed: int, n_networks: int, digest: str
) -> dict[str, Any]:
    """Describe a results folder as an RO-Crate.

    Parameters
    ----------
    results : Path
        The folder that holds the report, its figures and the models.
    protocol : Protocol
        Of the study.
    root_seed : int
        From 0 to 2**63 - 1.
    n_networks : int
        Seeds 0 to `n_networks` - 1 were simulated.
    digest : str
        SHA-256 of the outcomes, in hexadecimal digits.

    Returns
    -------
    dict
        The JSON-LD document; `write_crate` writes it.

    Raises
    ------
    StorageError
        If a file cannot be read.
    """
    changes = [f"--set {name}={json.dumps(v)}" for name, v in protocol.differences.items()]
    study = " ".join(["", f"--seeds {n_networks} --root-seed {root_seed}", *changes])
    inputs = [
        _describe_value("protocol", "Protocol", canonical_json(as_plain(protocol))),
        _describe_value("root-seed", "Root seed", root_seed),
        _describe_value("networks", "Number of networks", n_networks),
        _describe_value("digest", "SHA-256 of the outcomes in seed order", digest),
    ]
    files: dict[str, dict[str, Any]] = {}
    actions = []
    for step in STEPS:
        made = find_files(results, step.makes)
        command = step.command.format(study=study)
        if not made:
            continue
        files |= {name: _describe_file(results, name, command) for name in made}
        read = [name for name in find_files(results, step.needs) if name not in made]
        actions.append(
            {
                "@id": f"#{step.name}",
                "@type": "CreateAction",
                "name": command,
                "description": step.description,
                "instrument": {"@id": "#replication"},
                "object": _refer([*(item["@id"] for item in inputs[:3]), *read]),
                "result": _refer(made),
            }
        )
    graph: list[dict[str, Any]] = [
        {
            "@id": FILE_NAME,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": SPECIFICATION},
        },
        _describe_folder(sorted(files), actions, inputs),
        *[files[name] for name in sorted(files)],
        *actions,
        *inputs,
        *_describe_surroundings(),
    ]
    return {"@context": f"{SPECIFICATION}/context", "@graph": graph}


def write_crate(results: Path, crate: Mapping[str, Any]) -> Path:
    """Write the description into its folder.

    Parameters
    ----------
    results : Path
        The folder that was described.
    crate : mapping
        From `build_crate`.

    Returns
    -------
    Path
        The file, ``ro-crate-metadata.json``.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    path = results / FILE_NAME
    write_durably(path, format_crate(crate))
    return path


def format_crate(crate: Mapping[str, Any]) -> bytes:
    """Return a description as the bytes of its file."""
    return (json.dumps(crate, indent=2, ensure_ascii=False) + "\n").encode()


def _refer(names: Sequence[str]) -> dict[str, str] | list[dict[str, str]]:
    references = [{"@id": name} for name in names]
    return references[0] if len(references) == 1 else references


def _describe_file(results: Path, name: str, command: str) -> dict[str, Any]:
    path = results / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror})") from error
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "description": f"Made by `{command}`.",
        "encodingFormat": MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
        "contentSize": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _describe_value(name: str, title: str, value: str | int) -> dict[str, Any]:
    return {
        "@id": f"#{name}",
        "@type": "PropertyValue",
        "name": title,
        "propertyID": name,
        "value": value,
    }


def _describe_folder(
    names: Sequence[str], actions: Sequence[Mapping[str, Any]], inputs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": "Replication of Learning Representations by Recirculation",
        "description": "Report, figures and result models of a replication of the convergence "
        "result of Hinton and McClelland (1988).",
        "datePublished": RELEASED,
        "license": {"@id": LICENSE_ID},
        "author": {"@id": "#contributors"},
        "publisher": {"@id": "#contributors"},
        "isBasedOn": {"@id": PAPER_ID},
        "hasPart": _refer(names),
        "mentions": _refer([action["@id"] for action in actions]),
        "variableMeasured": _refer([item["@id"] for item in inputs]),
    }


def _describe_surroundings() -> list[dict[str, Any]]:
    return [
        {
            "@id": "#replication",
            "@type": "SoftwareApplication",
            "name": "replication",
            "description": "The package whose commands made the files.",
            "url": "../README.md",
            "version": VERSION,
            "license": {"@id": LICENSE_ID},
        },
        {
            "@id": "#contributors",
            "@type": "Organization",
            "name": "The recirculation replication contributors",
        },
        {
            "@id": LICENSE_ID,
            "@type": "CreativeWork",
            "name": "MIT License",
            "description": "Use, change and pass on freely, with the copyright notice.",
        },
        {
            "@id": PAPER_ID,
            "@type": "ScholarlyArticle",
            "name": "Learning Representations by Recirculation",
            "author": _refer(["#hinton", "#mcclelland"]),
            "datePublished": "1988",
            "isPartOf": "Neural Information Processing Systems (NIPS 1987)",
            "pagination": "358-366",
        },
        {"@id": "#hinton", "@type": "Person", "name": "Geoffrey E. Hinton"},
        {"@id": "#mcclelland", "@type": "Person", "name": "James L. McClelland"},
    ]
