"""Write the gallery as static pages and take pictures of them.

python -m tests.browser.gallery.render OUT            pages and their static files
python -m tests.browser.gallery.render OUT --shots    and a picture of each, light and dark, wide and narrow
"""

from __future__ import annotations

import argparse
import shutil
import threading
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

from qbank import paths
from tests.browser.gallery.app import PAGES, create_gallery


class Quiet(WSGIRequestHandler):
    """Serves without a line a request."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing."""


def write_pages(out: Path) -> None:
    """Write OUT/gallery/NAME.html and OUT/static; serve the folder with any web server."""
    client = create_gallery().test_client()
    (out / "gallery").mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        answer = client.get(f"/gallery/{name}")
        if answer.status_code != 200:
            raise SystemExit(f"gallery page {name}: status {answer.status_code}")
        (out / "gallery" / f"{name}.html").write_bytes(answer.data)
    shutil.copytree(paths.PACKAGE / "static", out / "static", dirs_exist_ok=True)


def take_pictures(out: Path, names: list[str]) -> None:
    """Write OUT/shots/NAME-THEME-WIDTH.png."""
    from playwright.sync_api import sync_playwright

    server = make_server("127.0.0.1", 0, create_gallery(), threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (out / "shots").mkdir(parents=True, exist_ok=True)
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=shutil.which("chromium") or "/usr/bin/chromium", args=["--no-sandbox"]
        )
        for theme in ("light", "dark"):
            for width in (1280, 375):
                page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=theme)
                page.on("console", lambda message: print(message.type, message.text))  # noqa: T201
                for name in names:
                    page.goto(f"http://127.0.0.1:{server.server_port}/gallery/{name}")
                    page.wait_for_load_state("networkidle")
                    page.screenshot(path=out / "shots" / f"{name}-{theme}-{width}.png", full_page=True)
                page.close()
        browser.close()
    server.shutdown()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--shots", action="store_true")
    parser.add_argument("--only", nargs="*", default=list(PAGES))
    given = parser.parse_args()
    write_pages(given.out)
    if given.shots:
        take_pictures(given.out, given.only)


if __name__ == "__main__":
    main()
