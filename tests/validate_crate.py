"""Validate an RO-Crate offline: python tests/validate_crate.py FOLDER.

The validator asks for the JSON-LD context of the specification; it is given the copy that
the rocrate package ships. Exits with 1 if a requirement is not met.
"""

import io
import sys
import tempfile
from pathlib import Path

import rocrate
import urllib3
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from rocrate_validator import models, services

PROFILE = "ro-crate-1.3"
CONTEXT = "https://w3id.org/ro/crate/1.3/context"


class Shelf(BaseAdapter):
    """Answers every request with the context that stands on the shelf."""

    def send(self, request: PreparedRequest, **_: object) -> Response:
        """Return the context as if it had come from its address."""
        content = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_bytes()
        response = Response()
        response.status_code = 200
        response.url = request.url or ""
        response.request = request
        response.headers["Content-Type"] = "application/ld+json"
        response.raw = urllib3.HTTPResponse(io.BytesIO(content), preload_content=False)
        return response

    def close(self) -> None:
        """Nothing is open."""


def validate(folder: Path) -> list[str]:
    """Return the requirements that the crate in a folder does not meet."""
    with tempfile.TemporaryDirectory() as cache_folder:
        cache = str(Path(cache_folder) / "cache")
        with CachedSession(cache, backend="sqlite", expire_after=-1) as session:
            session.mount("https://", Shelf())
            session.get(CONTEXT, headers={"Accept": "application/ld+json, application/json"})
        settings = services.ValidationSettings(
            rocrate_uri=folder,
            profile_identifier=PROFILE,
            requirement_severity=models.Severity.REQUIRED,
            offline=True,
            cache_path=cache,
        )
        result = services.validate(settings)
    return [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()]


if __name__ == "__main__":
    issues = validate(Path(sys.argv[1]))
    print("\n".join(issues) or f"{sys.argv[1]}: a valid crate by {PROFILE}")
    sys.exit(bool(issues))
