"""Run by Anki's own interpreter: import packages one after the other into a new collection, print what is there.

Not a test module and no part of the program: Anki is under the AGPL and lives in an environment of its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(folder: str, *packages: str) -> None:
    """Import the packages in order; print for each: new, updated, notes, cards, fields of the notes, media."""
    from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest

    collection = Collection(str(Path(folder) / "collection.anki2"))
    found = []
    for package in packages:
        request = ImportAnkiPackageRequest(package_path=package, options=ImportAnkiPackageOptions())
        log = collection.import_anki_package(request).log
        notes = collection.find_notes("")
        found.append(
            {
                "new": len(log.new),
                "updated": len(log.updated),
                "notes": len(notes),
                "cards": len(collection.find_cards("")),
                "fields": sorted(list(collection.get_note(note).fields) for note in notes),
                "media": sorted(path.name for path in Path(collection.media.dir()).iterdir()),
            }
        )
    collection.close()
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
