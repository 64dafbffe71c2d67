"""The result of `osis pick-benchmark` as tables on the terminal."""

from rich.table import Table


def pick_tables(report: dict) -> tuple[Table, Table]:
    """Shares lifted with 95 % intervals by source of masks, and why the other objects were not lifted.

    Args:
        report: of `jobs.pick.summary`.
    """
    sources = report["masks"]
    strata = list(next(iter(sources.values()))["strata"]) if sources else []
    lifted = Table("objects", "count", *sources, title="lifted, % (95 % interval)")
    for name in strata:
        rows = [source["strata"][name] for source in sources.values()]
        cells = (f"{100 * r['share']:.0f} ({100 * r['low']:.0f}–{100 * r['high']:.0f})" for r in rows)
        lifted.add_row(name, str(rows[0]["objects"]), *cells)
    reasons = list(dict.fromkeys(why for source in sources.values() for why in source["failures"]))
    failed = Table("not lifted because", *sources, title="objects")
    for why in reasons:
        failed.add_row(why, *(str(source["failures"].get(why, 0)) for source in sources.values()))
    return lifted, failed
