"""The generated demo app on a desktop: Android's own code by Robolectric, androidx, LiteRT behind the interpreter.

Nothing of it is Gradle's: aapt2 links the resources, the Kotlin compiler makes the classes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import android_projects
import kotlin_tools

from litesmith.bundle.android_files import ASSETS

PACKAGE = "com.example.demo"
_RUN_S = 300
_OPENED = ("java.base/java.io", "java.base/java.lang", "java.base/java.nio")
"""What Robolectric reaches into."""
_CONFIG = """android_merged_manifest={folder}/AndroidManifest.xml
android_resource_apk={folder}/app.apk
android_merged_assets={folder}/assets
android_custom_package={package}
"""


def run_demo(project: Path, pictures: Path, folder: Path) -> dict[str, str]:
    """Use the demo of a project of package `PACKAGE`, and return what `tests/kotlin/demo` printed, by its name.

    Raises:
        AssertionError: something does not compile or link, or the demo fails.
    """
    folder.mkdir(parents=True)
    sources = _linked(project, folder)
    classes = folder / "classes"
    android_projects.compile_projects([project], [sources], [], classes)
    generated = [str(path) for path in sorted(sources.rglob("*.java"))]
    subprocess.run(["javac", "-d", str(folder / "r"), *generated], check=True, capture_output=True)
    used = [classes / name for name in ("rest", "library", "core", "declared")]
    tools = [*kotlin_tools.jars("core"), *kotlin_tools.jars("demo")]
    out = folder / "run"
    compiled_against = [*used, folder / "r", *tools, *kotlin_tools.jars("shell")]
    kotlin_tools.compile_kotlin([kotlin_tools.KOTLIN / "demo"], out, compiled_against, explicit=False)
    config = folder / "config/com/android/tools/test_config.properties"
    config.parent.mkdir(parents=True)
    config.write_text(_CONFIG.format(folder=folder, package=PACKAGE), encoding="utf-8")
    places = [folder / "config", out, *used, folder / "r", *tools]
    places += [*kotlin_tools.jars("android"), *kotlin_tools.jars("android-14")]
    return _said(places, pictures)


def _said(classpath: Sequence[Path], pictures: Path) -> dict[str, str]:
    options = [f"--add-opens={place}=ALL-UNNAMED" for place in _OPENED]
    command = kotlin_tools.java_command("org.junit.runner.JUnitCore", classpath, [f"{PACKAGE}.DemoRun"])
    command[1:1] = [*options, f"-Dfiles={pictures}", "-Xmx1500m"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_RUN_S, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    lines = [line.split("\t", 2) for line in done.stdout.splitlines() if "SAID\t" in line]
    return {name: text for _, name, text in lines}


def _linked(project: Path, folder: Path) -> Path:
    """Link resources and assets into `app.apk`, the model not compressed; return the folder with R.java of all."""
    framework = kotlin_tools.jars("android-14")[0]
    assets = folder / "assets"
    shutil.copytree(project / ASSETS, assets)
    shutil.copytree(project / "golden", assets, dirs_exist_ok=True)
    manifest = (project / "app/src/main/AndroidManifest.xml").read_text(encoding="utf-8")
    manifest = manifest.replace("<manifest ", f"<manifest package={quoteattr(PACKAGE)} ", 1)
    (folder / "AndroidManifest.xml").write_text(manifest, encoding="utf-8")
    packages, compiled = [], [_compiled(project / "app/src/main/res", folder / "app.zip")]
    for archive in sorted((kotlin_tools.cache_folder() / "demo" / "aars").glob("*.aar")):
        place = folder / "aars" / archive.stem
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(place)
        found = re.search(r'package="([\w.]+)"', (place / "AndroidManifest.xml").read_text(encoding="utf-8"))
        packages += [found[1]] if found else []
        if (place / "res").is_dir():
            compiled.insert(0, _compiled(place / "res", folder / f"{archive.stem}.zip"))
    sources, linked = folder / "java", folder / "linked.apk"
    command = ["aapt2", "link", "-I", str(framework), "--manifest", str(folder / "AndroidManifest.xml")]
    command += ["--java", str(sources), "--auto-add-overlay", "--extra-packages", ":".join(packages)]
    command += ["--min-sdk-version", "24", "--target-sdk-version", "34", "-A", str(assets), "-o", str(linked)]
    for place in compiled:
        command += ["-R", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    stored = (".tflite", ".arsc")
    with zipfile.ZipFile(linked) as old, zipfile.ZipFile(folder / "app.apk", "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name), zipfile.ZIP_STORED if name.endswith(stored) else None)
    return sources


def _compiled(resources: Path, out: Path) -> Path:
    command = ["aapt2", "compile", "--dir", str(resources), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return out


def missing() -> str:
    """Return why the demo cannot be run here; empty where it can."""
    if not os.environ.get("LITESMITH_ROBOLECTRIC"):
        return "the demo is run on Android's code where LITESMITH_ROBOLECTRIC is set: a minute, and 400 MB once"
    return android_projects.missing() or kotlin_tools.missing("demo", "android-14")
