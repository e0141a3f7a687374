"""The network that judges styles, and nothing else: who may use it is checked by import-linter (see pyproject.toml)."""

from ..models import Models
from ..networks.style_examiner import StyleExaminer
from ..weights.domain import INDEX, load_network, sources


def style_examiner_of(models: Models) -> StyleExaminer | None:
    """The network that judges the styles of a domain's pictures, on its device; loaded once. None for a domain that has none.

    Raises StyleclipError if its file is missing or not what it should be.
    """
    if "style examiner" not in models.memo:
        homes = sources(models.folder) if (models.folder / INDEX).is_file() else {}
        models.memo["style examiner"] = (load_network(homes["style_examiner"], "style_examiner", StyleExaminer).to(models.device)
                                         if "style_examiner" in homes else None)
    return models.memo["style examiner"]
