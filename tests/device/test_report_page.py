"""The HTML report in a real browser: opens from disk, asks for nothing, fits a phone's width."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.device

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
GOLDEN = Path(__file__).parent.parent / "golden" / "report"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-file-access-from-files",
    "--hide-scrollbars",
    "--virtual-time-budget=5000",
)
# A frame of the given width reports what its page measures. The browser's own window cannot be as narrow.
FRAME = """<!doctype html><title>probe</title><iframe id=f src="{page}" style="width:{width}px;height:900px;border:0">
</iframe><pre id=out></pre><script>
document.getElementById('f').onload = () => {{
  const page = document.getElementById('f').contentDocument, root = page.documentElement;
  document.getElementById('out').textContent = JSON.stringify({{
    width: root.scrollWidth, view: root.clientWidth, heading: page.querySelector('h1').textContent.trim(),
    drawings: page.querySelectorAll('svg').length,
    smallest: Math.min(...[...page.querySelectorAll('p, td, li')].map(e => parseFloat(getComputedStyle(e).fontSize))),
  }});
}};
</script>"""


def measured(page: Path, width: int, folder: Path) -> dict[str, object]:
    """Return what a browser says of a page laid out at a width."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (apt install chromium)")
    probe = folder / "probe.html"
    probe.write_text(FRAME.format(page=page.resolve().as_uri(), width=width), encoding="utf-8")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", probe.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r"<pre id=\"out\">(\{.*?\})</pre>", done.stdout, re.DOTALL)
    assert found is not None, done.stdout[-2000:] + done.stderr[-2000:]
    values: dict[str, object] = json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&"))
    return values


@pytest.mark.parametrize("name", ["full", "minimal", "audit"])
@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_the_report_fits_its_window(name: str, width: int, tmp_path: Path) -> None:
    found = measured(GOLDEN / f"{name}.html", width, tmp_path)
    assert found["view"] == width
    assert found["width"] == width, f"the page is {found['width']} px wide in a window of {width}"
    assert found["heading"]
    assert isinstance(found["smallest"], (int, float))
    assert found["smallest"] >= 11


def test_a_graph_of_thousands_of_operators_fits_a_phone(tmp_path: Path) -> None:
    from audit_parts import make_chain

    from litesmith.report.page.audit_page import render_audit

    page = tmp_path / "chain.html"
    page.write_text(render_audit(make_chain(3000)), encoding="utf-8")
    found = measured(page, 360, tmp_path)
    assert found["width"] == 360
    assert found["drawings"] == 3002


@pytest.mark.parametrize("width", [360, 400, 1280])
def test_the_page_of_a_debugging_session_fits_its_window(width: int, tmp_path: Path) -> None:
    from broken_quantized import saturation, tinted

    from litesmith import api
    from litesmith.report.page.debug_page import render_debugging

    broken = saturation(tmp_path)
    np.savez(tmp_path / "samples.npz", x=tinted(24))
    page = tmp_path / "debug.html"
    made = api.debug(broken.float_model, broken.quantized_model, tmp_path / "samples.npz", preprocess="unit")
    page.write_text(render_debugging(made), encoding="utf-8")
    found = measured(page, width, tmp_path)
    assert found["width"] == width
    assert found["drawings"] == 14


def test_a_page_that_is_too_wide_is_noticed(tmp_path: Path) -> None:
    wide = tmp_path / "wide.html"
    wide.write_text("<!doctype html><h1>wide</h1><p style='width:700px'>x</p>", encoding="utf-8")
    assert measured(wide, 360, tmp_path)["width"] == 708
