"""Both sides of a table by key: runs of one's own, or reports of others, and reported results.

What is not said is inferred, and said in the answer: keys are columns that both tables have, or
whose cells the other has; where one table has a column for each task, method or metric, its
headings are a key; the values are the only column of numbers that is left.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from replication.comparison.numbers import format_number, refuse, show, split_printed, unset
from replication.comparison.report import STATISTICS, SUCCESSES, read_heading, read_printed, suggest
from replication.comparison.request import make_request
from replication.comparison.result import Comparison
from replication.comparison.rows import Sides, compare_rows
from replication.comparison.sides import Key, OneSide, OwnRuns, Printed
from replication.comparison.table import ComparisonTable
from replication.comparison.text import name_key
from replication.errors import DataError, UsageError
from replication.system import tables
from replication.system.tables import Table, is_missing, list_names

Record = tuple[dict[str, Any], dict[str, Any]]
MAX_ROWS = 1000
MAX_PROBED = 20  # cells of a column in which numbers with spreads are looked for
REQUESTED = {"cap", "failures", "plus_minus", "scale", "bounds", "grid", "between", "margin",
             "evidence", "level"}  # fmt: skip
SEEDS = {"seed", "seeds", "run", "runs", "run_id", "seed_id", "trial", "replicate", "rep", "fold"}
STEPS = {"step", "global_step", "env_step", "env_steps", "total_steps", "timestep", "timesteps",
         "total_timesteps", "epoch", "iteration", "iter", "update", "frame", "frames"}  # fmt: skip
DONE = {"succeeded", "success", "successful", "solved", "converged", "is_success", "completed"}
DIGITS = re.compile(r"[-+(]*\.?[0-9]")  # -.5, but not v2 (x)
DIFFERENCES = {"difference", "diff", "improvement"}
ASIDE = {"", "index", "unnamed:_0", "unnamed_0", "id"}
CENTRES = {*STATISTICS, *SUCCESSES, "constant", "range"} - {"sd", "se"}


def compare_table(
    table: Any = None,
    reported: Any = None,
    *,
    by: str | Sequence[str] | None = None,
    column: str | Sequence[str] | None = None,
    succeeded: str | None = None,
    difference: Sequence[str] | None = None,
    pair: str | None = None,
    **options: Any,
) -> ComparisonTable | Comparison:
    """Compare a table of reported results with runs of your own.

    Parameters
    ----------
    table : data frame, or mapping of str to columns
        A row for each of your runs (of a log with steps, the last of each run is taken), or another
        table of reported results.
    reported : data frame, mapping of str to columns, or what `compare` takes
        A row for each reported result: its keys, and reported numbers under the names that papers
        and pandas give them (mean, std, SD, n, median, ci_low, p90, "acc (%)", acc_mean, "mean
        (sd)"; the mean also as "0.83 ± 0.04"); or a column for each task, method or metric. One
        report holds for all groups.
    by : str or sequence of str, optional
        Keys: columns of both tables. Unless given, those that both have.
    column : str or sequence of str, optional
        Columns of `table` that hold values. Unless given, the only one of numbers that is no key,
        seed or step, or those that the report names. "return=Ours" is what the report calls Ours.
    succeeded : str, optional
        Column of `table` that says which succeeded.
    difference : (str, str), optional
        Two groups of `table`: what was reported is the mean of the first less that of the second.
    pair : str, optional
        Column of seeds that pair the runs of these groups.
    **options : object
        Those of `compare`; reported numbers hold for rows that have none of their own. `between`
        may be "estimate": the spread between labs is estimated from the rows.

    Returns
    -------
    ComparisonTable, or Comparison of a column with one report where neither side has keys

    Raises
    ------
    UsageError, DataError
        If a table cannot be read, or no row of the report is among your runs. A row that cannot be
        compared is left out and named.

    Examples
    --------
    >>> runs = {"task": ["a"] * 3 + ["b"] * 3, "score": [1.0, 1.2, 1.1, 3.0, 3.3, 2.9]}
    >>> report = {"task": ["a", "b"], "mean": ["1.6 ± 0.1", "3.0 ± 0.2"], "n": [5, 5]}
    >>> found = compare_table(runs, report, plus_minus="sd")
    >>> found.verdict.value, [round(p, 2) for p in found.p_values.values()]
    ('contradicted', [0.0, 0.7])
    """
    keys, metrics = _take_names("by", by), _take_names("column", column)
    if pair is not None and difference is None:
        raise UsageError("`pair` was given without `difference`; give that too")
    if "minus" in options:
        raise UsageError("there is no option 'minus' of a table; give `difference`")
    said = dict[str, str]()
    groups = None if difference is None else (difference[0], difference[-1])
    numbers = {name: options.pop(name) for name in [*options] if name not in REQUESTED}
    request = make_request(**options, groups=groups)
    own = _rename(_stack_runs(Table.of(table, "table")), metrics)
    group = None if difference is None else _find_column_of(own, keys, difference)
    keys = [name for name in keys if name != group]
    # Reports: on your side a row for each, if it holds no runs, and on the other such, or a text.
    kind, unread, yours = options.get("plus_minus"), list[str](), list[Record]()
    if not metrics and succeeded is group is None and _is_of_reports(own):
        yours, unread = _read_records(own, None, keys, kind, said)
        own = _list_tags(own, yours)
    # What was reported: a table of reports, or one for all of your groups.
    theirs = Table.of(reported, "reported") if _is_table(reported) else None
    shared = read_printed(None if theirs else reported, numbers, "reported")
    records: list[Record] = [({}, {})]
    found: dict[str, str | None] = {name: name for name in keys}
    if theirs is not None:
        records, others = _read_records(theirs, own, keys, kind, said)
        unread += others
        gaps = [name for name in theirs.names if name not in {*others, *own.names}
                and read_heading(name).label in DIFFERENCES]  # fmt: skip
        if gaps and difference is None:
            raise UsageError(f"{theirs.name} has {show(gaps[0])}; give `difference`, two groups")
        found = _match_keys(own, theirs, records, keys, metrics, said, {group, pair})
    elif len(metrics) > 1:
        raise UsageError("several columns were given, and one report for all; give one of each")
    # Your side by key.
    columns = [name for name in found.values() if name]
    for name in columns:
        own.take(name)  # or refuse it
    n_missing, mine = 0, dict[Key, OneSide]()
    if yours:
        sorted_by_key = _sort_records(yours, columns, own)
        mine |= {key: _print_cells(each) for key, each in sorted_by_key.items()}
    else:
        known = {*shared.numbers, *(name for _, row in records for name in row)}
        if difference and metrics and succeeded:
            raise UsageError("`difference` is of values or shares; give `column` or `succeeded`")
        known = {*SUCCESSES} if difference and succeeded else known
        by_group = found | ({str(group): group} if difference else {})
        runs, n_missing = _group_runs(own, by_group, metrics, succeeded, known, said, pair)
        if difference:
            runs, less = _subtract(runs, difference, len(columns), pair), " less "
            less = less.join(map(name_key, zip(difference)))
            said |= {"difference": f"reported is {less}"} if found else {}
        mine |= runs
    reports = {key: dict[str, Any]() for key in mine}
    if theirs is not None:
        reports = _sort_records(records, [*found], theirs, mine)
    if len(reports) > MAX_ROWS:
        raise UsageError(f"`by` gives {len(reports):,} rows; allowed are {MAX_ROWS:,}")
    # Rows are the reports of which you have runs; what one side lacks is named.
    if mine.keys().isdisjoint(reports):
        each = list_names([", ".join(key) for key in mine])
        raise UsageError(f"the reported numbers name none of your groups; those are {each}")
    all_numbers = dict(shared.numbers)
    return compare_rows(Sides(
        by=tuple(column or name or "metric" for name, column in found.items()), mine=mine,
        theirs={key: _print_cells(all_numbers | each) for key, each in reports.items()},
        said=said, n_missing=n_missing,
        ignored=tuple(suggest(name) for name in unread if name not in {*found, *columns}),
    ), request)  # fmt: skip


def _print_cells(cells: Mapping[str, Any]) -> Printed:
    numbers = {name: cell for name, cell in cells.items() if name != "plus_minus"}
    return Printed(numbers, cells.get("plus_minus"))


def _is_table(given: Any) -> bool:
    """Say whether something is a table, and not one report."""
    if isinstance(given, Mapping):
        cells = [*given.values()]
        return not cells or any(np.iterable(one) and not isinstance(one, str) for one in cells)
    return isinstance(given, Table) or hasattr(given, "columns")


def _is_of_reports(table: Table) -> bool:
    """Say whether a table holds a report in each row, with its runs or its spread."""
    names = {one.statistic for one in map(read_heading, table.names) if not one.label}
    if names & CENTRES and len(names - {None}) > 1:
        return True
    return any(_is_printed(table, name, needs_spread=True) for name in table.names)


def _is_printed(table: Table, name: str, *, needs_spread: bool = False) -> bool:
    """Say whether most cells are numbers, whatever stands behind them: 5.3, or 5.3 ± 0.4."""
    cells = _probe(table, name)[:MAX_PROBED]
    parts = [split_printed(cell) for cell in cells]
    # 5.3 ± 0.4, 5.3 [4.9, 5.7], but not v2.0 (x)
    if needs_spread:
        parts = [one for one in parts if one.ends or DIGITS.match(str(one.spread))]
    return 2 * sum(bool(DIGITS.match(unset(str(one.value)))) for one in parts) > len(cells)


def _stack_runs(table: Table) -> Table:
    """Return a table with a row for each run where a log has a column for each, "run - metric"."""
    # "a - reward", but not "a - reward__MIN"
    parts = {name: re.fullmatch(r"(.+) - (.+?)(?<!__MIN)(?<!__MAX)", name) for name in table.names}
    found = {name: part.groups() for name, part in parts.items() if part}
    step = next((name for name in table.names if _fold(name) in STEPS), None)
    metrics = {metric for _, metric in found.values()}
    if step is None or len(found) < 2 or len(metrics) > 1 or not all(
        name == step or name in found or " - " in name for name in table.names):  # fmt: skip
        return table
    # A row for each run and step that has a value.
    steps, rows = table.take(step), list[tuple[Any, ...]]()
    for name, (run, _) in found.items():
        cells = zip(steps, table.take(name), strict=True)
        rows += [(run, at, cell) for at, cell in cells if not is_missing(cell)]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return Table(table.name, ["run", step, *metrics], columns.__getitem__, len(rows))


def _rename(table: Table, metrics: list[str]) -> Table:
    """Return a table, of which a column given as return=Ours is called as the report calls it."""
    names = list(table.names)
    for place, metric in enumerate(metrics):
        name, sign, other = metric.partition("=")
        if sign and metric not in names and name in names:
            names[names.index(name)] = metrics[place] = other
    return Table(table.name, names, table.columns, table.n_rows)


def _list_tags(table: Table, records: Sequence[Record]) -> Table:
    """Return what reports are called as a table, with a row for each; headings if they differ."""
    are_many = len({tags.get("") for tags, _ in records}) > 1
    for tags, _ in records:
        heading = tags.pop("", None)
        if are_many:
            tags["metric"] = heading
    columns = {name: [tags[name] for tags, _ in records] for name in records[0][0]}
    return Table(table.name, [*columns], [*columns.values()].__getitem__, len(records))


def _take_names(argument: str, given: Any) -> list[str]:
    """Return names of columns, of which one may be given alone."""
    names = given.split(",") if isinstance(given, str) else [] if given is None else given
    if not (isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names)):
        raise refuse(argument, given, "are the name of a column, or a list of names")
    return list(names)


def _fold(text: Any) -> str:
    """Return a name as it is compared: one in LaTeX or in capitals is the same."""
    return re.sub(r"[\s._-]+", "_", unset(str(text)).lower()).strip("_")


def _probe(table: Table, name: str) -> list[Any]:
    return [cell for cell in table.probe(name) if not is_missing(cell)]


def _fold_cells(table: Table, name: str) -> set[str]:
    return set(map(_fold, _probe(table, name)))


def _is_numeric(table: Table, name: str) -> bool:
    cells = _probe(table, name)
    return bool(cells) and all(tables.to_number(cell) is not None for cell in cells)


def _read_records(
    table: Table, own: Table | None, keys: Sequence[str], kind: str | None, said: dict[str, str]
) -> tuple[list[Record], list[str]]:
    """Return what each report of a table is called, by column, and its numbers by name.

    A table with a column for each task, method or metric has as many reports in a row; what stands
    in the headings is called "". The columns that say nothing known come second.
    """
    headings = {name: read_heading(name) for name in table.names}
    free = {name for name, one in headings.items() if one.statistic is None or name in keys}
    # Three forms: mean, sd, n; acc_mean, acc_sd, f1_mean; or a column of numbers for each method.
    labels = {one.label: "" for one in headings.values() if one.statistic in CENTRES}
    if "" in labels:
        labels = {"": ""}
    elif not labels:  # columns of numbers, but for those that are keys of yours
        is_key = {name for name in free if own and name in own.names
                  and _fold_cells(table, name) & _fold_cells(own, name)}  # fmt: skip
        wide = [name for name in table.names
                if name in free - is_key - {*keys} and _is_printed(table, name)]  # fmt: skip
        free -= {*wide}
        spelt = {name: re.sub(r"\s*[(\[].*", "", unset(name)) for name in wide}  # PPO (n = 5)
        labels = {headings[name].label: spelt[name] or name for name in wide}
        headings |= {name: headings[name]._replace(statistic="mean") for name in wide}
    else:
        labels = {label: label for label in labels}
    # By label, the column of each number; those without a label belong to all.
    parts: dict[str, dict[str, str]] = {label: {} for label in ("", *labels)}
    read = {name: one for name, one in headings.items() if name not in free and one.label in parts}
    for name, (label, statistic, *_) in read.items():
        if (other := parts[label].setdefault(str(statistic), name)) != name:
            raise UsageError(f"{list_names([other, name])} are both the {statistic}; keep one")
    if not labels:
        seen = ", ".join(map(suggest, table.names[:12]))
        raise UsageError(f"{table.name} has no mean, median or share, only {seen}; name it so")
    texts = {name: tables.read_keys(table.take(name)) for name in table.names if name in free}
    records: list[Record] = []
    for label in labels:
        used = [headings[name] for name in parts[label].values()]
        behind = next((one.kind for one in used if one.kind), None)
        runs = next((one.runs for one in used if one.runs), None)
        columns = {known: _clean_cells(table.take(name), kind or behind, said)
                   for known, name in (parts[""] | parts[label]).items()}  # fmt: skip
        for row, line in enumerate(zip(*columns.values(), strict=True)):
            pairs = zip(columns, line, strict=True)
            cells = {known: cell for known, cell in pairs if not is_missing(cell)}
            # acc (%): what has no sign of its own gets that of the heading
            for known in cells if any(one.unit for one in used) else ():
                if known not in {"runs", "n_succeeded"} and "%" not in str(cells[known]):
                    cells[known] = f"{cells[known]} %"
            cells |= {"runs": runs} if runs and "runs" not in cells else {}
            cells |= {"plus_minus": behind} if behind else {}
            tags = {name: column[row] for name, column in texts.items()}
            records.append((tags | ({"": labels[label]} if any(labels) else {}), cells))
    return records, [name for name in headings if name not in read]


def _clean_cells(column: list[Any], kind: Any, said: dict[str, str]) -> list[Any]:
    """Return cells without brackets, if these are none of a spread."""
    # 0.83 ± 0.04 (1)
    texts = [re.sub(r"(±[^()]*)\([^()]*\)\s*$", r"\1", unset(cell)) if isinstance(cell, str)
             and re.search(r"±|\\pm", cell) else cell for cell in column]  # fmt: skip
    parts = [split_printed(cell) for cell in texts]
    odd = next((one for one in parts if one.bracket == "odd"), None)
    if odd is None or kind:
        return texts
    said["plus_minus"] = f"brackets as in {odd.value} ({odd.spread}) are no spreads"
    return [one.value if one.bracket else cell for one, cell in zip(parts, texts, strict=True)]


def _match_keys(
    own: Table, theirs: Table, records: Sequence[Record], keys: Sequence[str],
    metrics: list[str], said: dict[str, str], taken: Collection[str | None],
) -> dict[str, str | None]:  # fmt: skip
    """Return your column for each of what reports are called by, None for your headings.

    `metrics` receives the columns that these headings name.
    """
    found: dict[str, str | None] = {}
    mine = {_fold(name): name for name in own.names if name not in taken}
    for name in records[0][0]:
        cells = {_fold(tags[name]) for tags, _ in records if tags[name] is not None}
        free = [column for column in mine.values() if column not in found.values()
                and (not keys or column in keys or name in keys)]  # fmt: skip
        # How many of the cells each of your columns knows; the same name comes first.
        hits = {column: len(cells & _fold_cells(own, column)) for column in free}
        same = mine.get(_fold(name)) if name else None
        best = same if hits.get(same or "") else max(hits, key=hits.__getitem__, default=None)
        # Of headings one is enough, elsewhere half of those on one side.
        is_near = best is not None and (best == same or (
            not _is_numeric(own, best) and hits[best] * 2 >= (
                min(len(cells), len(_fold_cells(own, best))) if name else 1)))  # fmt: skip
        # Or your headings, of which the cells name some.
        named = {mine[cell] for cell in cells & mine.keys()} & {*(metrics or own.names)}
        if name in keys and name in own.names:
            found[name] = name
        elif keys and name and name not in keys and best not in keys and not named:
            continue
        elif is_near:
            found[name] = best
            if name and best != name:
                said["by"] = f"{name_key([name])} of the report is {name_key([str(best)])} of yours"
        elif named and None not in found.values() and (name or len(cells) > 1 or not metrics):
            metrics[:] = [column for column in own.names if column in named]
            if name or len(cells) > 1:
                found[name] = None
    if len(metrics) > 1 and None not in found.values():
        raise UsageError(f"several columns were given; {theirs.name} needs one such as `metric`")
    for name in keys:
        if name not in {*found, *found.values()}:
            (theirs if name in own.names else own).take(name)
    # Headings that are no key of yours: which of the methods are your runs?
    labels = [*dict.fromkeys(tags.get("", "") for tags, _ in records)]
    if found and "" not in found and len(labels) > 1:
        example = f"{name_key([*metrics, 'NAME'][:1])}={name_key(labels[-1:])}"
        raise UsageError(f"which of {list_names(labels)} are your runs? give `column` {example}")
    if (not found and theirs.n_rows > 1) or ("" not in found and len(labels) > 1):
        both = f"yours has {list_names(own.names)}, the report {list_names(theirs.names)}"
        raise UsageError(f"no column is a key of both tables; {both}; name a key alike in both")
    if not keys and found and "by" not in said:
        names = [name_key((column or name or "metric",)) for name, column in found.items()]
        said["by"] = f"keys are {', '.join(names)}"
    # As groups are labelled: headings last.
    return dict(sorted(found.items(), key=lambda pair: pair[1] is None))


def _sort_records(
    records: Sequence[Record], names: Sequence[str], table: Table, others: Iterable[Key] = ()
) -> dict[Key, dict[str, Any]]:
    """Return reported numbers by key, spelt as the other side does."""
    # Names are compared folded, and spelt as on the other side if that has only one such.
    spelt: dict[Key, list[Key]] = {}
    for key in others:
        spelt.setdefault(tuple(map(_fold, key)), []).append(key)
    reports: dict[Key, dict[str, Any]] = {}
    for row, (tags, numbers) in enumerate(records, start=1):
        cells = [tags[name] for name in names]
        if None in cells:
            raise DataError(f"row {row} of {table.name} lacks a key; give it, or remove it")
        ways = spelt.get(tuple(map(_fold, cells)), [])
        key = ways[0] if len(ways) == 1 else tuple(cells)
        if key in reports:
            what = f"names {name_key(key)} twice" if key else "has several reports"
            raise UsageError(f"{table.name} {what}; name the columns that tell them apart in `by`")
        reports[key] = numbers
    return reports


def _group_runs(
    table: Table, found: Mapping[str, str | None], metrics: list[str], succeeded: str | None,
    known: Collection[str], said: dict[str, str], pair: str | None,
) -> tuple[dict[Key, OwnRuns], int]:  # fmt: skip
    """Return your runs by key, and how many lack one."""
    keys = [name for name in found.values() if name]
    is_share = bool(known) and {*SUCCESSES, "runs"}.issuperset(known)
    if is_share and succeeded is None:
        succeeded = _find_succeeded(table, [*keys, *metrics], said)
    rows, seed = _find_rows(table, {*keys, *metrics}, keys, said)
    if not metrics and not (succeeded and is_share):
        metrics = [find_column(table, {*keys, succeeded, pair}, said)]
    # Which rows belong to each group, and what else tells them apart.
    places = _find_groups(table, keys, rows)
    _find_mixed(table, {*keys, *metrics, succeeded, pair}, keys, places, said)
    done, is_unknown = None, np.zeros(table.n_rows, bool)
    if succeeded is not None:
        cells = table.take(succeeded)
        done, is_unknown = tables.read_flags(cells, succeeded), np.array([*map(is_missing, cells)])
    seed = pair or seed
    seeds = tables.read_keys(table.take(seed)) if seed else []
    mine: dict[Key, OwnRuns] = {}
    for metric in metrics or [""]:
        values: Any = tables.read_values(table.take(metric), metric) if metric else done
        values = np.where(is_unknown, np.nan, values)  # without a flag, as without a value
        for key, where in places.items():
            label = (*key, metric) if None in found.values() else key
            flags = None if done is None else done[where]
            own_seeds = [str(seeds[place]) for place in where if seeds]
            mine[label] = OwnRuns(values[where], flags, seeds=own_seeds)
    return mine, len(rows) - sum(map(len, places.values()))


def _find_mixed(
    table: Table, taken: Collection[str | None], keys: Sequence[str], places: Mapping[Key, Any],
    said: dict[str, str],
) -> None:  # fmt: skip
    """Say which columns tell runs of one group apart that are taken together, or are doubled."""
    free = [name for name in table.names if name not in taken]
    for name in free:
        cells = {*map(str, _probe(table, name))}
        is_aside = _fold(name) in SEEDS | STEPS | ASIDE or _is_numeric(table, name)
        if is_aside or not 2 <= len(cells) <= table.n_rows / 2 or (
            {*map(_fold, cells)} <= tables.ANSWERS):  # fmt: skip
            continue
        texts = tables.read_keys(table.take(name))
        for where in places.values():
            if len(groups := {*(texts[place] for place in where)} - {None}) > 1:
                said["mixed"] = (
                    f"Runs of different {name_key([name])} ({list_names(sorted(map(str, groups)))})"
                    f" are taken together; if they are not alike, give `by` "
                    f"{name_key([','.join([*keys, name])])}."
                )
                return
    # A seed that occurs twice in a group: is it one run?
    columns = [table.take(name) for name in free if _fold(name) in SEEDS]
    for key, where in places.items() if columns else ():
        runs = Counter(tuple(str(column[place]) for column in columns) for place in where)
        if twice := next((seed for seed, n in runs.items() if n > 1), None):
            said["twice"] = (
                f"Seed {name_key(twice)} has {runs[twice]} runs"
                f"{f' in {name_key(key)}' if key else ''}, which count as independent: is it the "
                "same run twice?"
            )
            return


def _find_succeeded(table: Table, taken: Collection[str], said: dict[str, str]) -> str | None:
    """Return the column that says which runs succeeded: of flags, the only one, or by its name."""
    allowed = tables.ANSWERS | tables.MISSING
    names = [name for name in table.names if name not in taken and _fold(name) not in SEEDS | ASIDE
             and {_fold(cell) for cell in table.probe(name)} <= allowed]  # fmt: skip
    found = [name for name in names if _fold(name) in DONE] or names
    if len(found) != 1:
        return None
    said["succeeded"] = f"{name_key(found)} says which runs succeeded"
    return found[0]


def find_column(table: Table, taken: Collection[str | None], said: dict[str, str]) -> str:
    """Return the only column of numbers that is no key, seed or step."""
    names = [name for name in table.names if name not in taken]
    # Without seeds and steps; if several are left, without flags of success.
    for aside in (SEEDS | STEPS | ASIDE, DONE):
        if len(names) > 1:
            names = [one for one in names if _fold(one) not in aside and _is_numeric(table, one)]
    if len(names) != 1:
        raise UsageError(f"name the `column` of the values, of {list_names(names or table.names)}")
    if len(table.names) > len(taken) + 1:
        said["column"] = f"{name_key(names)} holds the values"
    return names[0]


def _find_rows(
    table: Table, taken: Collection[str], keys: Sequence[str], said: dict[str, str]
) -> tuple[list[int], str | None]:
    """Return the rows that are runs, of a log the last of each; and the seeds' column."""
    seed, step = (next((name for name in table.names if _fold(name) in among and name not in taken),
                       None) for among in (SEEDS, STEPS))  # fmt: skip
    rows = list(range(table.n_rows))
    if step is None or not _is_numeric(table, step):
        return rows, seed
    # A log has a row for each step: the last of each run is kept.
    order, kept = tables.read_values(table.take(step), step), list[int]()
    ends: dict[Key, list[float]] = {}
    for key, part in _find_groups(table, [*keys, seed] if seed else keys, rows).items():
        steps, n = order[part], part.size
        first = np.flatnonzero(np.diff(steps, prepend=np.inf) <= 0)  # of each run
        each = np.unique(steps, return_counts=True)[1]  # runs at a step
        last = np.arange(n)
        if seed:
            last = np.array([np.argmax(steps)])
        elif (first.size == 1 and n > 2) or (0 < 1.5 * first.size < n and not np.ptp(steps[first])):
            last = np.append(first[1:], n) - 1  # one run after the other
        elif (np.diff(steps) >= 0).all() and each.size > 1 and np.ptp(each) == 0 < each[0] - 1:
            last = last[-each[0] :]  # all runs, step after step
        kept += part[last].tolist()
        ends.setdefault(key[: len(keys)], []).extend(steps[last].tolist())
    if len(kept) < len(rows):
        said["steps"] = f"of each run the last {name_key((step,))} is taken"
        tops = [(each, max(each)) for each in ends.values()]
        if early := [(end, top) for each, top in tops for end in each if end < top]:
            (end, at), verb = min(early), "ends" if len(early) == 1 else "end"
            said["early"] = (
                f"{len(early)} of {len(kept)} runs {verb} before the others, at "
                f"{name_key((step,))} {format_number(end)} in place of {format_number(at)}."
            )
    return sorted(kept), seed


def _find_groups(table: Table, keys: Sequence[str], rows: Iterable[int]) -> dict[Key, Any]:
    """Return the places of the runs of each group, int[n]."""
    columns = [tables.read_keys(table.take(name)) for name in keys]
    places: dict[Key, list[int]] = {}
    for place in rows:
        key = tuple(column[place] or "" for column in columns)
        if "" not in key:
            places.setdefault(key, []).append(place)
    return {key: np.array(where) for key, where in places.items()}


def _find_column_of(table: Table, keys: Sequence[str], difference: Sequence[str]) -> str:
    """Return the column of the two groups whose difference was reported, of keys first."""
    wanted, allowed = {*difference}, "are two groups of one column"
    for name in (*keys, *table.names) if len(wanted) == 2 else ():
        cells = {*filter(None, tables.read_keys(table.take(name)))}
        if wanted <= cells:
            return name
        if wanted & cells:
            allowed += f"; {show(name)} has {list_names(sorted(cells))}"
    raise refuse("difference", [*difference], allowed)


def _subtract(
    mine: Mapping[Key, OwnRuns], difference: Sequence[str], place: int, pair: str | None
) -> dict[Key, OwnRuns]:
    """Return runs of two groups, or what pairs of them differ by.

    `place`: of the groups in the keys of `mine`.
    """
    found = dict[Key, OwnRuns]()
    for label in mine:
        one, two = ((*label[:place], name, *label[place + 1 :]) for name in difference)
        if label != one or two not in mine:
            continue
        key = label[:place] + label[place + 1 :]
        first: Any = mine[one].values
        second: Any = mine[two].values
        if pair is None:
            found[key] = OwnRuns(first, minus=second)
            continue
        # A pair is one run of either group with the same seed.
        seeds = [dict(zip(mine[part].seeds, values.tolist(), strict=True))
                 for part, values in ((one, first), (two, second))]  # fmt: skip
        if len(seeds[0]) < first.size or len(seeds[1]) < second.size:
            raise DataError(f"{show(pair)} holds a seed twice in one group; give one run of each")
        gaps = {name: value - seeds[1].get(name, np.nan) for name, value in seeds[0].items()}
        known = {name: gap for name, gap in gaps.items() if not np.isnan(gap)}
        if not known:
            raise DataError(f"column {show(pair)} holds no seed of both groups; leave `pair` out")
        found[key] = OwnRuns(np.array([*known.values()]), firsts=first, seeds=[*known])
    if not found:
        raise DataError(f"no group has runs of both {' and '.join(map(show, difference))}")
    return found
