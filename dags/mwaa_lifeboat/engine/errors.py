"""Errors that the controller knows by name."""

from __future__ import annotations


class LifeboatError(Exception):
    """A rule of the protocols refused the request. The class name is what the controller reads."""


class RequestInvalidError(LifeboatError):
    """The request, or the settings it needs, cannot be read or do not fit this site."""


class ReservedRowError(LifeboatError):
    """The reserved row cannot be read, so nobody can know what this site may do."""


class StaleEpochError(LifeboatError):
    """The request belongs to an epoch that is over."""


class NotActiveError(LifeboatError):
    """The site does not run production, so it has nothing to export."""


class FencedSiteError(LifeboatError):
    """The site is fenced: it is evidence until a recorded rejoin."""


class ActiveSiteError(LifeboatError):
    """The site runs production and must not be written over."""


class OtherOpError(LifeboatError):
    """Another op, or a drill, owns this site."""


class OlderSnapshotError(LifeboatError):
    """The site already holds a newer snapshot."""


class ManifestInvalidError(LifeboatError):
    """The manifest is missing, changed, or of another format."""


class ObjectCorruptError(LifeboatError):
    """An object of the snapshot is missing or not the one that was sealed."""


class SchemaMismatchError(LifeboatError):
    """The two databases are at different migrations."""


class SecretsKeyError(LifeboatError):
    """A secret cannot be read with the keys of this site."""


class DagNotReadyError(LifeboatError):
    """No DAG could be made ready in time."""
