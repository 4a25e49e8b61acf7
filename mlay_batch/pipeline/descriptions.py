"""The descriptions in force, read once: YAML and its checks cost more than most verbs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mlay_batch import __version__, schema
from mlay_batch.pipeline.kept import keep, kept
from mlay_batch.schema import Catalogue, load_catalogue
from mlay_batch.schema import kept as catalogues
from mlay_batch.schema.catalogue import sources_hash
from mlay_batch.workspace import Workspace

_NAME = "catalogue.json"


def descriptions(workspace: Workspace) -> Catalogue:
    """Return the shipped descriptions with the workspace's own in their place.

    What was read is kept in the workspace, under the hash of every file it may come from and of
    the code that reads them. Raises SchemaError for a wrong description.
    """
    key = [sources_hash(workspace.schemas), __version__, _code()]
    found = kept(workspace.root, _NAME, key, catalogues.load)
    if found is None:
        found = load_catalogue(workspace.schemas)
        keep(workspace.root, _NAME, key, catalogues.dump(found))
    return found


def _code() -> str:
    """Return a hash of the package `schema`, as far as its files are to be had."""
    digest = hashlib.sha256()
    for folder in schema.__path__:
        for path in sorted(Path(folder).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
