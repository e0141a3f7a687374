"""The pictures of a data set whose manifest is right and whose pictures are not what it says: training says which one."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("accelerate", reason='the extra train is not installed: pip install --editable ".[train]"')

from styleclip_lib.errors import StyleclipError
from styleclip_lib.paths import sha256
from styleclip_lib.photos.datasets.manifest import MANIFEST, Dataset, read_facts, write_index, write_rows
from styleclip_lib.training.pictures import LEARNT, Pictures
from tests.images.hostile_pictures import REFUSED, noise
from tests.images.made import encoded
from tests.training.test_encoder_of_pictures import make_pictures

OTHERS = {"wide.png": (lambda: encoded(noise(300).resize((300, 40))), "300 x 40 pixels"),
          "large.png": (lambda: encoded(noise(300)), "300 x 300 pixels")}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.mark.parametrize("name", [*REFUSED, *OTHERS])
def test_a_hostile_picture_with_the_right_hash(name, folder):
    make, says = {**REFUSED, **OTHERS}[name]
    dataset = Dataset(folder)
    row = next(row for row in dataset.rows if row.part in LEARNT)
    (folder / row.file).write_bytes(make())
    row.sha256 = sha256(folder / row.file)
    write_rows(folder / MANIFEST, [*dataset.rows, *dataset.left_out])
    facts = read_facts(folder)
    write_index(folder, {"size": facts.size, "finished": True, "manifest": sha256(folder / MANIFEST)})
    pictures = Pictures(folder, facts.size, LEARNT)
    with pytest.raises(StyleclipError, match=says) as error:
        pictures.images(torch.arange(len(pictures)))
    assert row.file in str(error.value)
