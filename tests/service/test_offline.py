"""The page that edits without a server, as the service offers it."""

from __future__ import annotations

import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.service.limits import Limits
from styleclip_lib.service.local_broker import LocalBroker
from styleclip_lib.service.offline import NEEDED, OfflinePage
from styleclip_lib.service.running import Service

from .conftest import StandIn, at_once, serving, standing_in


@pytest.fixture
def folder(tmp_path):
    for name in NEEDED[:-1]:
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "run.py").write_text("print()")
    (tmp_path / "ort").mkdir()
    (tmp_path / "ort" / "ort.mjs").write_text("export default 1;")
    return tmp_path


def test_what_browsers_may_keep(folder):
    page = OfflinePage.read(folder)
    assert set(page.files) == {*NEEDED[1:-1], "ort/ort.mjs"} and page.bytes > 0
    before = page.version
    (folder / "edge.js").write_text("other")
    assert OfflinePage.read(folder).version != before == page.version
    (folder / "generator.onnx").unlink()
    with pytest.raises(StyleclipError, match=r"generator.onnx is missing.*styleclip export"):
        OfflinePage.read(folder)


def test_the_service_offers_it_and_its_files_need_no_key(folder):
    limits = Limits()
    page = OfflinePage.read(folder)
    with serving(Service(LocalBroker([StandIn(at_once)], limits), limits, api_key="sesame", offline=page)) as client:
        while client.get("/readyz").status_code != 200:
            pass
        (domain,) = client.get("/v1/domains", headers={"Authorization": "Bearer sesame"}).json()
        assert domain["offline"] == {"files": list(page.files), "megabytes": round(page.bytes / 1e6, 1), "version": page.version}
        assert client.get("/offline/").content == b"index.html"
        for name in page.files:
            answer = client.get(f"/offline/{name}")
            assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-cache", name
        assert client.get("/offline/ort/ort.mjs").headers["Content-Type"].count("javascript")
        assert client.get("/offline/%2e%2e/secret").status_code == 404


def test_without_it_there_is_none():
    with standing_in(at_once) as client:
        while client.get("/readyz").status_code != 200:
            pass
        assert client.get("/v1/domains").json()[0]["offline"] is None and client.get("/offline/").status_code == 404
