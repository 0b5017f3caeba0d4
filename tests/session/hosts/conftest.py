"""Other hosts on this machine: an SSH server and a socket server, each with a name and a CPU."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"

SSHD_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
SetEnv HOME={folder}
"""
SSH_CONFIG = """
Host {name}
  HostName 127.0.0.1
  Port {port}
  IdentityFile {folder}/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
"""


class OtherHost(NamedTuple):
    """How pytest-xdist reaches it (``--tx``), what it calls itself, and its folder."""

    tx: str
    name: str
    folder: Path


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _answers(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return as soon as something listens there."""
    until_s = time.monotonic() + 60
    while time.monotonic() < until_s and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
    pytest.fail(f"nothing listens at port {port}")


@contextlib.contextmanager
def _host(name: str, cpu: str, command: list[str], port: int, folder: Path) -> Iterator[None]:
    """Run ``command`` where the host is called ``name`` and has this CPU, until it listens."""
    cpuinfo = folder / "cpuinfo"
    told = Path("/proc/cpuinfo").read_text()
    cpuinfo.write_text(re.sub(r"(?m)^(model name\s*:).*", rf"\1 {cpu}", told))
    script = f'hostname {name} && mount --bind {cpuinfo} /proc/cpuinfo && exec "$@"'
    process = subprocess.Popen(
        ["unshare", "--mount", "--uts", "sh", "-c", script, "sh", *command],
        cwd=folder,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _answers(port, process)
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # type: ignore[attr-defined, unused-ignore]
        process.wait()


@pytest.fixture
def ssh_host(tmp_path: Path) -> Iterator[OtherHost]:
    """A host with Debian's openssh-server, and a key made for it."""
    if not Path(SSHD).exists():
        pytest.skip("no sshd: apt-get install openssh-server")
    folder = tmp_path / "ssh-host"
    folder.mkdir()
    for key in ("key", "host_key"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
        subprocess.run(command, check=True)
    # Where it separates privileges.
    Path("/run/sshd").mkdir(exist_ok=True)
    port = _free_port()
    names = {"folder": folder, "port": port, "name": "with-ssh"}
    (folder / "sshd_config").write_text(SSHD_CONFIG.format(**names))
    (folder / "ssh_config").write_text(SSH_CONFIG.format(**names))
    server = [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")]
    with _host("with-ssh", "AMD EPYC 7742 64-Core Processor", server, port, folder):
        ssh = f"ssh=-F {folder}/ssh_config with-ssh"
        tx = f"{ssh}//python={sys.executable}//chdir={folder}/work"
        yield OtherHost(tx, "with-ssh", folder)


@pytest.fixture
def socket_hosts(tmp_path: Path) -> Iterator[Callable[..., OtherHost]]:
    """Starts hosts with the socket server of execnet.

    By their names, with flags for their Python and with environment variables.
    """
    with contextlib.ExitStack() as stack:

        def start(name: str, *flags: str, **environ: str) -> OtherHost:
            folder, port = tmp_path / name, _free_port()
            folder.mkdir(exist_ok=True)
            variables = [f"{variable}={value}" for variable, value in environ.items()]
            server = ["env", *variables, sys.executable, *flags]
            server += ["-m", "execnet.script.socketserver"]
            cpu = f"AMD EPYC 9654 96-Core Processor of {name}"
            stack.enter_context(_host(name, cpu, [*server, f"127.0.0.1:{port}"], port, folder))
            return OtherHost(f"socket=127.0.0.1:{port}", name, folder)

        yield start
