"""The sample report, made once for all tests that only read it."""

import pytest

from tests.unit.report.sample_report import build_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    build_sample(folder)
    return folder
