"""Chromium and Firefox behind the same few words, for what is tested in both.

Firefox comes without a driver in Debian, so it is spoken to in WebDriver BiDi, which it understands itself.
"""

import itertools
import json
import subprocess
import time

import websocket
from selenium.webdriver.common.action_chains import ActionChains


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

    def run(self, script):
        """Run the body of an async function in the page, and return what it returns."""
        caught = f"(async () => {{ {script} }})().then(done, error => done({{ failed: String(error) }}))"
        found = self.driver.execute_async_script(f"const done = arguments[0]; {caught}")
        assert not (isinstance(found, dict) and "failed" in found), found
        return found

    def press(self, *keys):
        """Press keys, one after the other, where the focus is: letters, or those of selenium's `Keys`."""
        ActionChains(self.driver).send_keys(*keys).perform()


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
