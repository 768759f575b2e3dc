"""Write a Lockgate connector in Python.

A connector says what it offers and asks for in its manifest, and does it with plain functions. It reaches the outside
only through the modules here, one for each interface of the contract: `http`, `secrets`, `logging` and `profile`. The host
adds credentials to requests after they have left the connector, so none ever appears here.
"""

from . import http, logging, manifest, profile, secrets
from .connector import (
    Inbound,
    Input,
    Page,
    Record,
    define_connector,
    each,
    in_one_stage,
    paged_by,
)
from .errors import (
    Ambiguous,
    AuthRequired,
    Conflict,
    Denied,
    Invalid,
    LockgateError,
    NotFound,
    Permanent,
    RateLimited,
    Transient,
)
from .manifest import Manifest

__all__ = [
    "Ambiguous",
    "AuthRequired",
    "Conflict",
    "Denied",
    "Inbound",
    "Input",
    "Invalid",
    "LockgateError",
    "Manifest",
    "NotFound",
    "Page",
    "Permanent",
    "RateLimited",
    "Record",
    "Transient",
    "define_connector",
    "each",
    "http",
    "in_one_stage",
    "logging",
    "manifest",
    "paged_by",
    "profile",
    "secrets",
]
