"""Files as tables: what they are shows in their content; what is hostile is refused at once."""

import time

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replication.errors import DataError, ReplicationError
from replication.reading import files, large
from replication.reading.files import read_content_of, read_file
from replication.reading.reader import read_report, read_runs

SPELLINGS = {
    "commas": "updates,stopped\n48.5,0\n50,yes\n",
    "semicolons and decimal commas": "updates;stopped\r\n48,5;F\r\n50;T\r\n",
    "tabs": "updates\tstopped\n48.5\tFALSE\n50\tTRUE\n",
    "spaces": "updates   stopped\n48.5      no\n50        yes\n",
    "a byte order mark": "\ufeffupdates,stopped\n48.5,No\n50,Yes\n",
    "a remark": "# made on Monday\nupdates,stopped\n48.5,No\n50,Yes\n",
    "the header as a remark": "# updates,stopped\n48.5,0\n50,1\n",
    "an index without a name": "updates,stopped\n0,48.5,No\n1,50,Yes\n",
    "JSON lines": '{"updates": 48.5, "stopped": false}\n{"updates": 50, "stopped": true}\n',
    "a list of objects": '[{"updates": 48.5, "stopped": 0}, {"updates": 50, "stopped": 1}]',
    "an object of columns": '{"updates": [48.5, 50], "stopped": [0, 1]}',
    "Markdown in a text": "So:\n\n| updates | stopped |\n|--:|--|\n| 48.5 | no |\n| 50 | yes |\n",
    "LaTeX": "\\begin{tabular}{lr}\nupdates & stopped \\\\ \\hline\n48.5 & no \\\\\n50 & yes \\\\\n"
    "\\end{tabular}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_table_is_known_by_its_content(spelling):
    sheet = read_content_of(SPELLINGS[spelling].encode(), "table")
    texts = [text.replace(",", ".") for text in sheet["updates"].list_texts()]
    assert texts == ["48.5", "50"]
    assert [text[:1].lower() in "1ty" for text in sheet["stopped"].list_texts()] == [False, True]


@pytest.mark.parametrize(("content", "message"), [
    (b"u,u\n1,2\n3,4\n", "are called 'u'; rename"), (b"1\n2\n3\n", "put a header"),
    (b"u\n", "no rows"), (b"PAR1 and no more", "is a Parquet file; read it with pandas"),
    (b"PK\x03\x04\0 a spreadsheet", "is no table; allowed are CSV"), (b"", "is empty"),
    (b"u,v\n1,2\n3," + b"x" * 131_073, "field limit"), (b"u\n\xe9\n", "not a readable UTF-8"),
    (b"u,v\n1,2\n3\n", "a row of 1 cells under a header of 2"),
    (b"|a|b|\n|-|-|\n|1|2|\n\n|a|b|\n|-|-|\n|1|2|\n", "holds 2 tables"),
    (b'{"a": ' + b"[" * 100_000, "not a readable table of JSON"),
])  # fmt: skip
def test_bad_tables_get_one_clear_line(content, message):
    with pytest.raises(ReplicationError, match=message.replace("(", r"\(")) as refused:
        read_content_of(content, "table")
    assert "\n" not in str(refused.value)


def test_a_table_that_is_too_large_is_refused_by_its_header(monkeypatch):
    monkeypatch.setattr(files, "MOST_ROWS", 1000)
    for content in (",".join(f"c{i}" for i in range(10_001)).encode(), b"u\n" * 1002):
        with pytest.raises(DataError, match="rows and 10,000 columns are read"):
            read_content_of(content, "table")


def test_tables_that_would_keep_it_busy_are_read_in_linear_time_or_refused():
    r"""90 kB of \begin{tabular} without an end took 3.9 s, four times as many 62 s."""
    started = time.process_time()
    many = r"\begin{tabular}" * 100_000 + "a & b \\\\\n1 & 2 \\\\\n"
    wide = "a & b \\\\\n" + ("\\multicolumn{99}{c}{x} & " * 95 + " \\\\\n") * 30
    open_end = "\\begin{tabular}" + "{" * 1_000_000
    for content in (many, wide, open_end, "a" * 1_000_000 + ",b\n1,2\n"):
        with pytest.raises(ReplicationError):
            read_report(files.read_content_of(content.encode(), "t"))
    assert time.process_time() - started < 5.0


def test_a_large_table_is_read_as_a_small_one(monkeypatch, tmp_path):
    frame = pd.DataFrame(
        {"task": ["a", "b"] * 50, "seed": range(100), "v": [x / 8 for x in range(100)]}
    )
    frame.loc[3, "v"] = None
    frame.to_csv(tmp_path / "t.csv", index=False)
    small = read_runs(str(tmp_path / "t.csv"), by="task")
    monkeypatch.setattr(large, "LARGE", 0)
    sheet = read_file(str(tmp_path / "t.csv"))
    assert sheet["v"].numbers is not None
    assert read_runs(sheet, by="task").to_csv() == small.to_csv()


def test_the_separator_of_a_large_table_is_that_of_its_header(monkeypatch, tmp_path):
    """Where rows hold more of another sign: it was read all the same, at twenty times the cost."""
    (tmp_path / "t.csv").write_text("name;v\n" + "a, b, c;1.5\nd, e, f;2.5\n" * 20)
    monkeypatch.setattr(large, "LARGE", 0)
    sheet = read_file(str(tmp_path / "t.csv"))
    assert sheet["v"].numbers is not None
    assert sheet["name"].distinct_texts == ["a, b, c", "d, e, f"]


LETTERS = st.text(alphabet="u,;|&\\\t\n\r\"'0123456789.-e \x00é\x1b{}", max_size=80)
MARKS = st.sampled_from([b"PAR1", b"\xff\xfe", b"\x1f\x8b", b"PK\x03\x04", b"|a|\n|-|\n"])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200) | st.builds(bytes.__add__, MARKS, st.binary(max_size=60))
       | LETTERS.map(str.encode))  # fmt: skip
def test_random_bytes_are_a_table_or_one_line(content):
    line = ""
    try:
        sheet = read_content_of(content, "table")
        read_runs(sheet)
    except ReplicationError as error:
        line = str(error)
    assert "\n" not in line
    assert len(line) < 2000
