"""Where a studio can be reached: what to print and to open, for each way of listening."""

from __future__ import annotations

import ipaddress
import socket

LOOPBACK = ("127.0.0.1", "localhost", "::1")  # the names of this machine for itself
SOMEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # kept for documents: nobody's


def address(host: str, port: int) -> str:
    """Such as http://127.0.0.1:8642/."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def places(host: str, listener: socket.socket) -> tuple[str, str | None]:
    """The address to open here, and that for other machines.

    Args:
        host: as it was asked for.
        listener: bound to it.

    Returns:
        The second is None where it is the same, or where this machine is in no network.
    """
    bound, port = listener.getsockname()[:2]
    if not ipaddress.ip_address(bound).is_unspecified:
        return address(host, port), None
    outward = _outward(listener.family)
    loopback = "::1" if listener.family == socket.AF_INET6 else "127.0.0.1"
    return address(loopback, port), address(outward, port) if outward else None


def _outward(family: int) -> str | None:
    """The address by which this machine speaks to others. Nothing is sent to find it."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((SOMEWHERE[socket.AddressFamily(family)], 9))
            return probe.getsockname()[0]
    except OSError:
        return None
