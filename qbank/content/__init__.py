"""The content that ships as files: their schemas and loaders. Pure: no database, no Flask."""

from __future__ import annotations

from qbank.content.presets import PresetRecord, load_presets
from qbank.content.taxonomy import TaxonRecord, load_taxonomy

__all__ = ["PresetRecord", "TaxonRecord", "load_presets", "load_taxonomy"]
