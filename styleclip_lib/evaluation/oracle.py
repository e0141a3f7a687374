"""The oracle edit: the renderer draws a portrait again with the attributes of the text."""

import time
from collections.abc import Sequence

from ..models import Models
from ..portraits.drawing.render import render
from .answers import Answer, Row, thumbnails
from .evaluate import HeldOut, portraits_of
from .examiner import examined
from .outside import distance_outside, region, with_text
from .questions import Question
from .recipes import ORACLE
from .report import measure_edit


def oracle_edits(models: Models, people: HeldOut, questions: Sequence[Question], each: int | None = None) -> list[Row]:
    """The scores of perfect edits: the renderer draws each portrait again with what the text says, and changes nothing else.

    The identity vector of a person changes when the person puts on a hat, and the networks that measure make mistakes; no method can be
    blamed for either. (A method that optimises the identity loss may score higher.) The portraits are those that `evaluate` chooses.
    Raises StyleclipError if a question suits no portrait.
    """
    rows, size = [], models.generator.img_resolution
    for question, portraits in zip(questions, portraits_of(people, questions, each)):
        row, text = Row(ORACLE, question), question.text
        for portrait in portraits:
            factors, began = people.factors[portrait], time.perf_counter()
            before, after = (render(some, size).to(models.device) for some in (factors, with_text(factors, text)))
            outside = distance_outside(models.perceptual, before, after, region(factors, text, size).to(models.device))
            report = measure_edit(examined(models), before, after, text, time.perf_counter() - began)
            row.answers.append(Answer(portrait, report, outside, thumbnails(before, after)))
        rows.append(row)
    return rows
