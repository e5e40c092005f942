"""The images of a file on their way into the bank, and those of the bank's items on their way out.

In: before a record is compared with the bank its images are cleaned and kept, and its texts name them as the bank
does. Their rows are written with the items that show them; a file that no row follows is swept after some days.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from qbank.exchange import image_names
from qbank.exchange.files import FileRefusedError, Files, FolderFiles
from qbank.exchange.report import Outcome, Problem, Refused
from qbank.items.record import ItemRecord
from qbank.media.images import Facts, ImageRefusedError, Picture, cleaned, described
from qbank.media.shelf import Shelf


class Incoming:
    """Where a reader puts the files of one import, and what becomes of the records that show them.

    ``kept`` holds, by hash, what is known of each image and the name it came under. Without ``write`` images are
    judged and none is kept.
    """

    def __init__(self, shelf: Shelf, folder: Path, beside: Iterable[Path] = (), *, write: bool = True) -> None:
        self.shelf = shelf
        self.files: Files = FolderFiles(folder, also=beside)
        self.kept: dict[str, tuple[Facts, str]] = {}
        self._write = write
        self._judged: dict[str, str | ImageRefusedError | None] = {}  # by name: hash, why not, or no such file

    def settle(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """Yield the outcomes with their images settled: a record with one that is not taken is refused."""
        number = 0
        for outcome in outcomes:
            number += not isinstance(outcome, Problem)
            yield self._settled(outcome, number) if isinstance(outcome, ItemRecord) else outcome

    def _settled(self, record: ItemRecord, number: int) -> ItemRecord | Refused:
        shown = [address for address in image_names.addresses(record) if not image_names.is_elsewhere(address)]
        if not shown and not record.media:
            return record
        hashes: dict[str, str] = {}
        absent: list[str] = []
        for address in shown:
            found = self._find(address)
            if isinstance(found, ImageRefusedError):
                name = image_names.file_name(address)[:80]
                return Refused(number, record.line, f"its image {name} is not taken: {found}", record.name)
            if found is None:
                absent.append(image_names.file_name(address))
            else:
                hashes[address] = found
        seen = {image_names.file_name(address) for address in hashes}
        left = dict.fromkeys([*absent, *(name for name in record.media if name not in seen)])
        new = {address: image_names.ADDRESS + sha256 for address, sha256 in hashes.items()}
        return image_names.renamed(record, new.get, tuple(left))

    def _find(self, address: str) -> str | ImageRefusedError | None:
        if address not in self._judged:
            self._judged[address] = self._judge(address)
        return self._judged[address]

    def _judge(self, address: str) -> str | ImageRefusedError | None:
        name = image_names.file_name(address)
        data = self.files.get(name)
        try:
            picture = cleaned(data) if data is not None else self._stored(address)
        except ImageRefusedError as error:
            return error
        if picture is None:
            return None
        if self._write:
            self.shelf.put(picture)
        self.kept[picture.sha256] = (picture.facts, name)
        return picture.sha256

    def _stored(self, address: str) -> Picture | None:
        """Return the image that the bank has already, where the address names one as the bank or an export does."""
        sha256 = image_names.hash_of(address)
        data = self.shelf.read(sha256) if sha256 else None
        return described(data) if data is not None else None


@contextmanager
def incoming(shelf: Shelf | None, beside: Iterable[Path] = (), *, write: bool = True) -> Iterator[Incoming | None]:
    """Take the images of one file, in a folder that is gone afterwards; None where there is no shelf for them.

    ``beside`` are folders in which images are looked for that the file itself does not bring.
    """
    if shelf is None:
        yield None
        return
    with TemporaryDirectory(prefix="qbank-images-") as folder:
        yield Incoming(shelf, Path(folder), beside, write=write)


class Outgoing:
    """The bank's images as the writer of a format asks for them: each is called by its hash."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def put(self, name: str, data: bytes) -> str:
        """Refuse: nothing comes in here."""
        raise FileRefusedError("nothing is put into the bank while it is exported")

    def get(self, name: str) -> bytes | None:
        """Return the bytes of an image, None where the bank does not have it."""
        sha256 = image_names.hash_of(name)
        return self.shelf.read(sha256) if sha256 else None

    def named(self, record: ItemRecord) -> ItemRecord:
        """Return the record with its images named as files are; one whose file is gone keeps its address."""
        names = {
            image_names.ADDRESS + sha256: name
            for sha256 in image_names.kept_in(record)
            if (name := self.shelf.file_name(sha256)) is not None
        }
        return image_names.renamed(record, names.get, tuple(dict.fromkeys(names.values()))) if names else record
