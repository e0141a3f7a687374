"""``python -m styleclip_lib`` and the command ``styleclip``."""

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main())
