"""A run's results in a directory, written in pieces so that a run that is killed can go on.

Every file is written beside its place, flushed and moved there in one step, so a file under its own name is whole. A
chunk of worlds is `chunk-00003.npz` with its SHA-256 in `chunk-00003.npz.sha256` (as ``sha256sum -c`` reads it), other
pieces likewise. The sum is written last, and a piece counts only once both are there and agree: a kill between the two
costs a piece and never leaves a wrong one. The bytes depend on the numbers alone: no clock, no compression, names in
order. One process at a time writes to a directory: ``locked`` holds others off.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import threading
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foedus.errors import FoedusError
from foedus.runs.growth import Growth
from foedus.runs.layout import Arrays
from foedus.runs.settings import AUTO, RunSettings, whole_number

MANIFEST = "manifest.json"
_MOST = 10**9  # worlds of a run, and of a chunk
_FULL = {errno.ENOSPC, errno.EDQUOT}
_PARTIAL, _SUM = ".partial", ".npz.sha256"


@dataclass(frozen=True)
class Manifest:
    """What a run is: two runs with equal manifests give equal chunks. ``scenario`` is its hash, ``version`` that of all
    that computes (``provenance.engine``), ``chunk`` the number of worlds kept together. ``grows``: there are to be as
    many worlds as are needed; ``settings`` then count those that it has come to, and ``growth`` says why it stopped
    there (None: it has not yet)."""

    scenario: str
    version: str
    chunk: int
    settings: RunSettings
    grows: bool = False
    growth: Growth | None = None
    lenses: str = "auto"  # that the report shows, as they were asked for

    def __post_init__(self) -> None:
        """Refuses what is of another type, and a size below 1; a number becomes a plain one."""
        object.__setattr__(self, "chunk", whole_number("chunk", self.chunk, 1))
        if self.chunk > _MOST:
            raise FoedusError(f"chunk must be at most {_MOST:,}.")
        for name, kind in (("scenario", str), ("version", str), ("grows", bool), ("lenses", str)):
            if not isinstance(getattr(self, name), kind):
                raise FoedusError(f"{name} is {getattr(self, name)!r}.")

    @property
    def worlds(self) -> int:
        """The number of worlds."""
        return int(self.settings.worlds)

    @property
    def growing(self) -> bool:
        """Whether it is not known yet how many worlds are enough."""
        return self.grows and self.growth is None

    @property
    def chunks(self) -> int:
        """The number of chunks."""
        return -(-self.worlds // self.chunk)

    def span(self, index: int) -> range:
        """The worlds of a chunk."""
        if not 0 <= index < self.chunks:
            raise IndexError(f"chunk {index} of {self.chunks}")
        return range(index * self.chunk, min((index + 1) * self.chunk, self.worlds))

    def text(self) -> str:
        """The manifest as JSON, with the SHA-256 of all else in it."""
        values = asdict(self)
        return json.dumps(values | {"sha256": _digest(values)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest in a file; FoedusError when it is missing, was changed, or is none."""
        try:
            values = json.loads(_bytes(path))
            if not isinstance(values, dict) or values.pop("sha256", None) != _digest(values):
                raise FoedusError("it was changed since it was written")
            growth = None if values["growth"] is None else Growth.read(values["growth"])
            read = cls(**{**values, "settings": _settings(values["settings"]), "growth": growth})
            if json.loads(read.text()) != values | {"sha256": _digest(values)}:
                raise FoedusError("it does not name all that a run is")
            return read
        except FileNotFoundError:
            raise FoedusError(f"{path.parent} holds no run: it has no {path.name}.") from None
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, FoedusError) as error:
            remedy = "Start the run anew in another directory, or here with --anew."
            raise FoedusError(f"{path} is damaged: {error}. {remedy}") from None

    @property
    def identity(self) -> str:
        """A name that only runs have whose pieces are the same: what decides them, and not how far a run has grown."""
        told = asdict(replace(self, growth=None, lenses="", settings=replace(self.settings, budget=0.0)))
        if self.grows:
            told["settings"] |= {"worlds": AUTO, "subset": None}
        return _digest(told)

    def differences(self, other: Manifest) -> dict[str, str]:
        """By name what differs from another manifest, in words; how far both have grown, and what is shown of them, is
        no difference."""
        mine, theirs = ({**vars(manifest), **vars(manifest.settings)} for manifest in (self, other))
        same = {"settings", "growth", "lenses", *(("worlds", "subset") if self.grows and other.grows else ())}
        changed = [name for name in mine if name not in same and mine[name] != theirs[name]]
        return {name: f"{name} is {mine[name]}, there it is {theirs[name]}" for name in changed}


