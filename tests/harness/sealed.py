"""OMEMO for the peer, in the versions it is told to know: slixmpp-omemo, which is not ours either.

slixmpp-omemo leaves the envelopes of version 2 (XEP-0420) to others, so they are made and read here.
"""
import asyncio
import datetime
import json
import logging
import os
import xml.etree.ElementTree as ET

import oldmemo.etree
import twomemo.etree
from omemo.storage import Just, Nothing, Storage
from slixmpp.stanza import Message
from slixmpp_omemo import TrustLevel, XEP_0384
from slixmpp_omemo.xep_0384 import _make_session_manager

TWO = twomemo.twomemo.NAMESPACE
LEGACY = oldmemo.oldmemo.NAMESPACE
NAMES = {TWO: "two", LEGACY: "legacy"}
SCE = "{urn:xmpp:sce:1}"
CLIENT = "{jabber:client}"


class FileStorage(Storage):
    """What the peer keeps, in a file that outlives it."""

    def __init__(self, path):
        super().__init__(disable_cache=True)
        self.path = path
        self.values = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.values = json.load(file)

    async def _load(self, key):
        return Just(self.values[key]) if key in self.values else Nothing()

    async def _store(self, key, value):
        self.values[key] = value
        self.write()

    async def _delete(self, key):
        self.values.pop(key, None)
        self.write()

    def write(self):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.values, file)
        os.replace(self.path + ".new", self.path)


class Omemo(XEP_0384):
    """Every key is trusted without a look."""

    default_config = {**XEP_0384.default_config, "versions": (), "path": None}
    manager = None
    kept = None

    @property
    def storage(self):
        self.kept = self.kept or FileStorage(self.path)
        return self.kept

    @property
    def _btbv_enabled(self):
        return True

    async def _prompt_manual_trust(self, manually_trusted, identifier):
        raise RuntimeError("nobody is here to be asked")

    async def get_session_manager(self):
        if self.manager is None:
            self.manager = asyncio.ensure_future(self.make())
        return await self.manager

    async def make(self):
        known = {"two": twomemo.Twomemo, "legacy": oldmemo.Oldmemo}
        manager = await _make_session_manager(self.xmpp, self).create(
            [known[name](self.storage) for name in self.versions],
            self.storage,
            self.xmpp.boundjid.bare,
            initial_own_label=None,
            undecided_trust_level_name=TrustLevel.UNDECIDED.value,
        )
        await manager.ensure_data_consistency()
        await manager.after_history_sync()
        return manager

    async def _on_device_list_update(self, msg):
        # It is told of the lists of both versions, and knows nothing of one it does not speak.
        node = msg["pubsub_event"]["items"]["node"]
        namespace = TWO if node.startswith("urn:") else LEGACY
        if namespace in self.namespaces():
            await super()._on_device_list_update(msg)
            count = len(msg.xml.findall(".//{%s}device" % namespace))
            print(NAMES[namespace], "list", msg["from"].bare, count, flush=True)

    def namespaces(self):
        return [namespace for namespace in (TWO, LEGACY) if NAMES[namespace] in self.versions]

    async def seal(self, message):
        """The message, sealed for everybody who is to read it."""
        manager = await self.get_session_manager()
        to = message["to"].bare
        await manager.refresh_device_lists(to)
        plain = {}
        if "two" in self.versions:
            plain[TWO] = envelope(self.xmpp.boundjid.bare, to, message.xml)
        if "legacy" in self.versions and message["body"]:
            plain[LEGACY] = message["body"].encode()
        order = [namespace for namespace in self.namespaces() if namespace in plain]
        parts, errors = await manager.encrypt(frozenset({to}), plain, order)
        sealed = self.xmpp.make_message(mto=message["to"], mtype="chat")
        sealed["id"] = message["id"]
        for part in parts:
            write = twomemo.etree if part.namespace == TWO else oldmemo.etree
            sealed.append(write.serialize_message(part))
        if any(part.namespace == LEGACY for part in parts):
            # What that version does not seal stands beside it.
            for child in message.xml:
                if child.tag != CLIENT + "body":
                    sealed.append(child)
        if message["body"]:
            sealed["body"] = "I sent you something that you cannot read."
        sealed.enable("store")
        return sealed, errors

    async def open(self, message):
        """What a sealed message says, and in which version; nothing if it says nothing."""
        manager = await self.get_session_manager()
        sender = message["from"].bare
        namespace = next(name for name in self.namespaces() if message.xml.find("{%s}encrypted" % name) is not None)
        element = message.xml.find("{%s}encrypted" % namespace)
        if namespace == TWO:
            sealed = twomemo.etree.parse_message(element, sender)
        else:
            sealed = await oldmemo.etree.parse_message(element, sender, self.xmpp.boundjid.bare, manager)
        plain, _, _ = await manager.decrypt(sealed)
        if plain is None:
            return None, NAMES[namespace]
        said = Message()
        for name in ("from", "to", "type", "id"):
            said[name] = message[name]
        if namespace == LEGACY:
            said["body"] = plain.decode()
            outside = [child for child in message.xml if child.tag not in (CLIENT + "body", "{%s}encrypted" % LEGACY)]
        else:
            read = ET.fromstring(plain)
            assert read.find(SCE + "from").get("jid") == sender, "whose envelope is it?"
            outside = list(read.find(SCE + "content"))
        for child in outside:
            said.xml.append(child)
        return said, NAMES[namespace]

    async def unlist(self):
        """Takes every other device off the own lists, as programs with faults do."""
        manager = await self.get_session_manager()
        own, _ = await manager.get_own_device_information()
        for namespace in self.namespaces():
            await manager._upload_device_list(namespace, {own.device_id: None})

    def derange(self, owner):
        """Loses track of the sessions with somebody: what is sealed with them cannot be opened."""
        for key, value in self.storage.values.items():
            if key.endswith("/double_ratchet") and f"/{owner}/" in key:
                spoil(value)
        self.storage.write()


def spoil(state):
    """Turns every chain key around, however deep it lies."""
    for key, value in state.items():
        if isinstance(value, dict):
            spoil(value)
        elif key == "key" and isinstance(value, str):
            state[key] = value[::-1]


def envelope(sender, to, stanza):
    root = ET.Element(SCE + "envelope")
    content = ET.SubElement(root, SCE + "content")
    for child in stanza:
        content.append(child)
    ET.SubElement(root, SCE + "rpad").text = "x" * 17
    ET.SubElement(root, SCE + "from", jid=sender)
    ET.SubElement(root, SCE + "to", jid=to)
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    ET.SubElement(root, SCE + "time", stamp=stamp)
    return ET.tostring(root)


logging.getLogger("omemo").setLevel(logging.ERROR)
