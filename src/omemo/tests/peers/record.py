#!/usr/bin/env python3
"""Talks to other implementations of OMEMO and keeps what was said, for main.rs to play back.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install oldmemo==2.1 twomemo==2.1 omemo-dr==1.2
    cargo build -p omemo --example talk
    /tmp/peers/bin/python record.py path/to/examples/talk

Alice is the crate, behind a pipe; Bob is the peer. Nothing is written unless both understood all they
should and refused all they should.
"""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

ALICE, BOB = "alice@example.org", "bob@example.net"
BOB_DEVICE = 99


class Alice:
    """The crate, and what was said so far."""

    def __init__(self, binary):
        self.process = subprocess.Popen(
            [binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.lines = []

    def tell(self, story):
        self.lines.append(f"# {story}")

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        answer = self.process.stdout.readline().rstrip("\n")
        assert answer != "not understood", command
        self.lines += [f"> {command}", f"< {answer}"]
        return answer

    def new(self, version, seed):
        self.device = int(self.ask(f"new {version} {seed}").split()[1])

    def bundle(self):
        identity, id, key, signature, prekeys = self.ask("bundle").split()
        prekeys = [prekey.split(":") for prekey in prekeys.split(",")]
        return Bundle(
            bytes.fromhex(identity),
            int(id),
            bytes.fromhex(key),
            bytes.fromhex(signature),
            [(int(id), bytes.fromhex(key)) for id, key in prekeys],
        )

    def start(self, bundle):
        prekeys = ",".join(f"{id}:{key.hex()}" for id, key in bundle.prekeys)
        return self.ask(
            f"start {bundle.identity.hex()} {bundle.id} {bundle.key.hex()} {bundle.signature.hex()} {prekeys}"
        )

    def write(self, text):
        command = "write-nothing" if text is None else f"write {text.encode().hex()}"
        key_exchange, key, iv, ciphertext = self.ask(command).split()
        return Letter(
            key_exchange == "1",
            bytes.fromhex(key),
            None if iv == "-" else bytes.fromhex(iv),
            None if ciphertext == "-" else bytes.fromhex(ciphertext),
        )

    def read(self, letter):
        iv = letter.iv.hex() if letter.iv is not None else "-"
        ciphertext = letter.ciphertext.hex() if letter.ciphertext is not None else "-"
        return self.ask(f"read {int(letter.key_exchange)} {letter.key.hex()} {iv} {ciphertext}")


class Bundle:
    """As it is published."""

    def __init__(self, identity, id, key, signature, prekeys):
        self.identity, self.id, self.key = identity, id, key
        self.signature, self.prekeys = signature, prekeys


class Letter:
    """A message on its way."""

    def __init__(self, key_exchange, key, iv, ciphertext):
        self.key_exchange, self.key, self.iv, self.ciphertext = key_exchange, key, iv, ciphertext

    def tampered(self):
        key = bytearray(self.key)
        key[-1] ^= 1
        return Letter(self.key_exchange, bytes(key), self.iv, self.ciphertext)


class Syndace:
    """oldmemo and twomemo, of the python-omemo family."""

    def __init__(self, version):
        from omemo.storage import Just, Nothing, Storage

        class Memory(Storage):
            def __init__(self):
                super().__init__(True)
                self.values = {}

            async def _load(self, key):
                return Just(self.values[key]) if key in self.values else Nothing()

            async def _store(self, key, value):
                self.values[key] = value

            async def _delete(self, key):
                self.values.pop(key, None)

        self.legacy = version == "0.3"
        if self.legacy:
            import oldmemo.oldmemo as module

            self.backend = module.Oldmemo(Memory())
        else:
            import twomemo.twomemo as module

            self.backend = module.Twomemo(Memory())
        self.module = module
        self.session = None

    async def prepare(self):
        await self.backend.generate_pre_keys(100)

    async def bundle(self):
        import xeddsa

        bundle = await self.backend.get_bundle(BOB, BOB_DEVICE)
        identity, key = bundle.bundle.identity_key, bundle.bundle.signed_pre_key
        signature = bytearray(bundle.bundle.signed_pre_key_sig)
        prekeys = [(id, key) for key, id in bundle.pre_key_ids.items()]
        if self.legacy:
            signature[63] |= identity[31] & 0x80
            identity = b"\x05" + xeddsa.ed25519_pub_to_curve25519_pub(identity)
            key = b"\x05" + key
            prekeys = [(id, b"\x05" + prekey) for id, prekey in prekeys]
        return Bundle(identity, bundle.signed_pre_key_id, key, bytes(signature), prekeys)

    async def start(self, bundle, device):
        """Begins a session; the first message has to be written at once."""
        import x3dh
        import xeddsa

        identity, key = bundle.identity, bundle.key
        signature = bytearray(bundle.signature)
        prekeys = bundle.prekeys
        if self.legacy:
            negative = bool(signature[63] & 0x80)
            signature[63] &= 0x7F
            identity = xeddsa.curve25519_pub_to_ed25519_pub(identity[1:], negative)
            key = key[1:]
            prekeys = [(id, prekey[1:]) for id, prekey in prekeys]
        bundle = self.module.BundleImpl(
            ALICE,
            device,
            x3dh.Bundle(identity, key, bytes(signature), frozenset(key for _, key in prekeys)),
            bundle.id,
            {key: id for id, key in prekeys},
        )
        content, plain = await self.backend.encrypt_plaintext(b"Bob begins")
        self.session, key = await self.backend.build_session_active(ALICE, device, bundle, plain)
        return self.letter(content, key)

    def letter(self, content, key):
        raw = key.serialize()
        unconfirmed = (
            self.session.initiation is self.module.Initiation.ACTIVE and not self.session.confirmed
        )
        if unconfirmed:
            raw = self.session.key_exchange.serialize(raw)
            raw = raw[0] if self.legacy else raw
        iv = content.initialization_vector if self.legacy else None
        return Letter(unconfirmed, raw, iv, None if content.empty else content.ciphertext)

    async def write(self, text):
        content, plain = await (
            self.backend.encrypt_empty() if text is None else self.backend.encrypt_plaintext(text.encode())
        )
        return self.letter(content, await self.backend.encrypt_key_material(self.session, plain))

    async def read(self, letter, device):
        module, raw = self.module, letter.key
        if letter.key_exchange:
            arguments = (raw, False) if self.legacy else (raw,)
            exchange, raw = module.KeyExchangeImpl.parse(*arguments)
            key = module.EncryptedKeyMaterialImpl.parse(raw, ALICE, device)
            if self.session is None or not self.session.key_exchange.builds_same_session(exchange):
                self.session, plain = await self.backend.build_session_passive(ALICE, device, exchange, key)
            else:
                plain = await self.backend.decrypt_key_material(self.session, key)
        else:
            key = module.EncryptedKeyMaterialImpl.parse(raw, ALICE, device)
            plain = await self.backend.decrypt_key_material(self.session, key)
        if letter.ciphertext is None:
            return None
        arguments = (letter.ciphertext, letter.iv) if self.legacy else (letter.ciphertext,)
        return (await self.backend.decrypt_plaintext(module.ContentImpl(*arguments), plain)).decode()


class OmemoDr:
    """omemo-dr, which Gajim uses. It speaks 0.3 as libsignal does."""

    def __init__(self, _version):
        from omemo_dr.session_manager import OMEMOSessionManager
        from omemo_dr.structs import OMEMOConfig

        self.store = OmemoDrStore()
        week = 7 * 24 * 60 * 60
        config = OMEMOConfig(100, 80, 4 * week, week, 2000)
        self.manager = OMEMOSessionManager(BOB, self.store, config)

    async def prepare(self):
        pass

    async def bundle(self):
        from omemo_dr.const import NS_OMEMO_TMP

        bundle = self.manager.get_bundle(NS_OMEMO_TMP)
        prekeys = [(prekey["id"], prekey["key"]) for prekey in bundle.otpks]
        return Bundle(bundle.ik, bundle.spk["id"], bundle.spk["key"], bundle.spk_signature, prekeys)

    async def start(self, bundle, device):
        from omemo_dr.const import NS_OMEMO_TMP
        from omemo_dr.structs import OMEMOBundle

        self.manager.build_session(
            ALICE,
            OMEMOBundle(
                device,
                bundle.identity,
                NS_OMEMO_TMP,
                [{"id": id, "key": key} for id, key in bundle.prekeys],
                {"id": bundle.id, "key": bundle.key},
                bundle.signature,
            ),
        )
        self.device = device
        return await self.write("Bob begins")

    async def write(self, text):
        from omemo_dr.aes import aes_encrypt, get_new_iv, get_new_key

        if text is None:
            key, iv, ciphertext = get_new_key(), get_new_iv(), None
        else:
            result = aes_encrypt(text)
            key, iv, ciphertext = result.key, result.iv, result.payload
        raw, key_exchange = self.manager._get_whisper_message(ALICE, self.device, key)
        return Letter(key_exchange, raw, iv, ciphertext)

    async def read(self, letter, device):
        from omemo_dr.exceptions import KeyExchangeMessage
        from omemo_dr.structs import OMEMOMessage

        self.device = device
        keys = {self.manager.get_our_device(): (letter.key, letter.key_exchange)}
        try:
            message = OMEMOMessage(sid=device, iv=letter.iv, keys=keys, payload=letter.ciphertext)
            return self.manager.decrypt_message(message, ALICE)[0]
        except KeyExchangeMessage:
            return None


class OmemoDrStore:
    """What omemo-dr asks of its storage, in memory."""

    def __init__(self):
        self.own = None
        self.sessions, self.prekeys, self.signed = {}, {}, {}

    def needs_init(self):
        return self.own is None

    def set_our_identity(self, device, pair):
        self.own = (device, pair)

    def get_our_device_id(self):
        return self.own[0]

    def get_identity_key_pair(self):
        return self.own[1]

    def is_trusted_identity(self, *_):
        return True

    def get_trust_for_identity(self, *_):
        return None

    def save_identity(self, *_):
        pass

    def set_identity_last_seen(self, *_):
        pass

    def get_active_device_tuples(self):
        return []

    def get_unacknowledged_count(self, *_):
        return 0

    def load_session(self, address, device):
        from omemo_dr.state.sessionrecord import SessionRecord

        stored = self.sessions.get((address, device))
        return SessionRecord() if stored is None else SessionRecord(serialized=stored)

    def contains_session(self, address, device):
        return (address, device) in self.sessions

    def store_session(self, address, device, record):
        self.sessions[address, device] = record.serialize()

    def get_pre_key_count(self):
        return len(self.prekeys)

    def get_current_pre_key_id(self):
        return max(self.prekeys, default=None)

    def load_pending_pre_keys(self):
        return list(self.prekeys.values())

    def load_pre_key(self, id):
        return self.prekeys[id]

    def contains_pre_key(self, id):
        return id in self.prekeys

    def store_pre_key(self, id, key):
        self.prekeys[id] = key

    def remove_pre_key(self, id):
        self.prekeys.pop(id, None)

    def get_current_signed_pre_key_id(self):
        return max(self.signed, default=None)

    def get_signed_pre_key_timestamp(self, id):
        return self.signed[id].get_timestamp() // 1000

    def remove_old_signed_pre_keys(self, _):
        pass

    def load_signed_pre_key(self, id):
        return self.signed[id]

    def contains_signed_pre_key(self, id):
        return id in self.signed

    def store_signed_pre_key(self, id, key):
        self.signed[id] = key


def said(text):
    return f"message {text.encode().hex()}"


def is_negative(version, bundle):
    return bool((bundle.signature[63] if version == "0.3" else bundle.identity[31]) & 0x80)


async def refuses(bob, letter, device):
    try:
        await bob.read(letter, device)
    except Exception:
        return True
    return False


async def alice_begins(alice, bob):
    alice.tell("Alice begins; Bob is away, and her messages reach him in another order.")
    assert alice.start(await bob.bundle()) == "started"
    first, second, third = (alice.write(text) for text in ("first", "second", "third"))
    assert first.key_exchange and second.key_exchange and third.key_exchange
    for letter, text in ((third, "third"), (first, "first"), (second, "second")):
        assert await bob.read(letter, alice.device) == text
    alice.tell("Bob answers with nothing, then with words that come in another order, one of them twice.")
    assert alice.read(await bob.write(None)) == "nothing"
    letters = [await bob.write(f"answer {number}") for number in range(5)]
    for number in (4, 0, 2, 1, 3):
        assert alice.read(letters[number]) == said(f"answer {number}")
    assert alice.read(letters[2]) == "refused Duplicate"
    alice.tell("Alice answers with nothing; the key exchange is over.")
    letter = alice.write(None)
    assert not letter.key_exchange
    assert await bob.read(letter, alice.device) is None


async def bob_begins(alice, bob):
    alice.tell("Bob begins; his second message still carries the key exchange.")
    letter = await bob.start(alice.bundle(), alice.device)
    assert letter.key_exchange
    assert alice.read(letter) == said("Bob begins") + " started"
    assert alice.read(letter) == "refused Duplicate"
    letter = await bob.write("and goes on")
    assert letter.key_exchange
    assert alice.read(letter) == said("and goes on")
    assert await bob.read(alice.write("welcome"), alice.device) == "welcome"
    letter = await bob.write("thank you")
    assert not letter.key_exchange
    assert alice.read(letter) == said("thank you")


async def converse(alice, bob, seed):
    alice.tell("Both talk at random; some words are late, some are lost, some come twice.")
    chance = random.Random(seed)
    to_bob, to_alice = [], []
    late, twice, lost = 0, 0, 0
    for number in range(200):
        under_way = to_bob if chance.randrange(2) else to_alice
        match chance.randrange(5):
            case 0 | 1 if under_way is to_bob:
                to_bob.append((f"a{number}", alice.write(f"a{number}")))
            case 0 | 1:
                to_alice.append((f"b{number}", await bob.write(f"b{number}")))
            case 2 | 3 if under_way:
                at = chance.randrange(len(under_way))
                late += at > 0
                text, letter = under_way.pop(at)
                if under_way is to_bob:
                    assert await bob.read(letter, alice.device) == text
                else:
                    assert alice.read(letter) == said(text)
                    if chance.randrange(4) == 0:
                        twice += 1
                        assert alice.read(letter) == "refused Duplicate"
            case 4 if under_way and chance.randrange(4) == 0:
                lost += 1
                under_way.pop(0)
    assert late and twice and lost, (late, twice, lost)


async def tampering(alice, bob):
    alice.tell("Somebody between them changes a bit of the authentication code.")
    letter = alice.write("unchanged")
    assert await refuses(bob, letter.tampered(), alice.device)
    assert await bob.read(letter, alice.device) == "unchanged"
    letter = await bob.write("unchanged")
    assert alice.read(letter.tampered()) == "refused Tampered"
    assert alice.read(letter) == said("unchanged")


async def heartbeat(alice, bob):
    alice.tell("Only Bob speaks, until he should hear from Alice.")
    assert await bob.read(alice.write("go on"), alice.device) == "go on"
    answers = [alice.read(await bob.write("…")) for _ in range(55)]
    assert answers[52] == said("…") and answers[53] == said("…") + " heartbeat"
    assert await bob.read(alice.write(None), alice.device) is None
    assert alice.read(await bob.write("…")) == said("…")


async def record(binary, peer, version, name, title):
    alice = Alice(binary)
    alice.tell(f"{title}, version {version}")
    for seed, begins in ((1, alice_begins), (2, bob_begins)):
        bob = peer(version)
        await bob.prepare()
        # Half of the identities of python-omemo are negative as points of Ed25519; each half has its turn.
        while peer is Syndace and is_negative(version, await bob.bundle()) != (seed == 1):
            bob = peer(version)
            await bob.prepare()
        alice.new(version, seed)
        await begins(alice, bob)
        await converse(alice, bob, seed)
        await tampering(alice, bob)
        await heartbeat(alice, bob)
    path = Path(__file__).with_name(name)
    path.write_text("\n".join(alice.lines) + "\n")
    print(f"{path.name}: {sum(line.startswith('<') for line in alice.lines)} answers")


async def main(binary):
    await record(binary, Syndace, "0.3", "oldmemo.txt", "oldmemo 2.1")
    await record(binary, Syndace, "2", "twomemo.txt", "twomemo 2.1")
    await record(binary, OmemoDr, "0.3", "omemo-dr.txt", "omemo-dr 1.2")


asyncio.run(main(sys.argv[1]))
