"""Writes plugins.zip for Amazon MWAA: the standby gate, alone or added to a plugins.zip that is there already.

    python3 python/build_plugins.py [--into own-plugins.zip] [--out dist/plugins.zip]

The same input gives the same bytes. Needs nothing but Python's own library.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

ROOT = Path(__file__).parent.parent
# The earliest time that the format knows: a zip must not depend on when it was made.
EPOCH = (1980, 1, 1, 0, 0, 0)
PREFIX = "mwaa_lifeboat_gate"


@dataclass(frozen=True)
class Member:
    """One file of a zip, with its rights as Unix writes them."""

    body: bytes
    # Compressed bytes differ between builds of zlib; the gate is small enough to stay as it is.
    compression: int = ZIP_STORED
    rights: int = 0o644 << 16


def members_of_gate() -> dict[str, Member]:
    """Each file of the gate by its name."""
    folder = ROOT / "plugins"
    files = [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    return {file.relative_to(folder).as_posix(): Member(file.read_bytes()) for file in files}


def members_of(existing: Path) -> dict[str, Member]:
    """Everything in another plugins.zip but an earlier gate."""
    with ZipFile(existing) as archive:
        return {
            info.filename: Member(archive.read(info), ZIP_DEFLATED, info.external_attr or Member.rights)
            for info in archive.infolist()
            if not info.is_dir() and not info.filename.startswith(PREFIX)
        }


def write_zip(members: dict[str, Member], out: Path) -> None:
    """Write the members in the order of their names, each with the same time."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(out, "w") as archive:
        for name, member in sorted(members.items()):
            info = ZipInfo(name, EPOCH)
            info.external_attr = member.rights
            info.compress_type = member.compression
            archive.writestr(info, member.body)


def main() -> int:
    """Returns the exit code: 2 when the other plugins.zip cannot be read."""
    parser = argparse.ArgumentParser(description="Writes plugins.zip with the standby gate of MWAA Lifeboat.")
    parser.add_argument("--into", type=Path, help="a plugins.zip of yours, whose content comes into the new one, too")
    parser.add_argument("--out", type=Path, default=ROOT / "dist" / "plugins.zip", help="default: dist/plugins.zip")
    asked = parser.parse_args()
    try:
        own = members_of(asked.into) if asked.into else {}
    except (OSError, BadZipFile) as error:
        sys.stderr.write(f"{asked.into} cannot be read as a zip: {error}\n")
        return 2
    members = {**own, **members_of_gate()}
    write_zip(members, asked.out)
    sys.stdout.write(f"{asked.out}: {len(members)} files, the standby gate among them\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
