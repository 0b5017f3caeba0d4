"""What the plugin costs on empty tests, as ratios measured side by side.

    python tests/benchmarks/overhead.py [--tests 2000] [--pairs 11]

Two views, since two identical runs of a process differ by several percent on a shared machine:
whole processes, with and without ``--carbon``, in turn; and within one process, the plugin's
hooks switched on and off every 40 tests.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = 40

SWITCH = '''
import json, os, time
import pytest

BLOCK = {block}

def pytest_configure(config):
    config.pluginmanager.register(Switch(config), "switch")


class Switch:
    """Times each block of tests, with our hooks registered in every second one."""

    def __init__(self, config):
        self.manager = config.pluginmanager
        self.ours = {{}}
        self.times = {{"on": [], "off": []}}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session):
        items = session.items
        blocks = [items[at : at + BLOCK] for at in range(0, len(items), BLOCK)]
        state = "on"
        for number, block in enumerate(blocks):
            self.switch(state)
            following = blocks[number + 1 : number + 2]
            session.items = block + (following[0][:1] if following else [])
            start = time.perf_counter()
            for place, item in enumerate(block):
                after = block[place + 1] if place + 1 < len(block) else None
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            self.times[state].append((time.perf_counter() - start) / len(block))
            state = "off" if state == "on" else "on"
        self.switch("on")
        session.items = []
        with open("times.json", "w") as file:
            json.dump(self.times, file)
        return (yield)

    def switch(self, state):
        if state == "off":
            for name, plugin in self.manager.list_name_plugin():
                if name.startswith("carbon-") and plugin is not None:
                    self.ours[name] = plugin
                    self.manager.unregister(plugin)
        else:
            for name, plugin in self.ours.items():
                self.manager.register(plugin, name)
            self.ours.clear()
'''


def run(folder: Path, *args: str) -> float:
    """CPU seconds of one pytest process."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *args],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    after = os.times()
    return (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tests", type=int, default=2000)
    parser.add_argument("--pairs", type=int, default=11)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        body = "".join(f"def test_{n}(): pass\n" for n in range(arguments.tests))
        (folder / "test_empty.py").write_text(body)
        ratios, controls = [], []
        for _ in range(arguments.pairs):
            plain, again, carbon = run(folder), run(folder), run(folder, "--carbon")
            ratios.append(carbon / plain)
            controls.append(again / plain)
        print(f"whole processes, {arguments.tests} empty tests, {arguments.pairs} pairs:")
        for label, values in (("with carbon / without", ratios), ("without / without", controls)):
            print(
                f"  {label}: median {statistics.median(values):.3f} "
                f"(from {min(values):.3f} to {max(values):.3f})"
            )
        (folder / "conftest.py").write_text(SWITCH.format(block=BLOCK))
        run(folder, "--carbon")
        times = json.loads((folder / "times.json").read_text())
        on, off = (statistics.median(times[state]) * 1e6 for state in ("on", "off"))
        print(f"one process, blocks of {BLOCK} tests, hooks on and off in turn:")
        print(f"  {on:.1f} µs a test on, {off:.1f} µs off: {on - off:+.1f} µs, {on / off:.3f}")


if __name__ == "__main__":
    main()
