"""Each row of the benchmark can be measured. How long anything took is nobody's pass or failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.__main__ import PLANS, main
from tests.bench.situations import NAMES, SLOW


@pytest.mark.slow
def test_each_row_runs(tmp_path: Path) -> None:
    # The slow situations are measured as the others are, and only wait; the large contents are the small one again,
    # and the memory of the lint, which takes the longest, is that of one more command.
    left_out = (
        *SLOW,
        "tree lint",
        *(plan.name for plan in PLANS if plan.name.startswith(("10 x", "100 x", "20000"))),
    )
    names = [f"{plan.group}: {plan.name}" for plan in PLANS if plan.name not in left_out]
    only = [word for name in names for word in ("--only", name)]
    rows, page = tmp_path / "rows.json", tmp_path / "rows.md"
    sizes = ["--rounds", "1", "--slow-rounds", "1", "--scale", "0.001"]
    assert main([*sizes, *only, "--json", str(rows), "--markdown", str(page)]) == 0
    measured = json.loads(rows.read_text())
    assert [f"{row['group']}: {row['name']}" for row in measured] == names
    assert all(row["ours"] > 0 for row in measured)
    assert all(row["name"] in page.read_text() for row in measured)
    causes = {row["name"]: row["told"] for row in measured if row["name"] in NAMES}
    assert causes["healthy"] == causes["healthy mariadb"] == "healthy"
    assert causes["wrong password"] == "auth.password-wrong"
    assert causes["expired certificate mariadb"] == "tls.expired"


def test_the_rows_can_be_listed_and_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--only", "check (by hand)"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"check (by hand): {name}" for name in NAMES]
