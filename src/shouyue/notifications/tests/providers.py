"""Providers on loopback: each checks what it is sent in its own way, written from the provider's pages alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from aiosmtpd.controller import Controller

from shouyue.notifications.names import name_of


class Provider:
    """A server that answers by `answer(request) -> (status, body, headers)` and keeps what it got."""

    def __init__(self, answer):
        self.got = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                request = Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                provider.got.append(request)
                status, text, headers = answer(request)
                if headers.get("drip"):
                    return self._drip(float(headers["drip"]))
                content = text if isinstance(text, bytes) else json.dumps(text).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _drip(self, seconds):
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                try:
                    for _ in range(100):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                        time.sleep(seconds)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class MailServer:
    """A mail server that keeps what it takes; refuses everybody at refused.example."""

    def __init__(self):
        self.taken = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=60)
        self._controller.start()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.endswith("@refused.example"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(envelope)
        return "250 OK"

    def stop(self):
        self._controller.stop()


class ImapServer:
    """A mailbox with one folder; knows what a reader of reports asks, and refuses a wrong password."""

    def __init__(self, password, mails):
        self.mails, self.seen, self.asked = mails, set(), []
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.say("* OK ready")
                while line := self.rfile.readline():
                    tag, rest = line.decode().strip().split(" ", 1)
                    server.asked.append(rest)
                    self.answer(tag, rest)

            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def answer(self, tag, rest):
                command = rest.upper()
                if command.startswith("CAPABILITY"):
                    self.say("* CAPABILITY IMAP4REV1")
                elif command.startswith("LOGIN") and f'"{password}"' not in rest:
                    return self.say(f"{tag} NO [AUTHENTICATIONFAILED] no")
                elif command.startswith("SELECT"):
                    self.say(f"* {len(server.mails)} EXISTS")
                elif command.startswith("UID SEARCH"):
                    unseen = [str(n) for n in range(1, len(server.mails) + 1) if n not in server.seen]
                    self.say(f"* SEARCH {' '.join(unseen)}")
                elif command.startswith("UID FETCH"):
                    number = int(rest.split()[2])
                    content = server.mails[number - 1]
                    self.wfile.write(
                        f"* {number} FETCH (UID {number} BODY[]<0> {{{len(content)}}}\r\n".encode()
                    )
                    self.wfile.write(content + b")\r\n")
                elif command.startswith("UID STORE"):
                    server.seen |= {int(one) for one in rest.split()[2].split(",")}
                elif command.startswith("LOGOUT"):
                    self.say("* BYE")
                self.say(f"{tag} OK done")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"imap://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def bounce(notice_id, *, action="failed", name=None, quoted="text/rfc822-headers", day="2 Mar 2026"):
    """A delivery status notification as Postfix writes them."""
    name = name or f"<{name_of(notice_id)}@shouyue>"
    return (
        "From: MAILER-DAEMON@mx.example.com (Mail Delivery System)\r\n"
        "To: desk@example.com\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        f"Date: Mon, {day} 10:00:20 +0800\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.com\r\n\r\n"
        "Final-Recipient: rfc822; li@example.com\r\n"
        f"Action: {action}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n"
        f"--B\r\nContent-Type: {quoted}\r\n\r\nMessage-ID: {name}\r\nSubject: x\r\n\r\n--B--\r\n"
    ).encode()


class Request:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body
        self.query = dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))

    @property
    def json(self):
        return json.loads(self.body)


def wecom(key):
    def answer(request):
        if request.query.get("key") != key:
            return 200, {"errcode": 93000, "errmsg": "invalid webhook url"}, {}
        if request.json["msgtype"] != "text" or len(request.json["text"]["content"].encode()) > 2048:
            return 200, {"errcode": 40058, "errmsg": "invalid message"}, {}
        return 200, {"errcode": 0, "errmsg": "ok"}, {}

    return answer


def dingtalk(token, secret):
    """Sign = Base64(HmacSHA256(secret, timestamp + LF + secret)), within an hour of the server's time."""

    def answer(request):
        stamp = request.query.get("timestamp", "0")
        raw = hmac.new(secret.encode(), digestmod=hashlib.sha256)
        raw.update(stamp.encode())
        raw.update(b"\n")
        raw.update(secret.encode())
        given = base64.b64decode(request.query.get("sign", ""))
        fresh = abs(time.time() * 1000 - int(stamp)) < 3_600_000
        if request.query.get("access_token") != token or not fresh or given != raw.digest():
            return 200, {"errcode": 310000, "errmsg": "sign not match"}, {}
        return 200, {"errcode": 0, "errmsg": "ok"}, {}

    return answer


def feishu(secret):
    """The key is timestamp + LF + secret, the message is empty; seconds, within an hour."""

    def answer(request):
        told = request.json
        stamp = told.get("timestamp", "0")
        key = bytes(f"{stamp}\n{secret}", "utf-8")
        wanted = base64.standard_b64encode(hmac.digest(key, b"", "sha256")).decode("ascii")
        if abs(time.time() - int(stamp)) > 3600 or told.get("sign") != wanted:
            return 200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}, {}
        return 200, {"code": 0, "msg": "success", "data": {}}, {}

    return answer


def aliyun(key_id, secret, details=None):
    """ACS3-HMAC-SHA256, checked from the bytes that came in. details: what it tells about messages when asked."""
    used = set()

    def answer(request):
        scheme, _, rest = request.headers["authorization"].partition(" ")
        parts = dict(part.split("=", 1) for part in rest.split(","))
        names = parts["SignedHeaders"].split(";")
        must = {"host", *(name for name in request.headers if name.startswith("x-acs-"))}
        pairs = sorted(urlsplit(request.path).query.split("&"))
        canonical = (
            f"POST\n{urlsplit(request.path).path}\n{'&'.join(pairs)}\n"
            + "".join(f"{name}:{request.headers[name].strip()}\n" for name in sorted(names))
            + f"\n{';'.join(sorted(names))}\n{request.headers['x-acs-content-sha256']}"
        )
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        wanted = hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()
        nonce = request.headers["x-acs-signature-nonce"]
        if scheme != "ACS3-HMAC-SHA256" or parts["Credential"] != key_id or not must <= set(names):
            return 400, {"Code": "IncompleteSignature", "Message": "missing"}, {}
        if hashlib.sha256(request.body).hexdigest() != request.headers["x-acs-content-sha256"]:
            return 400, {"Code": "InvalidContent", "Message": "body"}, {}
        if parts["Signature"] != wanted or "+" in "".join(pairs):
            return 400, {"Code": "SignatureDoesNotMatch", "Message": "signature"}, {}
        if nonce in used:
            return 400, {"Code": "SignatureNonceUsed", "Message": "nonce"}, {}
        used.add(nonce)
        if request.headers["x-acs-action"] == "QuerySendDetails":
            return 200, {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": details(request)}}, {}
        if not unquote(request.query["PhoneNumbers"]).isdigit():
            return 200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "phone"}, {}
        json.loads(request.query["TemplateParam"])
        return 200, {"Code": "OK", "Message": "OK", "BizId": "9006", "RequestId": "F655A8D5"}, {}

    return answer
