"""The API page: prose is wrapped by the browser, lists of arguments keep their columns."""

import pytest

pytest.importorskip("pdoc", reason="pdoc is in the extra 'dev'")
from tools.api_pages.__main__ import with_columns


def test_only_paragraphs_with_columns_keep_them():
    html = with_columns("Blends faces.\nTwo or more.\n\nweights  [N], sum 1\nspace    where to blend\n\nRaises an error.\n")
    assert html.count('<p class="columns">') == 1 and '<p class="columns">weights  [N], sum 1' in html
    assert "<p>Blends faces." in html and "<p>Raises an error." in html


def test_the_table_of_contents_survives():
    assert with_columns("# A heading\n\na  b\n").toc_html is not None
