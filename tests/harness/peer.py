"""An independent client for tests: slixmpp, driven over standard input, telling what it hears on standard output.

usage: peer.py JID PASSWORD STARTTLS_PORT AUTHORITY [VERSIONS FILE]

With VERSIONS of OMEMO (`two`, `legacy`, or both with a comma) it seals all it says, and keeps its keys in FILE. A line about
something that came sealed begins with the version, one about something of another device of its own with `own`.
"""
import asyncio
import ssl
import sys
import threading
import traceback
import xml.etree.ElementTree as ET

import slixmpp
import slixmpp.plugins


class Peer(slixmpp.ClientXMPP):
    def __init__(self, jid, password, authority):
        super().__init__(jid, password)
        self.ca_certs = authority
        for plugin in ("xep_0030", "xep_0184", "xep_0198", "xep_0199", "xep_0280"):
            self.register_plugin(plugin)
        self.plugin["xep_0184"].auto_ack = True
        self.plugin["xep_0184"].auto_request = True
        self.last_sent = None
        self.last_heard = None
        self.last_message = None
        # Where the devices of others are, by bare address.
        self.devices = {}
        self.auto_authorize = True
        self.auto_subscribe = True
        self.omemo = None
        self.one_at_a_time = asyncio.Lock()
        self.listens = asyncio.Event()
        self.listens.set()
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("message", self.heard)
        self.add_event_handler("presence_available", self.seen)
        self.add_event_handler("receipt_received", lambda _: say("receipt"))
        self.register_handler(
            slixmpp.xmlstream.handler.Callback(
                "reactions",
                slixmpp.xmlstream.matcher.MatchXPath("{jabber:client}message/{urn:xmpp:reactions:0}reactions"),
                self.reacted,
            )
        )

    def seal_with(self, versions, path):
        import sealed

        slixmpp.plugins.register_plugin(sealed.Omemo)
        self.register_plugin("xep_0384", {"versions": versions.split(","), "path": path})
        self.omemo = self.plugin["xep_0384"]
        matchers = [
            slixmpp.xmlstream.matcher.MatchXPath("{jabber:client}message/{%s}encrypted" % namespace)
            for namespace in self.omemo.namespaces()
        ]
        both = slixmpp.xmlstream.matcher.MatchMany(matchers)
        came = lambda message: asyncio.ensure_future(self.open(message))
        self.register_handler(slixmpp.xmlstream.handler.Callback("sealed", both, came))
        own = lambda message: asyncio.ensure_future(self.open(message["carbon_sent"], "own "))
        self.add_event_handler("carbon_sent", own)
        other = lambda message: asyncio.ensure_future(self.open(message["carbon_received"]))
        self.add_event_handler("carbon_received", other)

    async def started(self, _):
        if self.omemo is not None:
            await self.omemo.get_session_manager()
            await self.plugin["xep_0280"].enable()
        self.send_presence()
        await self.get_roster()
        say("online")

    async def open(self, message, how=""):
        if not self.omemo.is_encrypted(message):
            return
        await self.listens.wait()
        async with self.one_at_a_time:
            try:
                said, version = await self.omemo.open(message)
            except Exception as error:
                traceback.print_exc()
                say(how + "unreadable " + type(error).__name__ + " of " + message["from"].bare)
                return
        if said is None:
            return
        how += version + " "
        self.tell(said, how)
        if not how.startswith("own") and said.xml.find("{urn:xmpp:receipts}request") is not None and version == "two":
            receipt = self.make_message(mto=said["from"].bare, mtype="chat")
            receipt["id"] = self.new_id()
            receipt.append(element("urn:xmpp:receipts", "received", id=said["id"]))
            await self.seal(receipt)

    async def leave(self):
        # When all that was to be sealed has left.
        async with self.one_at_a_time:
            self.disconnect()

    async def seal(self, message):
        async with self.one_at_a_time:
            try:
                sealed, errors = await self.omemo.seal(message)
            except Exception as error:
                traceback.print_exc()
                say("unsealed " + type(error).__name__)
                return
        for error in errors:
            say("error " + type(error).__name__)
        sealed.send()

    def seen(self, presence):
        if presence["from"].bare not in self.devices and presence["from"].bare != self.boundjid.bare:
            self.devices[presence["from"].bare] = presence["from"].full
            say("sees " + presence["from"].bare)

    def heard(self, message):
        if message["type"] not in ("chat", "normal") or self.omemo and self.omemo.is_encrypted(message):
            return
        self.tell(message)

    def tell(self, message, how=""):
        if message.xml.find("{urn:xmpp:reactions:0}reactions") is not None:
            self.reacted(message, how)
        if message.xml.find("{urn:xmpp:receipts}received") is not None and how:
            say(how + "receipt")
        if message.xml.find("{urn:xmpp:message-retract:1}retract") is not None:
            say(how + "retraction")
            return
        if not message["body"]:
            return
        if message.xml.find("{urn:xmpp:message-correct:0}replace") is not None:
            say(how + "correction " + message["body"])
            return
        if message.xml.find("{urn:xmpp:reply:0}reply") is not None:
            say(how + "answer " + message["body"])
            return
        self.last_heard = message["id"]
        self.last_message = message
        say(how + "message " + message["body"])

    def reacted(self, message, how=""):
        emoji = [child.text for child in message.xml.find("{urn:xmpp:reactions:0}reactions")]
        say(how + "reaction " + " ".join(emoji))

    async def file(self, verb, to, text=""):
        import peer_files

        try:
            if verb == "get":
                say("got " + await peer_files.get(self, self.last_message))
                return
            if verb == "slot":
                put, get, headers = await peer_files.slot(self, int(text), "application/octet-stream")
                say(f"slot {put} {get} {headers.get('Authorization', '')}")
                return
            message = self.make_message(mto=to, mtype="chat")
            versions = self.omemo.versions if self.omemo is not None else ()
            message["body"], beside = await peer_files.put(self, text, versions)
            message["id"] = self.new_id()
        except Exception as error:
            say("no file " + repr(error))
            return
        for child in beside:
            message.append(child)
        if self.omemo is not None:
            await self.seal(message)
        else:
            message.send()

    def command(self, line):
        verb, to, *rest = line.split(" ", 2)
        if verb == "raw":
            # Bytes as they are: `DEVICE` stands for the other's full address, `DEEP` and `WIDE` for a great many elements.
            deep = "<x xmlns='urn:deep'>" * 2000 + "</x>" * 2000
            raw = rest[0].replace("DEVICE", self.devices.get(to, to)).replace("DEEP", deep).replace("WIDE", "<x/>" * 25000)
            self.send_raw(raw)
            return
        if verb == "leave":
            self.add_event_handler("disconnected", lambda _: say("offline"))
            asyncio.ensure_future(self.leave())
            return
        if verb == "deaf":
            # What comes sealed is opened only when it listens again.
            self.listens.clear()
            return
        if verb == "listen":
            self.listens.set()
            return
        if verb == "unlist":
            asyncio.ensure_future(self.omemo.unlist())
            return
        if verb == "derange":
            self.omemo.derange(to)
            return
        if verb in ("put", "get", "slot"):
            asyncio.ensure_future(self.file(verb, to, *rest))
            return
        message = self.make_message(mto=to, mtype="chat")
        if verb == "say":
            message["body"] = rest[0]
            self.last_sent = message["id"] = self.new_id()
        elif verb == "correct":
            message["body"] = rest[0]
            message["id"] = self.new_id()
            message.append(element("urn:xmpp:message-correct:0", "replace", id=self.last_sent))
        elif verb == "react":
            message["id"] = self.new_id()
            reactions = element("urn:xmpp:reactions:0", "reactions", id=self.last_heard)
            ET.SubElement(reactions, "{urn:xmpp:reactions:0}reaction").text = rest[0]
            message.append(reactions)
        elif verb == "retract":
            message["id"] = self.new_id()
            message.append(element("urn:xmpp:message-retract:1", "retract", id=self.last_sent))
            message["body"] = "/me retracted a message"
            message.append(element("urn:xmpp:fallback:0", "fallback", **{"for": "urn:xmpp:message-retract:1"}))
        if self.omemo is not None:
            if message["body"]:
                message.append(element("urn:xmpp:receipts", "request"))
            asyncio.ensure_future(self.seal(message))
        else:
            message.send()


def element(namespace, name, **attributes):
    return ET.Element("{%s}%s" % (namespace, name), attributes)


def say(line):
    print(line, flush=True)


def main():
    jid, password, port, authority = sys.argv[1:5]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    peer = Peer(jid, password, authority)
    if len(sys.argv) > 5:
        peer.seal_with(*sys.argv[5:7])
    peer.enable_direct_tls = False
    peer.connect("127.0.0.1", int(port))

    def read():
        for line in sys.stdin:
            loop.call_soon_threadsafe(peer.command, line.rstrip("\n"))
        loop.call_soon_threadsafe(loop.stop)

    threading.Thread(target=read, daemon=True).start()
    loop.run_forever()


main()
