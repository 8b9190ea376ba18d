"""Chromium, Firefox and WebKit behind the same few words, for what is tested in all of them.

Firefox comes without a driver in Debian, so it is spoken to in WebDriver BiDi, which it understands itself. WebKit is
what Safari is made of; here it is the engine's port to GTK, whose small browser needs a screen, and gets a virtual one.
"""

import itertools
import json
import os
import subprocess
import time

import websocket
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection

# A page comes in two parts: what is read, and Material's script, which is asked for when that has been drawn. Drivers
# come back before the second, and WebKit's before the first.
THERE = """return document.readyState === "complete"
  && (!document.querySelector("script[data-src]") || "document$" in window)"""


def wait_for_scripts(browser):
    """Wait until a page, and its scripts, are there."""
    for _ in range(600):
        if browser.run(THERE):
            return
        time.sleep(0.1)
    raise TimeoutError("the page has not loaded")


class Chromium:
    """The browser of the other tests."""

    name = "chromium"

    def __init__(self, driver):
        self.driver = driver

    def show(self, url, width, height):
        """Open a page in a window of this size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get("about:blank")
        self.driver.get(url)
        wait_for_scripts(self)

    def run(self, script):
        """Run the body of an async function in the page, and return what it returns."""
        caught = f"(async () => {{ {script} }})().then(done, error => done({{ failed: String(error) }}))"
        found = self.driver.execute_async_script(f"const done = arguments[0]; {caught}")
        assert not (isinstance(found, dict) and "failed" in found), found
        return found

    def press(self, *keys):
        """Press keys, one after the other, where the focus is: letters, or those of selenium's `Keys`."""
        ActionChains(self.driver).send_keys(*keys).perform()


class WebKit(Chromium):
    """WebKit's small browser on a virtual screen. Its window is 447 px wide at least."""

    name = "webkit"

    def __init__(self, path, driver_path):
        screen = ["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"]
        self.screen = subprocess.Popen(screen, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        with self.screen.stdout as said:
            display = said.readline().strip()  # Xvfb takes a free number, and says which
        options = webdriver.WebKitGTKOptions()
        options.binary_location = path
        options.add_argument("--automation")
        # Without a language it says that the reader's is "C", a name that its own formatter of numbers refuses.
        reader = {"DISPLAY": f":{display}", "LANG": "en_US.UTF-8"}
        self.service = webdriver.WebKitGTKService(driver_path, env={**os.environ, **reader})
        self.service.start()
        # Selenium's own class for this browser, or an address in place of a connection, calls what selenium deprecates.
        connection = RemoteConnection(client_config=ClientConfig(self.service.service_url))
        super().__init__(webdriver.Remote(connection, options=options))
        self.driver.set_script_timeout(110)

    def show(self, url, width, height):
        """Open a page in a window of this size."""
        self.driver.set_window_size(width, height)
        self.driver.get("about:blank")
        self.driver.get(url)
        wait_for_scripts(self)

    def quit(self):
        """End the browser and its screen."""
        self.driver.quit()
        self.service.stop()
        self.screen.terminate()
        self.screen.wait()


class Firefox:
    """Firefox, over its own socket."""

    name = "firefox"

    def __init__(self, path, profile):
        self.numbers = itertools.count(1)
        self.process = subprocess.Popen(
            [path, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", str(profile)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ready = profile / "WebDriverBiDiServer.json"  # says where it listens
        for _ in range(600):
            if ready.exists() and (said := ready.read_text()):
                break
            assert self.process.poll() is None, f"{path} has ended"
            time.sleep(0.1)
        where = json.loads(said)
        address = f"ws://{where['ws_host']}:{where['ws_port']}/session"
        self.socket = websocket.create_connection(address, suppress_origin=True, timeout=300)
        self.send("session.new", capabilities={})
        self.context = self.send("browsingContext.getTree")["contexts"][0]["context"]

    def send(self, method, **parameters):
        """Send a command, and return the result."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        # Events may come before the answer, and have no number of ours.
        while (answer := json.loads(self.socket.recv())).get("id") != number:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def show(self, url, width, height):
        """Open a page in a window of this size."""
        size = {"width": width, "height": height}
        self.send("browsingContext.setViewport", context=self.context, viewport=size, devicePixelRatio=1)
        for address in ("about:blank", url):
            self.send("browsingContext.navigate", context=self.context, url=address, wait="complete")
        wait_for_scripts(self)

    def run(self, script):
        """Run the body of an async function in the page, and return what it returns."""
        body = f"async () => JSON.stringify(await (async () => {{ {script} }})() ?? null)"
        target = {"context": self.context}
        found = self.send("script.callFunction", functionDeclaration=body, target=target, awaitPromise=True)
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def press(self, *keys):
        """Press keys, one after the other, where the focus is: letters, or those of selenium's `Keys`."""
        actions = [{"type": kind, "value": key} for key in "".join(keys) for kind in ("keyDown", "keyUp")]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self.send("input.performActions", context=self.context, actions=[keyboard])

    def quit(self):
        """End the browser."""
        self.socket.close()
        self.process.terminate()
        self.process.wait()
