"""Files for the peer, by Python's HTTP and AES: slixmpp's own plugin wants an HTTP library more.

A file is told of in one of three forms: an address in the clear (XEP-0066), an address with a key (XEP-0454), or a source
that is encrypted (XEP-0448) in a description (XEP-0447).
"""
import asyncio
import base64
import os
import ssl
import urllib.request
import xml.etree.ElementTree as ET

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

UPLOAD = "{urn:xmpp:http:upload:0}"
SHARING = "{urn:xmpp:sfs:0}"
SEALED = "{urn:xmpp:esfs:0}"
METADATA = "{urn:xmpp:file:metadata:0}"
URL_DATA = "{http://jabber.org/protocol/url-data}url-data"
FALLBACK = "{urn:xmpp:fallback:0}"
CIPHER = "urn:xmpp:ciphers:aes-256-gcm-nopadding:0"


async def put(peer, text, versions):
    """Uploads a text, and returns what a message says of it: its body, and elements beside it."""
    data = text.encode()
    if not versions:
        url = await upload(peer, data)
        reference = ET.Element("{jabber:x:oob}x")
        ET.SubElement(reference, "{jabber:x:oob}url").text = url
        return url, [reference]
    key, iv = os.urandom(32), os.urandom(12)
    url = await upload(peer, AESGCM(key).encrypt(iv, data, None))
    if "two" not in versions:
        return url.replace("https:", "aesgcm:", 1) + "#" + iv.hex() + key.hex(), []
    sharing = ET.Element(SHARING + "file-sharing", disposition="attachment")
    file = ET.SubElement(sharing, METADATA + "file")
    ET.SubElement(file, METADATA + "media-type").text = "text/plain"
    ET.SubElement(file, METADATA + "name").text = "peer.txt"
    ET.SubElement(file, METADATA + "size").text = str(len(data))
    sealed = ET.SubElement(ET.SubElement(sharing, SHARING + "sources"), SEALED + "encrypted", cipher=CIPHER)
    ET.SubElement(sealed, SEALED + "key").text = base64.b64encode(key).decode()
    ET.SubElement(sealed, SEALED + "iv").text = base64.b64encode(iv).decode()
    ET.SubElement(ET.SubElement(sealed, SHARING + "sources"), URL_DATA, target=url)
    fallback = ET.Element(FALLBACK + "fallback", {"for": "urn:xmpp:sfs:0"})
    ET.SubElement(fallback, FALLBACK + "body")
    return url, [sharing, fallback]


async def upload(peer, data):
    """Puts bytes onto the server, and returns their address."""
    put, get, headers = await slot(peer, len(data), "text/plain")
    headers["Content-Type"] = "text/plain"
    await fetch(peer, urllib.request.Request(put, data=data, method="PUT", headers=headers))
    return get


async def slot(peer, size, kind):
    """A place for so many bytes: where to put them and where to get them, and what to say when putting them."""
    question = peer.make_iq_get(ito="files.localhost")
    question.append(ET.Element(UPLOAD + "request", {"filename": "peer.txt", "size": str(size), "content-type": kind}))
    place = (await question.send()).xml.find(UPLOAD + "slot")
    put = place.find(UPLOAD + "put")
    return put.get("url"), place.find(UPLOAD + "get").get("url"), {header.get("name"): header.text for header in put}


async def get(peer, message):
    """Downloads the text that a message tells of: the form it is told of in, and the text."""
    sealed = message.xml.find(f"{SHARING}file-sharing/{SHARING}sources/{SEALED}encrypted")
    if sealed is not None:
        assert sealed.get("cipher") == CIPHER, "another cipher"
        key, iv = (base64.b64decode(sealed.find(SEALED + name).text) for name in ("key", "iv"))
        url = sealed.find(f"{SHARING}sources/{URL_DATA}").get("target")
        return "0448 " + AESGCM(key).decrypt(iv, await fetch(peer, urllib.request.Request(url)), None).decode()
    url = message["body"]
    if url.startswith("aesgcm:"):
        url, secret = url.replace("aesgcm:", "https:", 1).split("#")
        secret = bytes.fromhex(secret)
        data = await fetch(peer, urllib.request.Request(url))
        return "0454 " + AESGCM(secret[-32:]).decrypt(secret[:-32], data, None).decode()
    reference = message.xml.find("{jabber:x:oob}x/{jabber:x:oob}url")
    assert reference is not None and reference.text == url, "an address that is only words"
    return "0066 " + (await fetch(peer, urllib.request.Request(url))).decode()


async def fetch(peer, request):
    context = ssl.create_default_context(cafile=peer.ca_certs)
    work = lambda: urllib.request.urlopen(request, context=context, timeout=60).read()
    return await asyncio.get_running_loop().run_in_executor(None, work)
