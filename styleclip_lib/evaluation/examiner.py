"""The networks that only measure; import-linter checks who may use them (see pyproject.toml)."""

from dataclasses import dataclass, replace

from ..models import Models
from ..networks.examiner import Examiner, ExaminerIdentity
from ..weights.domain import INDEX, load_network, sources


@dataclass(frozen=True)
class Examiners:
    """The networks that measure a domain's pictures.

    attributes  image [B, 3, R, R] in [-1, 1] -> its attributes
    identity    image [B, 3, R, R] in [-1, 1] -> unit vector of the person
    """

    attributes: Examiner
    identity: ExaminerIdentity


def examiners_of(models: Models) -> Examiners | None:
    """The networks that measure the pictures of a domain, on its device, loaded once. None if the domain has none.

    Raises StyleclipError if their files are missing or wrong.
    """
    if "examiners" not in models.memo:
        models.memo["examiners"] = _loaded(models)
    return models.memo["examiners"]


def examined(models: Models) -> Models:
    """The models with the examiners in place of the networks that methods may use; the same models if the domain has no examiners.

    Raises StyleclipError as `examiners_of` does.
    """
    if "examined" not in models.memo:
        judges = examiners_of(models)
        judged = models if judges is None else replace(models, attributes=judges.attributes, identity=judges.identity)
        models.memo["examined"] = judged.memo["examined"] = judged
    return models.memo["examined"]


def measured_by(models: Models) -> str:
    """The sentence that says which networks measure the edits of a domain."""
    return ("Measured by networks that no method has used." if examiners_of(models) else
            "Measured by the domain's own networks, which methods may use as well.")


def _loaded(models: Models) -> Examiners | None:
    homes = sources(models.folder) if (models.folder / INDEX).is_file() else {}
    if not {"examiner", "examiner_identity"} <= set(homes):
        return None
    return Examiners(load_network(homes["examiner"], "examiner", Examiner).to(models.device),
                     load_network(homes["examiner_identity"], "examiner_identity", ExaminerIdentity).to(models.device))
