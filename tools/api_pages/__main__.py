"""Writes a page of the public names of styleclip_lib, from their docstrings.

    python -m tools.api_pages build/docs
"""

import re
import sys
from pathlib import Path

import pdoc

import styleclip_lib

COLUMNS = re.compile(r"<p>(?=(?:(?!</p>).)*?\S {2,}\S)", re.DOTALL)
"""The start of a paragraph in which words are aligned in columns by spaces, such as a list of arguments."""

to_html = pdoc.render.env.filters["to_html"]


def with_columns(docstring: str) -> str:
    """Markdown -> HTML, as pdoc makes it, in which paragraphs with columns have the class "columns"."""
    html = to_html(docstring)
    marked = type(html)(COLUMNS.sub('<p class="columns">', html))
    marked.toc_html = html.toc_html  # pdoc reads the table of contents from it
    return marked


def main(folder: Path) -> None:
    """Every name is loaded first: pdoc looks for names where they are, not for what a module can load on demand."""
    for name in styleclip_lib.__all__:
        setattr(styleclip_lib, name, getattr(styleclip_lib, name))
    pdoc.render.configure(docformat="markdown", template_directory=Path(__file__).parent, show_source=False)
    pdoc.render.env.filters["to_html"] = with_columns
    pdoc.pdoc("styleclip_lib", output_directory=folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
