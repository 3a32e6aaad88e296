"""The bytes of a raw file, unpacked while they are read: plain, gzip, or a zip archive of one file."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from gp_level_data.raw.landing.broken import Broken

BLOCK = 16 * 1024 * 1024
READ_AT_ONCE = 1024 * 1024
LOCKED = 1  # bit of a zip member's flags
# What says that a file is packed otherwise than it seems, or damaged; of a way to pack that Python does not know, the last.
DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError)
# What a packing program adds by itself.
ADDED_BY_PACKERS = ("__MACOSX/",)
ADDED_NAMES = (".DS_Store", "Thumbs.db", "desktop.ini")


class Gzip(io.RawIOBase):
    """A gzip file of any number of members, unpacked; zeros after the last one are padding.

    is_padded  whether there were any, so far: the engine's own reader stops at them
    """

    def __init__(self, packed: BinaryIO) -> None:
        self.is_padded = False
        self.blocks = self.unpack(packed)
        self.rest = b""

    def unpack(self, packed: BinaryIO) -> Iterator[bytes]:
        member = zlib.decompressobj(31)
        is_begun = False
        while block := packed.read(READ_AT_ONCE):
            while block:
                if member.eof:
                    kept = block.lstrip(b"\0")
                    self.is_padded |= len(kept) < len(block)
                    if not kept:
                        break
                    block, member = kept, zlib.decompressobj(31)
                yield member.decompress(block, BLOCK)
                is_begun = True
                block = member.unused_data if member.eof else member.unconsumed_tail
        if is_begun and not member.eof:
            raise EOFError

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.rest:
            block = next(self.blocks, None)
            if block is None:
                return 0
            self.rest = block
        size = min(len(buffer), len(self.rest))
        buffer[:size] = self.rest[:size]
        self.rest = self.rest[size:]
        return size


@contextmanager
def unpacked(path: Path, packing: str) -> Iterator[io.BufferedReader]:
    """The file's content as a stream; Broken where it is packed otherwise than its name says."""
    with path.open("rb") as packed:
        if packing == "gz":
            yield io.BufferedReader(Gzip(packed), READ_AT_ONCE)
        elif packing == "zip":
            with zipfile.ZipFile(packed) as archive, archive.open(the_member(archive)) as member:
                yield io.BufferedReader(cast(io.RawIOBase, member), READ_AT_ONCE)
        else:
            yield packed


def the_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one file of an archive."""
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not member.filename.startswith(ADDED_BY_PACKERS)
        and member.filename.rpartition("/")[2] not in ADDED_NAMES
    ]
    if len(members) != 1:
        found = f"{len(members)} files" if members else "no file"
        raise Broken("archive_not_of_one_file", f"the archive holds {found}")
    if members[0].flag_bits & LOCKED:
        raise Broken("archive_not_of_one_file", "the archive is locked with a password")
    return members[0]
