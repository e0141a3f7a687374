"""Writes a page of the public names of styleclip_lib, from their docstrings.

    python -m tools.api_pages build/docs
"""

import sys
from pathlib import Path

import pdoc

import styleclip_lib


def main(folder: Path) -> None:
    """Every name is loaded first: pdoc looks for names where they are, not for what a module can load when it is asked."""
    for name in styleclip_lib.__all__:
        setattr(styleclip_lib, name, getattr(styleclip_lib, name))
    pdoc.render.configure(docformat="markdown", template_directory=Path(__file__).parent, show_source=False)
    pdoc.pdoc("styleclip_lib", output_directory=folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
