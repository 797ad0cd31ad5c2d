"""The little that is needed of an ELF file: the address of a place in it, and whether it has line numbers."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

_LOAD = 1  # PT_LOAD


@dataclass(frozen=True)
class Elf:
    segments: tuple[tuple[int, int, int], ...]
    """Of each that is loaded: place in the file, size there, address."""
    has_lines: bool
    """There is debug information that maps addresses to source lines."""

    def address(self, offset: int) -> int | None:
        """strace -k tells where in the file an instruction is; addr2line wants the address it is linked for."""
        for start, size, address in self.segments:
            if start <= offset < start + size:
                return offset - start + address
        return None


def read_elf(path: Path) -> Elf | None:
    """None for anything that is no 64-bit little-endian ELF file: a script, say."""
    try:
        data = path.read_bytes()
        if data[:6] != b"\x7fELF\x02\x01":
            return None
        program_headers, sections = struct.unpack_from("<QQ", data, 32)
        size, count, section_size, section_count, names = struct.unpack_from("<HHHHH", data, 54)
        segments = []
        for index in range(count):
            kind, _, offset, address, _, file_size = struct.unpack_from("<IIQQQQ", data, program_headers + index * size)
            if kind == _LOAD:
                segments.append((offset, file_size, address))
        return Elf(tuple(segments), b".debug_line\0" in _names(data, sections, section_size, section_count, names))
    except (OSError, struct.error):
        return None


def _names(data: bytes, sections: int, size: int, count: int, index: int) -> bytes:
    """The table of section names."""
    if index >= count:
        return b""
    offset, length = struct.unpack_from("<QQ", data, sections + index * size + 24)
    return data[offset : offset + length]
