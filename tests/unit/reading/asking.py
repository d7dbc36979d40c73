"""How the tests of the reader ask, and what they get: an answer, or a question."""

from replication.cli import main


class Asked:
    """What a command printed, on one line each: the answer, and the question."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, " ".join(out.split()), err.strip()

    def __repr__(self):
        return f"{self.code}: {self.err or self.out}"


def ask(folder, capsys, command, *arguments, **files):
    """Write files, run a command on them, and return what it said."""
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    names = {path.name for path in folder.iterdir()}
    code = main([command, *(str(folder / one) if one in names else str(one) for one in arguments)])
    captured = capsys.readouterr()
    return Asked(code, captured.out, captured.err)


def make_runs(*values, name="acc"):
    """Return a table of one run a row."""
    rows = "".join(f"{seed},{value}\n" for seed, value in enumerate(values))
    return f"seed,{name}\n{rows}"


def make_tasks(tasks, n=4, value="score"):
    """Return a table of runs of several tasks, whose means are 0.15 above those given."""
    rows = [f"{task},{seed},{mean + seed / 10:.2f}\n" for task, mean in tasks.items()
            for seed in range(n)]  # fmt: skip
    return f"task,seed,{value}\n{''.join(rows)}"