def _settings(values: dict[str, Any]) -> RunSettings:
    """Settings as they are kept; FoedusError or TypeError for what is none."""
    policies = values["policies"]
    if policies is not None and not (isinstance(policies, list) and all(isinstance(name, str) for name in policies)):
        raise FoedusError(f"policies are {policies!r}")
    for name in ("worlds", "subset"):
        known = isinstance(values[name], int) and 0 < values[name] <= _MOST
        if not known and not (name == "subset" and values[name] is None):
            raise FoedusError(f"{name} is {values[name]!r}")
    return RunSettings(**values)


def _bytes(path: Path) -> bytes:
    """What a file holds; OSError where it is none, such as a pipe, from which nothing may ever come."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a file")
    return path.read_bytes()


def _digest(values: object) -> str:
    """The SHA-256 of plain data, however it is laid out."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def chunk_name(index: int) -> str:
    """What a chunk is called."""
    return f"chunk-{index:05d}"


class ChunkStore:
    """The pieces of one run in a directory. ``run`` is the directory that messages name in `foedus resume` (default:
    this one)."""

    def __init__(self, directory: Path | str, manifest: Manifest, run: Path | str | None = None):
        """Opens the directory or makes it. FoedusError when it holds a run with another manifest."""
        self.directory, self.manifest, self.run = Path(directory), manifest, Path(run or directory)
        path = self.directory / MANIFEST
        there = Manifest.read(path) if path.exists() else None
        if there is not None and (differences := manifest.differences(there)):
            remedy = "Give another directory, or resume with the same scenario, version and settings."
            raise FoedusError(f"{self.directory} holds another run: {'; '.join(differences.values())}. {remedy}")
        if there != manifest:
            self._keep(path, manifest.text().encode())
        sweep(self.directory, partial=True)

    def grown(self, settings: RunSettings, growth: Growth | None = None) -> ChunkStore:
        """The same store for more worlds; ``growth`` once there are enough."""
        return ChunkStore(self.directory, replace(self.manifest, settings=settings, growth=growth), self.run)

    def joined(self, name: str) -> NDArray[Any] | None:
        """One array of the first chunks that have it, joined; None where the first has none."""
        parts = takewhile(lambda part: part is not None, (self.member(i, name) for i in range(self.manifest.chunks)))
        having = [part for part in parts if part is not None]
        return np.concatenate(having) if having else None

    def path(self, piece: str) -> Path:
        """Where a piece is kept."""
        return self.directory / f"{piece}.npz"

    def keep(self, piece: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keeps arrays of any shape under a name; FoedusError (see ``write_atomic``) keeps what was there before."""
        data, path = pack(arrays), self.path(piece)
        self._keep(path, data)
        self._keep(path.with_suffix(_SUM), self._checksum(path, data))

    def _keep(self, path: Path, data: bytes) -> None:
        write_atomic(path, data, f"and run `foedus resume {self.run}`")

    def read(self, piece: str) -> Arrays:
        """A piece's arrays by name; FoedusError when it is missing or its checksum is wrong."""
        if (data := self._sound_bytes(piece)) is None:
            raise self._damaged(piece)
        return unpack(data)

    def member(self, chunk: int, name: str) -> NDArray[Any] | None:
        """One array of a chunk, without reading the others; None where the chunk has none of that name. FoedusError
        when the chunk is missing, or that array's own checksum (the archive's CRC-32) is wrong."""
        try:
            path = self.path(chunk_name(chunk))
            if not path.is_file():
                raise FileNotFoundError(path)
            with zipfile.ZipFile(path) as archive:
                if f"{name}.npy" not in archive.namelist():
                    return None
                data = archive.read(f"{name}.npy")
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
            raise self._damaged(chunk_name(chunk)) from None
        array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
        return array

    def sound(self, piece: str) -> bool:
        """Whether a piece is there and agrees with its checksum."""
        return self._sound_bytes(piece) is not None

    def missing(self, first: int = 0) -> list[int]:
        """The chunks, from the one of world ``first`` on, that are absent or damaged, in order."""
        chunks = range(first // self.manifest.chunk, self.manifest.chunks)
        return [index for index in chunks if not self.sound(chunk_name(index))]

    def _damaged(self, piece: str) -> FoedusError:
        return FoedusError(f"{piece} of {self.run} is missing or damaged: run `foedus resume {self.run}`.")

    def _sound_bytes(self, piece: str) -> bytes | None:
        """The bytes of a piece when they agree with their checksum."""
        path = self.path(piece)
        try:
            data, written = _bytes(path), _bytes(path.with_suffix(_SUM))
        except OSError:  # not there, a directory, or not to be read
            return None
        return data if written == self._checksum(path, data) else None

    def _checksum(self, path: Path, data: bytes) -> bytes:
        """The line that ``sha256sum`` writes of a file, with its name, so that another chunk's files do not pass for it;
        under it, as a comment, the run that it is of, so that another run's do not either."""
        return f"{hashlib.sha256(data).hexdigest()}  {path.name}\n# run {self.manifest.identity}\n".encode()


_PIECE = r"(?:chunk-\d{5,}|sweep|neutral-\d{3,}|redrawn-\d{3,})\.npz(?:\.sha256)?"
_OWN = rf"(?:{_PIECE}|manifest\.json|scenario\.yaml|report\.html|results\.nc|run\.json)"
_PIECES, _PARTIALS = re.compile(_PIECE), re.compile(rf"{_OWN}\.\d+\{_PARTIAL}")


def sweep(directory: Path, partial: bool = False) -> None:
    """Removes the pieces of a run, or the halves of files that were being written when it was killed: only what bears one of
    the names that runs give."""
    own = _PARTIALS if partial else _PIECES
    for path in directory.iterdir() if directory.is_dir() else ():
        if own.fullmatch(path.name) and (path.is_symlink() or path.is_file()):
            path.unlink(missing_ok=True)


def claim(directory: Path | str, kept: Path) -> None:
    """FoedusError where a directory holds something and no run of ours: nothing in it is touched."""
    place = Path(directory)
    if place.exists() and not place.is_dir():
        raise FoedusError(f"{directory} cannot be made: a file is in its place. Give another --out.")
    try:
        there = sorted(path.name for path in place.iterdir()) if place.exists() else []
        inside = sorted(path.name for path in kept.iterdir()) if kept.is_dir() else []
    except OSError as error:
        raise FoedusError(f"{directory} cannot be used: {error.strerror or error}. Give another --out.") from None
    if (kept / MANIFEST).exists() or not there or (there == [kept.name] and all(map(_PARTIALS.fullmatch, inside))):
        return
    holds = f"is not empty and holds no Foedus run (no {kept.name}/{MANIFEST})"
    raise FoedusError(f"{directory} {holds}; nothing in it was touched. Give another --out.")


def pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Arrays as an uncompressed .npz (``numpy.load`` reads it) whose bytes depend on nothing else."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(arrays[name]), version=(1, 0), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, member.getvalue())
    return buffer.getvalue()


def unpack(data: bytes) -> Arrays:
    """What ``pack`` packed. Objects are never unpickled."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


@contextmanager
def locked(directory: Path, run: Path | str) -> Iterator[None]:
    """Holds a directory (made where it is missing) for this process; FoedusError when another holds it.

    ``run`` is the directory that messages name. The hold ends with the process, however that ends, so nothing is left to
    clear after a kill. Systems without such locks go without. Who holds it already, in the same thread, goes on.
    """
    holder = str(directory.resolve()), threading.get_ident()
    if holder in _held:
        yield
        return
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise FoedusError(f"{run} cannot be made: {error.strerror}. Give another --out.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise FoedusError(f"another process is writing to {run}: wait for it, or give another --out.") from None
    except OSError:
        pass  # a file system without locks
    _held.add(holder)
    try:
        yield
    finally:
        _held.discard(holder)
        os.close(handle)


_held: set[tuple[str, int]] = set()  # directories held here, with the thread that does


def write_atomic(path: Path, data: bytes, then: str = "and try again") -> None:
    """Writes a file so that it is there whole or not at all, even after a power cut. FoedusError when the disk is full
    (``then`` says what to do once there is room) or the place cannot be written; the old file, if any, is kept."""
    partial = path.with_name(f"{path.name}.{os.getpid()}{_PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # before the rename: else a power cut may keep the name and lose the bytes
        os.replace(partial, path)
        if os.name == "posix":  # there a folder can be flushed, which makes the rename last
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        with suppress(OSError):  # it may never have been made: its folder is missing or is a file
            partial.unlink(missing_ok=True)
        if error.errno in _FULL:
            state = f"is full: {path.name} was not written, what was there is kept"
            remedy = f"Make room (it needs {len(data):,} bytes) {then}."
            raise FoedusError(f"the disk that holds {path.parent} {state}. {remedy}") from error
        remedy = " Take away what stands there." if path.exists() and not path.is_file() else ""
        raise FoedusError(f"{path} cannot be written: {error.strerror or error}.{remedy}") from error
