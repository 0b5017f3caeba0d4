"""What the command says of itself."""

from __future__ import annotations

import pytest

from pytest_carbon.cli.main import main


def test_commands_come_in_the_order_of_use_with_examples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    commands = text.partition("COMMAND\n")[2].partition("\noptions:")[0]
    order = ("compare", "doctor", "refresh", "prune", "report", "history", "merge", "run")
    places = [f"\n{commands}".index(f"\n    {name} ") for name in order]
    assert places == sorted(places)
    examples = text.partition("examples:")[2]
    assert "pytest-carbon compare main -- tests/unit -k parser" in examples
    assert "pytest --help" in examples
    assert max(map(len, text.splitlines())) <= 100
