"""A run's results in a directory, written in chunks of worlds so that a run that is killed can go on.

Every file is written beside its place, flushed to the disk and moved there in one step, so a
file under its own name is whole. A chunk is `chunk-00003.npz` with its SHA-256 in
`chunk-00003.npz.sha256` (in the form that ``sha256sum -c`` reads), written after it; other pieces
of a run (a subset of worlds solved in another way) are kept likewise, by name. The bytes
depend on the numbers alone: no clock, no compression, names in order. One process at a time
writes to a directory: ``locked`` holds others off.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from foedus.errors import FoedusError

Arrays = dict[str, NDArray[Any]]
MANIFEST = "manifest.json"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_PARTIAL = ".partial"


@dataclass(frozen=True)
class Manifest:
    """What a run is: two runs with equal manifests give equal chunks.

    ``settings`` holds whatever else decides the numbers (sampling method, policies, precision), as JSON.
    """

    scenario: str
    version: str
    seed: int
    worlds: int
    chunk: int
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuses sizes below 1."""
        if self.worlds < 1 or self.chunk < 1:
            raise FoedusError("a run needs at least 1 world and chunks of at least 1 world.")

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
        """The manifest as JSON."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest in a file; FoedusError when it is missing or not one."""
        try:
            values = json.loads(path.read_bytes())
            manifest = cls(**values)
            whole = all(type(getattr(manifest, key)) is int for key in ("seed", "worlds", "chunk"))
        except FileNotFoundError:
            raise FoedusError(f"{path.parent} holds no run: it has no {path.name}.") from None
        except (OSError, ValueError, TypeError) as error:
            raise FoedusError(f"{path} cannot be read ({error}). Start the run anew in another directory.") from None
        if not whole:
            raise FoedusError(f"{path} is not a manifest. Start the run anew in another directory.")
        return manifest

    def differences(self, other: Manifest) -> list[str]:
        """What differs from another manifest, in words."""
        mine, theirs = json.loads(self.text()), json.loads(other.text())
        names = [item.name for item in fields(self)]
        return [f"{name} is {mine[name]}, there it is {theirs[name]}" for name in names if mine[name] != theirs[name]]


