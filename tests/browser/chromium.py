"""
A browser without a window, and what it is told: the DevTools protocol, over a
small WebSocket client (RFC 6455).
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

# Seconds that anything may take, on a machine that has other things to do.
PATIENCE = 60.0

NAMES = ("chromium", "chromium-browser", "google-chrome")


def installed() -> str | None:
    """
    @return: where the browser is, L{None} if there is none.
    """
    return next(filter(None, map(shutil.which, NAMES)), None)


class WebSocket:
    """
    Messages of text over a socket.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection(
            (parts.hostname or "", parts.port or 80), PATIENCE
        )
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Connection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        self._came = b""
        head = self._upTo(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ConnectionError(head.decode("latin-1"))

    def _more(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            raise ConnectionError("the browser has gone")
        self._came += data

    def _upTo(self, end: bytes) -> bytes:
        while end not in self._came:
            self._more()
        found, _, self._came = self._came.partition(end)
        return found

    def _take(self, size: int) -> bytes:
        while len(self._came) < size:
            self._more()
        taken, self._came = self._came[:size], self._came[size:]
        return taken

    def send(self, text: str) -> None:
        """
        Send a message.
        """
        data = text.encode("utf-8")
        mask = os.urandom(4)
        length = len(data)
        if length < 126:
            head = bytes((0x81, 0x80 | length))
        elif length < 1 << 16:
            head = bytes((0x81, 0x80 | 126)) + length.to_bytes(2, "big")
        else:
            head = bytes((0x81, 0x80 | 127)) + length.to_bytes(8, "big")
        masked = bytes(octet ^ mask[at % 4] for at, octet in enumerate(data))
        self._socket.sendall(head + mask + masked)

    def receive(self) -> str:
        """
        Wait for a message.
        """
        whole = b""
        while True:
            first, second = self._take(2)
            length = second & 0x7F
            if length >= 126:
                length = int.from_bytes(self._take(2 if length == 126 else 8), "big")
            data = self._take(length)
            if first & 0x0F > 2:
                # Ping, pong, close: the next read will tell.
                continue
            whole += data
            if first & 0x80:
                return whole.decode("utf-8")

    def close(self) -> None:
        """
        Close the connection.
        """
        self._socket.close()


class Chromium:
    """
    A browser with one page.
    """

    def __init__(self, folder: Path) -> None:
        """
        @param folder: where it may keep what it likes.
        """
        path = installed()
        if path is None:
            raise FileNotFoundError("there is no browser")
        self._process = subprocess.Popen(
            [
                path,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-extensions",
                "--disable-sync",
                # Pages that are left are left, rather than kept for a return.
                "--disable-features=BackForwardCache",
                "--remote-debugging-port=0",
                f"--user-data-dir={folder}",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._last = 0
        self._events: list[dict[str, Any]] = []
        try:
            # It writes there where it listens.
            said = self.until(lambda: self._said(folder / "DevToolsActivePort"))
            port, path = said
            self._socket = WebSocket(f"ws://127.0.0.1:{port}{path}")
            self._session: str | None = None
            (page,) = [
                target
                for target in self.call("Target.getTargets")["targetInfos"]
                if target["type"] == "page"
            ]
            attached = self.call(
                "Target.attachToTarget", targetId=page["targetId"], flatten=True
            )
            self._session = attached["sessionId"]
            for domain in ("Page", "Runtime", "DOM", "Network", "Log"):
                self.call(f"{domain}.enable")
        except BaseException:
            self._end()
            raise

    @staticmethod
    def _said(path: Path) -> list[str] | None:
        if not path.exists():
            return None
        lines = path.read_text("utf-8").split("\n")
        return lines if len(lines) == 2 else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()
        self._end()

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(PATIENCE)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """
        Have the browser do something.

        @return: what came of it.
        """
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._socket.send(json.dumps(message))
        while True:
            answer: dict[str, Any] = json.loads(self._socket.receive())
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def evaluate(self, script: str) -> Any:
        """
        @return: what C{script} comes to, as JSON has it.
        """
        result = self.call(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def until(self, ask: Callable[[], Any]) -> Any:
        """
        Ask again and again.

        @return: the first answer that is something.
        """
        deadline = time.monotonic() + PATIENCE
        while not (answer := ask()):
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError("nothing came of it")
            time.sleep(0.01)
        return answer

    def visit(self, url: str) -> None:
        """
        Go to a page, and wait until it is there.
        """
        self.evaluate("window.isOld = true")
        self.call("Page.navigate", url=url)
        self.untilNew()

    def untilNew(self) -> None:
        """
        Wait for another page than that which C{window.isOld} was set on.
        """
        self.until(
            lambda: self.evaluate(
                "window.isOld === undefined && document.readyState === 'complete'"
            )
        )

    def choose(self, selector: str, paths: list[Path]) -> None:
        """
        Choose files to send.
        """
        found = self._find(selector)
        files = [str(path) for path in paths]
        self.call("DOM.setFileInputFiles", nodeId=found, files=files)

    def click(self, selector: str) -> None:
        """
        Click with the mouse.
        """
        box = self.call("DOM.getBoxModel", nodeId=self._find(selector))
        corners = box["model"]["content"]
        place = {"x": sum(corners[0::2]) / 4, "y": sum(corners[1::2]) / 4}
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                button="left",
                clickCount=1,
                **place,
            )

    def press(self, key: str, text: str = "") -> None:
        """
        Press a key.

        @param text: what it types.
        """
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=ord(text or "\t"),
                text=text if kind == "keyDown" else "",
            )

    def _find(self, selector: str) -> int:
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        found = self.call("DOM.querySelector", nodeId=root, selector=selector)
        number: int = found["nodeId"]
        return number

    def withScripts(self, enabled: bool) -> None:
        """
        Run the scripts of pages that are visited, or don't.
        """
        self.call("Emulation.setScriptExecutionDisabled", value=not enabled)

    def uploadAt(self, rate: float) -> None:
        """
        Send so many octets a second at most; -1 for any number.
        """
        self.call(
            "Network.emulateNetworkConditions",
            offline=False,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=rate,
        )

    def inLight(self, scheme: str) -> None:
        """
        @param scheme: which light the user likes, C{"light"} or C{"dark"}.
        """
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def picture(self, path: Path, scheme: str = "light", width: int = 900) -> None:
        """
        Keep what the page looks like.

        @param scheme: C{"light"} or C{"dark"}.
        """
        self.inLight(scheme)
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=650,
            deviceScaleFactor=1,
            mobile=False,
        )
        shot = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    def forget(self) -> None:
        """
        Forget what the browser has complained of.
        """
        self.call("Runtime.discardConsoleEntries")
        self.call("Log.clear")
        self._events.clear()

    def complaints(self) -> list[str]:
        """
        What the page's scripts failed with, and what the browser has warned of.
        """
        self.evaluate("0")
        found = []
        for event in self._events:
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(str(event["params"]["exceptionDetails"]))
            elif event.get("method") == "Log.entryAdded":
                entry = event["params"]["entry"]
                if not re.search("favicon", entry.get("url", "")):
                    found.append(f"{entry['text']} {entry.get('url', '')}")
        return found
