"""Stands in for a server with the OpenAI-compatible route for chats, and fails when it is told to.

  caption_stand_in.py PORTFILE LOG [--key KEY] [--fail KIND ...] [--always KIND] [--delay SECONDS]

Writes its port into PORTFILE, and into LOG a line of JSON for each question: the kind of what was sent and its size,
and how many questions were under way. KIND is a status, or drop (the connection ends within the answer), html, empty,
slow (five seconds), huge (five MiB), or moved (to another address). Each --fail spoils one question, in their order;
--always spoils all. It ends when nobody has asked for two minutes.
"""

import argparse
import base64
import http.server
import io
import json
import os
import struct
import threading
import time
import wave
import zlib

parser = argparse.ArgumentParser()
parser.add_argument("portfile")
parser.add_argument("log")
parser.add_argument("--key")
parser.add_argument("--fail", nargs="*", default=[])
parser.add_argument("--always")
parser.add_argument("--delay", type=float, default=0)
options = parser.parse_args()
lock, failures, under_way, heard = threading.Lock(), list(options.fail), 0, time.monotonic()


def described(question):
    """What was sent: a caption that depends on every byte of it, and notes for the log."""
    (message,) = question["messages"]
    media, text = message["content"]
    assert (question["temperature"], question["seed"], question["model"]) == (0, 0, "stand-in"), "other settings"
    assert text["type"] == "text" and text["text"], "no prompt"
    if media["type"] == "image_url":
        head, data = media["image_url"]["url"].split(",")
        raw = base64.b64decode(data, validate=True)
        assert head == "data:image/png;base64" and raw.startswith(b"\x89PNG"), "no PNG"
        note = {"kind": "image", "size": list(struct.unpack(">II", raw[16:24]))}
    else:
        sound = media[media["type"]]
        if media["type"] == "input_audio":
            assert sound["format"] == "wav", "no WAV"
            data = sound["data"]
        else:
            head, data = sound["url"].split(",")
            assert head == "data:audio/wav;base64", "no WAV"
        raw = base64.b64decode(data, validate=True)
        with wave.open(io.BytesIO(raw)) as file:
            form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            assert form == (1, 2, 16000), f"a sound of {form}"
            note = {"kind": media["type"], "size": [file.getnframes()]}
    size = " by ".join(map(str, note["size"]))
    return f'"{note["kind"]} {zlib.crc32(raw)} of {size}"', {**note, "prompt": text["text"]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, length=None):
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(body)))
        if status in (429, 503):
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(body)

    def known(self):
        if options.key and self.headers.get("Authorization") != f"Bearer {options.key}":
            self.reply(401, b'{"error": "wrong key"}')
            return False
        return True

    def do_GET(self):
        if self.known():
            self.reply(200, b'{"data": [{"id": "stand-in"}]}' if self.path == "/v1/models" else b"<html>")

    def do_POST(self):
        global under_way, heard
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.known():
            return
        with lock:
            under_way += 1
            heard = time.monotonic()
            entry = {"under_way": under_way}
            failure = options.always or (failures.pop(0) if failures else None)
        try:
            self.answer(body, failure, entry)
        except OSError:
            entry["gone"] = True
        finally:
            with lock:
                under_way -= 1
                with open(options.log, "a") as log:
                    log.write(json.dumps(entry) + "\n")

    def answer(self, body, failure, entry):
        try:
            caption, note = described(json.loads(body))
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            entry["refused"] = str(error)
            return self.reply(400, json.dumps({"error": str(error)}).encode())
        entry.update(note, failure=failure)
        time.sleep(5 if failure == "slow" else options.delay)
        if failure == "moved":
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{server.server_address[1]}/v1/models")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if failure == "huge":
            return self.reply(200, b" " * (5 << 20))
        if failure == "html":
            return self.reply(200, b"<html><body>It works!</body></html>")
        if failure and failure.isdigit():
            return self.reply(int(failure), b'{"error": "as it was told to"}')
        message = {"role": "assistant", "content": "" if failure == "empty" else caption}
        answer = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
        if failure == "drop":
            self.reply(200, answer[: len(answer) // 2], len(answer))
            self.close_connection = True
            return None
        return self.reply(200, answer)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(options.portfile + ".new", "w") as file:
    file.write(str(server.server_address[1]))
os.rename(options.portfile + ".new", options.portfile)
threading.Thread(target=server.serve_forever, daemon=True).start()
while time.monotonic() - heard < 120:
    time.sleep(1)
