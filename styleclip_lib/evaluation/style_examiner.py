"""The network that judges styles and is used for nothing else; import-linter checks who may use it (see pyproject.toml)."""

from ..models import Models
from ..networks.style_examiner import StyleExaminer
from ..weights.domain import INDEX, load_network, sources


def style_examiner_of(models: Models) -> StyleExaminer | None:
    """The network that judges the styles of a domain's pictures, on its device, loaded once. None if the domain has none.

    Raises StyleclipError if its file is missing or wrong.
    """
    if "style examiner" not in models.memo:
        homes = sources(models.folder) if (models.folder / INDEX).is_file() else {}
        models.memo["style examiner"] = (load_network(homes["style_examiner"], "style_examiner", StyleExaminer).to(models.device)
                                         if "style_examiner" in homes else None)
    return models.memo["style examiner"]
