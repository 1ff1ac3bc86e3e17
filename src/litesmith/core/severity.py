"""How much a finding matters."""

from __future__ import annotations

from enum import Enum


class Severity(Enum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
