"""A machine reached by SSH: a Raspberry Pi or another Linux board."""

from __future__ import annotations

from contextlib import closing

from litesmith.core.progress import Progress
from litesmith.core.target import Session, Target
from litesmith.remote.address import parse_address
from litesmith.remote.session import RemoteSession


def connect(address: str) -> Session:
    """Return a session on the machine of an address, such as `pi@raspberrypi.local:2222`.

    Raises:
        UserError: the address names no host.
        TargetError: it cannot be reached.
    """
    return _session(address)


def prepare(address: str, progress: Progress) -> tuple[str, ...]:
    """Install there, for good, what running models needs.

    Raises:
        UserError: the address names no host, or packages cannot be fetched.
        TargetError: it cannot be reached, or something stands in the way there.
    """
    with closing(_session(address, progress)) as session:
        return session.prepare()


def clean(address: str, progress: Progress) -> tuple[str, ...]:
    """Remove there all that Litesmith keeps.

    Raises:
        UserError: the address names no host.
        TargetError: it cannot be reached.
    """
    with closing(_session(address, progress)) as session:
        return session.clean()


def _session(address: str, progress: Progress | None = None) -> RemoteSession:
    place = parse_address(address)
    session = RemoteSession(place, target=f"ssh:{place}")
    if progress is not None:
        session.progress = progress
    return session


PLUGIN = Target(
    name="ssh",
    summary="a Linux board reached by SSH",
    connect=connect,
    prepare=prepare,
    clean=clean,
    check=parse_address,
)
