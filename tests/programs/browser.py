"""Drives headless Chromium by its DevTools protocol, through a pipe. Python's standard library only."""

import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time


def find_chromium():
    """The browser's program: $RCAR_CHROMIUM, else what is installed; None where there is none."""
    names = [os.environ.get("RCAR_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    return next((path for path in (shutil.which(name) for name in names if name) if path), None)


class BrowserError(Exception):
    pass


class Browser:
    """One page in a fresh profile, cut off from the network."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="rcar-browser-")
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--hide-scrollbars", "--disable-background-networking", "--disable-component-update",
                   "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={self.profile}", "--remote-debugging-pipe",
                   "about:blank"]

        def give_pipes():  # Chromium reads from descriptor 3 and writes to 4
            end_in, end_out = os.dup(to_browser), os.dup(from_browser)
            os.dup2(end_in, 3)
            os.dup2(end_out, 4)

        self.process = subprocess.Popen(command, close_fds=False, preexec_fn=give_pipes, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self._buffer, self._last, self.events, self._session = b"", 0, [], None
        page = next(each for each in self._until(lambda: [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"]))
        self._session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility", "DOM"):
            self.call(f"{domain}.enable")
        self.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._read)
        os.close(self._write)
        shutil.rmtree(self.profile, ignore_errors=True)

    @staticmethod
    def _until(ask, timeout_s=60):
        end = time.monotonic() + timeout_s
        while not (found := ask()):
            if time.monotonic() > end:
                raise BrowserError("waited in vain")
            time.sleep(0.02)
        return found

    def call(self, method, **parameters):
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data):]
        while True:
            answer = self._receive(120)
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def _receive(self, timeout_s):
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], timeout_s)[0]:
                raise BrowserError("the browser does not answer")
            piece = os.read(self._read, 1 << 20)
            if not piece:
                raise BrowserError("the browser has ended")
            self._buffer += piece
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    # --- what a test does ---

    def open(self, path, place=""):
        """Opens a file as its address and waits until it is there."""
        self.events.clear()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri() + place)
        self.wait("document.readyState === 'complete' && location.protocol === 'file:'")

    def run(self, script):
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{script}: {answer['exceptionDetails']['exception'].get('description')}")
        return answer["result"].get("value")

    def wait(self, condition, timeout_s=30):
        return self._until(lambda: self.run(condition), timeout_s)

    def press(self, key):
        codes = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35, " ": 32}
        text = {"Enter": "\r", " ": " "}.get(key)
        arguments = {"key": key, "code": {" ": "Space"}.get(key, key), "windowsVirtualKeyCode": codes[key]}
        self.call("Input.dispatchKeyEvent", type="keyDown", **arguments, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **arguments)

    def media(self, scheme="light", motion="no-preference"):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                          {"name": "prefers-reduced-motion", "value": motion}])

    def size(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)

    def picture(self, path, most_height=4000):
        height = min(self.run("document.documentElement.scrollHeight"), most_height)
        width = self.run("innerWidth")
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def complaints(self):
        """What the page said on its console, threw or tried to load, since it was opened."""
        self.run("0")  # what is under way arrives
        found = []
        for event in self.events:
            parameters = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(parameters["exceptionDetails"]["exception"].get("description"))
            elif event["method"] == "Runtime.consoleAPICalled":
                found.append(str(parameters["args"]))
            elif event["method"] == "Log.entryAdded":
                found.append(parameters["entry"]["text"])
            elif event["method"] == "Network.requestWillBeSent" and not parameters["request"]["url"].startswith(("file:", "data:", "about:")):
                found.append("asks for " + parameters["request"]["url"])
        return found
