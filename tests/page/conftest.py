"""A real browser for the page of a board. Where there is none these tests are skipped; FAIRFORGET_BROWSER=required
makes that a failure, and FAIRFORGET_BROWSER=/path/to/chromium names one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    wanted = os.environ.get("FAIRFORGET_BROWSER", "")
    with sync_playwright() as playwright:
        named = None if wanted in {"", "required"} else wanted
        own = Path(playwright.chromium.executable_path)
        found = named or next(filter(None, map(shutil.which, NAMES)), None) or (str(own) if own.exists() else None)
        if found is None:
            why = "there is no Chromium on the PATH and playwright has none; 'playwright install chromium' gets one"
            if wanted:
                pytest.fail(why)
            pytest.skip(why)
        # Containers run as root and without user namespaces, where the sandbox cannot start.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """A page in the browser, with what it said and asked for."""

    def __init__(self, browser, path, **context):
        self.context = browser.new_context(accept_downloads=True, **context)
        self.page = self.context.new_page()
        self.path = path
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def _dialog(self, dialog):
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def download(self, button):
        """Click and return the name and the text of what is saved."""
        with self.page.expect_download() as waiting:
            button.click()
        return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes().decode()

    def quiet(self):
        """Whether the page said nothing and asked for nothing but itself and what it made."""
        others = [url for url in self.asked if not url.startswith(("blob:", self.path.as_uri()))]
        return not self.said and not others


@pytest.fixture
def visit(browser, tmp_path):
    """Open a board, or the text of a page, in a new window: ``visit(board, width=390, scheme="dark")``."""
    from fairforget.board.forms.html import render_html

    opened = []

    def open_(board, *, width=1400, scheme="light", **context):
        path = tmp_path / f"{len(opened)}.html"
        path.write_text(board if isinstance(board, str) else render_html(board), encoding="utf-8")
        viewport = {"width": width, "height": 900}
        opened.append(Visit(browser, path, viewport=viewport, color_scheme=scheme, **context))
        return opened[-1]

    yield open_
    for one in opened:
        one.context.close()
