"""The descriptions in force, read once: YAML and its checks cost more than most verbs."""

from __future__ import annotations

from pathlib import Path

from mlay_batch import __version__, schema
from mlay_batch.files import hash_of
from mlay_batch.pipeline.kept import keep, kept
from mlay_batch.schema import Catalogue, load_catalogue
from mlay_batch.schema.catalogue import shipped
from mlay_batch.workspace import Workspace

_NAME = "catalogue.json"


def descriptions(workspace: Workspace) -> Catalogue:
    """Return the shipped descriptions with the workspace's own in their place.

    What was read is kept in the workspace, under the hash of every file it may come from and of
    the code that reads them. Raises SchemaError for a wrong description.
    """
    key = [sources_hash(workspace.schemas), __version__, _code()]
    found = kept(workspace.root, _NAME, key, Catalogue)
    if found is None:
        found = load_catalogue(workspace.schemas)
        keep(workspace.root, _NAME, key, found)
    return found


def sources_hash(*own: Path) -> str:
    """Return a hash over every file that `load_catalogue` may read, one for each folder."""
    folders = (shipped("schemas"), *own)
    return "/".join(
        hash_of(one, (path for path in one.glob("*") if path.is_file())) for one in folders
    )


def _code() -> str:
    """Return a hash of the package `schema`, as far as its files are to be had."""
    return "/".join(hash_of(folder, folder.glob("*.py")) for folder in map(Path, schema.__path__))
