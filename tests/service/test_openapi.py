"""What OpenAPI says is so: schemathesis asks for whatever it allows, and for what it does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import at_once, standing_in

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance," \
         "unsupported_method,missing_required_header,use_after_free"
"""Not asked: whether all that has the form of a picture is accepted, and whether text of any words is."""


@pytest.mark.full
def test_schemathesis_finds_nothing(tmp_path):
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("no schemathesis here")
    with standing_in(at_once, client_jobs=100_000, queue=100_000, keep_minutes=0.1, wait_seconds=2) as client:
        words = ["run", f"{client.address}/openapi.json", "--checks", CHECKS, "--max-examples", "15", "--seed", "1", "--no-color",
                 "--request-timeout", "60", "--generation-database", "none"]
        done = subprocess.run([program, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "passed" in done.stdout.lower() or "no issues" in done.stdout.lower()


def test_openapi_has_examples_and_problems_for_everything():
    with standing_in(at_once) as client:
        schema = client.get("/openapi.json").json()
    assert schema["info"]["title"] == "styleclip" and "Problem" in schema["components"]["schemas"]
    form = schema["paths"]["/v1/edits"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert form["examples"]["directions"]["value"]["strength"] == "auto" and "lambda_id" in form["schema"]["properties"]
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["operationId"] and operation["summary"], (method, path)
            for status, answer in operation["responses"].items():
                assert status < "400" or list(answer["content"]) == ["application/problem+json"], (method, path, status)
