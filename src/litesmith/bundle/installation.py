"""What a bundle that is run by Python brings to the device: pinned packages, an installer, a self-check, a service."""

from __future__ import annotations

from pathlib import Path

from litesmith.bundle.job import BundleJob
from litesmith.bundle.pins import requirements_text
from litesmith.core.files import place, write_text

WHEELHOUSE = "wheelhouse"
REQUIREMENTS_FILE = "requirements.txt"
_STATIC = ("check.py", "install.sh")
_UNIT = """\
# systemd unit of the camera loop. It expects the bundle in /opt/{name}, installed there with a camera:
#   sudo sh /opt/{name}/install.sh --camera
#   sudo cp {file} /etc/systemd/system/ && sudo systemctl enable --now {file}
[Unit]
Description={name}: {what} on the camera
After=local-fs.target

[Service]
WorkingDirectory=/opt/{name}
ExecStartPre=/opt/{name}/.venv/bin/python -I /opt/{name}/check.py
ExecStart=/opt/{name}/.venv/bin/python /opt/{name}/{script}
Restart=on-failure
RestartSec=5
DynamicUser=yes
SupplementaryGroups=video render
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
PrivateTmp=yes
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK
RestrictSUIDSGID=yes
RestrictNamespaces=yes
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
"""


def write_installation(job: BundleJob, folder: Path) -> dict[str, str]:
    """Write what installs and checks a bundle, and return the role of each file.

    Raises:
        OutputError: a file cannot be written.
    """
    roles = {REQUIREMENTS_FILE: "setup"}
    write_text(folder / REQUIREMENTS_FILE, requirements_text(images=job.picture is not None))
    for name in _STATIC:
        place(Path(__file__).parent / name, folder / name)
        roles[name] = "setup"
    if job.service:
        write_text(folder / job.service, unit_text(job))
        roles[job.service] = "setup"
    return roles


def unit_text(job: BundleJob) -> str:
    """Return the systemd unit of a bundle of images. Nothing in it comes from the model but the module's name."""
    return _UNIT.format(name=job.module, file=job.service, what=job.file_name, script="camera.py")
