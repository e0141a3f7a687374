"""Formulas as MathML, which browsers draw without a script: on pages of feedback and on slides."""

from __future__ import annotations

import re
from functools import cache

FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.DOTALL)
UNKNOWN = {  # what latex2mathml does not know -> what it does
    r"\\arg\\min": r"\\text{arg min}",
    r"\\[bB]igg?(?=\\[lr]Vert|\\\|)": "",
    r"\\_": "_",
}


@cache
def mathml(latex: str, block: bool) -> str:
    """block: on a line of its own"""
    from latex2mathml.converter import convert

    for unknown, known in UNKNOWN.items():
        latex = re.sub(unknown, known, latex)
    return convert(latex, display="block" if block else "inline")
