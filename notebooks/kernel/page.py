"""JupyterLab as a reader sees and handles it, in a browser: menus, cells and what is under them."""

import contextlib
import os
import re
import time
from urllib.parse import urlsplit

from playwright.sync_api import TimeoutError, sync_playwright

# As root Chromium has no sandbox. The others keep it from asking hosts of its own.
FLAGS = ["--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
         "--disable-background-networking", "--disable-sync", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
PATIENCE, A_CELL = 180_000, 900_000  # ms; what hangs is stopped, a machine that is slow is not

# Before JupyterLab finds a picture in its cell it hands its name to the browser, which
# knows no such scheme and asks nobody.
ATTACHMENT = "attachment:"

# What can be seen of a notebook, as JavaScript. All its cells are in the page, in view or not.
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell:not(.jp-mod-noInput) .jp-InputPrompt')].map(p => p.textContent)"
PICTURES = "document.querySelectorAll('.jp-OutputArea-output img')"
PLAYERS = "document.querySelectorAll('.jp-OutputArea-output audio')"
HOLLOW = """[...document.querySelectorAll('.jp-NotebookPanel .jp-Cell img')].filter(i => !(i.complete && i.naturalWidth))
    .map(i => i.alt || i.src.slice(0, 60))"""
# Cells out of view have no height yet, so what is scrolled to moves as they come by.
CENTRE = """async part => {
    for (let i = 0; i < 10; i++) {
        part.scrollIntoView({block: 'center', behavior: 'instant'})
        await new Promise(requestAnimationFrame)
    }
}"""
PLAY = """async player => {
    player.muted = true
    await player.play()
    while (player.currentTime == 0 && !player.ended) await new Promise(requestAnimationFrame)
    player.pause()
    player.currentTime = 0
    player.muted = false
}"""


class Page:
    """A reader's browser, with a lab in it. What it asks of whom and what it complains of is kept."""

    def __init__(self, page, server, token, shots):
        self.page, self.server, self.token, self.shots = page, server, token, shots
        self.strangers, self.complaints = [], []
        page.set_default_timeout(PATIENCE)
        page.context.on("request", lambda request: self.asks(request.url))
        page.on("websocket", lambda socket: self.asks(socket.url))
        page.on("console", lambda message: self.complains(message.type, message.text, message.location["url"]))
        page.on("pageerror", lambda error: self.complains("error", str(error), ""))

    def asks(self, url):
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and not url.startswith(ATTACHMENT) \
                and parts.netloc != urlsplit(self.server).netloc:
            self.strangers.append(url[:200])

    def complains(self, kind, text, url):
        if kind == "error" and not url.startswith(ATTACHMENT):
            self.complaints.append(f"{text[:500]} ({url[:200]})")

    def blameless(self):
        """Nothing was asked of a stranger, nothing is in the console, nothing pops up."""
        assert not self.strangers, f"asked of others: {self.strangers}"
        assert not self.complaints, "the browser's console says:\n" + "\n".join(self.complaints)
        for pops_up in (".jp-Dialog", ".Toastify__toast"):
            if box := self.page.query_selector(pops_up):
                raise AssertionError(f"there is a box that says “{box.inner_text()}”")

    def shoot(self, name):
        """Keeps a picture of what a reader sees now."""
        self.page.screenshot(path=self.shots / f"{name}.png")

    def menu(self, *path):
        """Chooses from the menus, such as Run, Run All Cells."""
        self.page.locator(".lm-MenuBar-item").get_by_text(path[0], exact=True).click()
        for words in path[1:]:
            item = self.page.locator(".lm-Menu-item").filter(has=self.page.get_by_text(words, exact=True))
            item.last.click()

    def land(self):
        """Opens the address that the lab printed."""
        self.page.goto(f"{self.server}lab?token={self.token}")
        self.page.wait_for_selector(".jp-Launcher-body")
        self.page.wait_for_function("[...document.querySelectorAll('.jp-LauncherCard img')].every(i => i.naturalWidth)")

    def open(self, name, folder=None):
        """Opens a notebook from the list of files, as trusted or not as it is."""
        if folder:
            self.page.locator(".jp-DirListing-item").get_by_text(folder, exact=True).dblclick()
        self.page.locator(".jp-DirListing-item").get_by_text(name, exact=True).dblclick()
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        self.page.locator(".jp-NotebookPanel .jp-Spinner").wait_for(state="detached")

    def close(self):
        """Closes the notebook, its kernel with it."""
        self.menu("File", "Save Notebook")
        self.menu("File", "Close and Shut Down Notebook…")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.page.locator(".jp-NotebookPanel").wait_for(state="detached")
        if self.page.locator(".jp-BreadCrumbs-item").count() > 0:
            self.page.locator(".jp-BreadCrumbs-home").click()

    def ready(self):
        """Waits for the kernel that comes with the notebook, which nobody was asked for."""
        # Before its first cell the Go kernel does not say how it is.
        self.page.locator(".jp-StatusBar-Left", has_text=re.compile(r"Go \(gonb\) \| (Unknown|Idle)")).wait_for()

    def trusted(self):
        """What the shield below says."""
        return self.page.locator(".jp-StatusItem-trust").get_attribute("title")

    def run_all(self):
        """Runs all cells by the menu and waits for the last. Tells each one's seconds."""
        self.menu("Edit", "Clear Outputs of All Cells")
        assert not self.page.evaluate(f"{PICTURES}.length"), "outputs were cleared and are there"
        self.menu("Run", "Run All Cells")
        self.finished(told=True)

    def finished(self, told=False):
        """Waits until no cell runs or is about to."""
        done, begin = 0, time.monotonic()
        while True:
            # A cell that has run has a number; those that wait for their turn, a star.
            more = self.page.wait_for_function(
                f"""done => {{
                    const prompts = {PROMPTS}, left = prompts.filter(p => p.includes('*')).length
                    const ran = prompts.filter(p => /\\d/.test(p)).length
                    return ran > 0 && (ran > done || !left) && {{ran, left}}
                }}""",
                arg=done if told else 10**6,
                timeout=A_CELL,
                polling=200,  # ms; at every frame it would take the processor from the cells
            ).json_value()
            if told and more["ran"] > done:
                print(f"  [{more['ran']:>2}] {time.monotonic() - begin:6.1f} s", flush=True)
            done, begin = more["ran"], time.monotonic()
            if not more["left"]:
                return

    def cell(self, words):
        """The cell of code that has these words."""
        return self.page.locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea", has_text=words))

    def run(self, cell):
        """Runs one cell by the menu, and leaves it while it runs."""
        cell.locator(".cm-content").click()
        self.menu("Run", "Run Selected Cell and Do not Advance")

    def write(self, below, code):
        """Types a cell below another, and stays in it."""
        below.locator(".cm-content").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.type(code)

    def progress(self, cell, words):
        """Waits until the line of progress below a cell says this, a pattern. Returns the match."""
        line = cell.locator(".jp-OutputArea-output span", has_text=re.compile(words))
        line.first.wait_for()
        return re.search(words, line.first.inner_text()) or self.progress(cell, words)

    def look_and_listen(self, pictures, players):
        """So many pictures are pictures, so many players play, formulas are formulas. Returns how many these are."""
        try:  # a long notebook comes into the page little by little
            self.page.wait_for_function(
                f"""([pictures, players]) => {PICTURES}.length == pictures && {PLAYERS}.length == players && !{HOLLOW}.length""",
                arg=[pictures, players],
                polling=200,
            )
        except TimeoutError as late:
            shown, heard = self.page.evaluate(f"[{PICTURES}.length, {PLAYERS}.length]")
            hollow = self.page.evaluate(HOLLOW)
            raise AssertionError(
                f"it holds {pictures} pictures and {players} players, and shows {shown} and {heard}; not drawn: {hollow}"
            ) from late
        assert not self.page.locator("mjx-merror").count(), "a formula could not be read"
        for player in self.page.locator(".jp-OutputArea-output audio").all():
            player.evaluate(PLAY)
        return self.page.locator("mjx-container").count()

    def show(self, part):
        """Brings a part of the notebook into view."""
        part.evaluate(CENTRE)

    def explore(self):
        """Moves the mouse over the map of each explorer: its picture follows. Returns how many there are."""
        explorers = self.page.locator(".jp-OutputArea-output .vae-explorer").all()
        for explorer in explorers:
            self.show(explorer)
            image, box = explorer.locator("canvas.vae-image").element_handle(), explorer.locator("canvas.vae-map").bounding_box()
            for x, y in ((0.3, 0.3), (0.7, 0.6)):
                before = image.evaluate("canvas => canvas.toDataURL()")
                self.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
                self.page.wait_for_function("([canvas, before]) => canvas.toDataURL() != before", arg=[image, before])
        return len(explorers)


@contextlib.contextmanager
def browser(executable, profile, server, token, shots):
    """A browser with an empty profile, for one lab."""
    with sync_playwright() as playwright:
        window = playwright.chromium.launch_persistent_context(
            profile, executable_path=executable, args=FLAGS, viewport={"width": 1280, "height": 900}
        )
        page = Page(window.pages[0], server, token, shots)
        try:
            yield page
        except BaseException:
            with contextlib.suppress(Exception):  # the first failure counts, not that of its picture
                page.shoot(f"failure-{urlsplit(server).port}")
            raise
        finally:
            window.close()
