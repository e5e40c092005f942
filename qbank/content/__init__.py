"""The content that ships as files: their schemas and loaders. Pure: no database, no Flask."""

from __future__ import annotations

from qbank.content.lab_ranges import LabGroup, LabRange, LabSource, load_lab_ranges
from qbank.content.presets import PresetRecord, load_presets
from qbank.content.taxonomy import TaxonRecord, load_taxonomy

__all__ = [
    "LabGroup", "LabRange", "LabSource", "PresetRecord", "TaxonRecord", "load_lab_ranges", "load_presets",
    "load_taxonomy",
]  # fmt: skip
