"""TLS, proxies and credentials files: what the environment may decide, and what it may not."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pytest_carbon.errors import IntensityError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl for a certificate")
def test_a_certificate_that_nobody_vouches_for_is_refused(fake: Any, tmp_path: Path) -> None:
    _, context = fake.make_certificate(tmp_path, "IP:127.0.0.1")
    with (
        fake.FakeApi(fake.electricity_maps(), tls=context) as api,
        pytest.raises(IntensityError, match="no certificate that can be verified"),
    ):
        fake.maps_at(api.url).fetch("GB")
    assert api.seen == []


def test_a_proxy_of_the_environment_is_used_and_never_sees_the_token(
    fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake.FakeApi(fake.says("", 502)) as proxy:
        address = proxy.url.replace("http://", "http://user:hunter2@")
        monkeypatch.setenv("HTTPS_PROXY", address)
        with pytest.raises(IntensityError, match="through the proxy") as caught:
            fake.maps_at("https://api.example.test").fetch("GB")
    assert {request.method for request in proxy.seen} == {"CONNECT"}
    assert proxy.seen[0].target == "api.example.test:443"
    assert all(fake.TOKEN not in str(request) for request in proxy.seen)
    assert "hunter2" not in str(caught.value)


def test_a_credentials_file_adds_nothing(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with fake.FakeApi(fake.uk()) as api:
        fake.uk_at(api.url).fetch("GB")
    assert "authorization" not in api.seen[0].headers
