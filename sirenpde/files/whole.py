"""Files, and folders, that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path beside ``path``, with its ending, that is synced and takes its place at the end.

    Where the block raises, or the process dies, ``path`` keeps what it held. Directories are made as needed.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "fields" / "u.txt"
    >>> with whole(target) as beside:
    ...     _ = beside.write_text("done")
    >>> target.read_text(), [file.name for file in target.parent.iterdir()]
    ('done', ['u.txt'])
    """
    target = Path(path)
    prefix, beside = f".{target.stem[:40]}-", None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=target.suffix, dir=target.parent)
        beside = Path(name)
        os.close(handle)
        yield beside
        _sync(beside)
        os.chmod(beside, 0o666 & ~_umask())  # mkstemp allows the owner alone
        os.replace(beside, target)
        _sync(target.parent)
    except OSError as error:
        if error.filename is None or Path(str(error.filename)).name.startswith(prefix):
            error.filename = str(target)  # a full disk names no file, and the temporary one says nothing
        raise
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary folder beside ``path`` that takes its place at the end; what ``path`` held is then gone.

    Where the block raises, ``path`` keeps what it held.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "steps"
    >>> for name in ("a", "b"):
    ...     with whole_folder(target) as beside:
    ...         _ = (beside / name).write_text("done")
    >>> [file.name for file in target.iterdir()], [file.name for file in target.parent.iterdir()]
    (['b'], ['steps'])
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}-", dir=target.parent))
    new, old = home / "new", home / "old"
    try:
        new.mkdir()
        yield new
        if target.exists():
            os.replace(target, old)
        try:
            os.replace(new, target)
        except OSError:
            if old.exists():
                os.replace(old, target)
            raise
        _sync(target.parent)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _sync(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:  # some systems and file systems cannot open or sync a directory
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