class ChunkStore:
    """The chunks of one run in a directory.

    ``run`` is the directory that messages name in `foedus resume` (default: this one).
    """

    def __init__(self, directory: Path | str, manifest: Manifest, run: Path | str | None = None):
        """Opens the directory or makes it. FoedusError when it holds a run with another manifest."""
        self.directory, self.manifest = Path(directory), manifest
        self.run = Path(run or directory)
        path = self.directory / MANIFEST
        if path.exists():
            differences = manifest.differences(Manifest.read(path))
            if differences:
                raise FoedusError(
                    f"{self.directory} holds another run: {'; '.join(differences)}. "
                    "Give another directory, or resume with the same scenario, version and settings."
                )
        else:
            self._keep(path, manifest.text().encode())
        for left in self.directory.glob(f"*{_PARTIAL}"):
            left.unlink(missing_ok=True)

    @classmethod
    def open(cls, directory: Path | str, run: Path | str | None = None) -> ChunkStore:
        """The store of a run that was begun; FoedusError when the directory holds none."""
        return cls(directory, Manifest.read(Path(directory) / MANIFEST), run)

    @staticmethod
    def name(index: int) -> str:
        """What a chunk is called."""
        return f"chunk-{index:05d}"

    def path(self, piece: int | str) -> Path:
        """Where a chunk, or another piece by its name, is kept."""
        return self.directory / f"{self.name(piece) if isinstance(piece, int) else piece}.npz"

    def write(self, index: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keeps a chunk: arrays by name, each with the chunk's worlds along its first axis.

        FoedusError when the disk is full or cannot be written; what was there before is kept.
        """
        size = len(self.manifest.span(index))
        for name, array in arrays.items():
            if np.ndim(array) == 0 or len(array) != size:
                raise ValueError(f"chunk {index} has {size} worlds, '{name}' has shape {np.shape(array)}")
        self.keep(self.name(index), arrays)

    def keep(self, piece: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keeps arrays of any shape under a name; FoedusError as ``write``."""
        data, path = pack(arrays), self.path(piece)
        self._keep(path, data)
        self._keep(_sidecar(path), f"{hashlib.sha256(data).hexdigest()}  {path.name}\n".encode())

    def _keep(self, path: Path, data: bytes) -> None:
        write_atomic(path, data, f"and run `foedus resume {self.run}`")

    def read(self, piece: int | str) -> Arrays:
        """A piece's arrays by name; FoedusError when it is missing or its checksum is wrong."""
        data = self._sound(piece)
        if data is None:
            raise self._damaged(piece)
        return unpack(data)

    def member(self, index: int, name: str) -> NDArray[Any] | None:
        """One array of a chunk, without reading the others; None where the chunk has none of that name.

        FoedusError when the chunk is missing, or that array's own checksum (the archive's CRC-32) is wrong.
        """
        try:
            with zipfile.ZipFile(self.path(index)) as archive:
                if f"{name}.npy" not in archive.namelist():
                    return None
                data = archive.read(f"{name}.npy")
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
            raise self._damaged(index) from None
        array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
        return array

    def sound(self, piece: int | str) -> bool:
        """Whether a piece is there and agrees with its checksum."""
        return self._sound(piece) is not None

    def missing(self) -> list[int]:
        """The chunks that are absent or damaged, in order."""
        return [index for index in range(self.manifest.chunks) if not self.sound(index)]

    def _damaged(self, piece: int | str) -> FoedusError:
        what = f"chunk {piece}" if isinstance(piece, int) else f"piece '{piece}'"
        return FoedusError(f"{what} of {self.run} is missing or damaged: run `foedus resume {self.run}`.")

    def read_all(self, names: Collection[str] | None = None) -> Arrays:
        """All worlds' arrays (or those named), chunks joined along the first axis."""
        parts: dict[str, list[NDArray[Any]]] = {}
        for index in range(self.manifest.chunks):
            chunk = self.read(index)
            kept = {name: array for name, array in chunk.items() if names is None or name in names}
            if index and kept.keys() != parts.keys():
                raise FoedusError(f"chunk {index} of {self.directory} holds other results than the chunks before it.")
            for name, array in kept.items():
                parts.setdefault(name, []).append(array)
        return {name: np.concatenate(arrays) for name, arrays in parts.items()}

    def _sound(self, piece: int | str) -> bytes | None:
        """The bytes of a piece when they agree with their checksum."""
        path = self.path(piece)
        try:
            data, line = path.read_bytes(), _sidecar(path).read_text("ascii", "replace")
        except FileNotFoundError:
            return None
        return data if line == f"{hashlib.sha256(data).hexdigest()}  {path.name}\n" else None


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


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

    ``run`` is the directory that messages name. The hold ends with the process, however that ends. Systems without such locks go without.
    """
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
    try:
        yield
    finally:
        os.close(handle)


def write_atomic(path: Path, data: bytes, then: str = "and try again") -> None:
    """Writes a file so that it is there whole or not at all, even after a power cut.

    FoedusError when the disk is full (``then`` says what to do once there is room) or the place
    cannot be written; the old file, if any, is kept.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}{_PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        _flush_directory(path.parent)
    except OSError as error:
        _discard(partial)
        if error.errno in _FULL:
            raise FoedusError(
                f"the disk that holds {path.parent} is full: {path.name} was not written, what was there is kept. "
                f"Make room (it needs {len(data):,} bytes) {then}."
            ) from error
        raise FoedusError(f"{path} cannot be written: {error.strerror or error}.") from error


def _discard(partial: Path) -> None:
    try:
        partial.unlink(missing_ok=True)
    except OSError:
        return  # it was never made: its folder is missing or is a file


def _flush_directory(directory: Path) -> None:
    """Makes a rename last, where the system lets a folder be flushed."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
