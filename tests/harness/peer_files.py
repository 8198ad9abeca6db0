"""Files for the peer, by Python's HTTP and AES: slixmpp's own plugin wants an HTTP library more."""
import asyncio
import os
import ssl
import urllib.request
import xml.etree.ElementTree as ET

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

UPLOAD = "{urn:xmpp:http:upload:0}"


async def put(peer, text, sealed):
    """Uploads a text and returns its address: with a key if it is sealed (XEP-0454)."""
    data, fragment = text.encode(), ""
    if sealed:
        key, iv = os.urandom(32), os.urandom(12)
        data = AESGCM(key).encrypt(iv, data, None)
        fragment = "#" + iv.hex() + key.hex()
    question = peer.make_iq_get(ito="files.localhost")
    size = str(len(data))
    question.append(ET.Element(UPLOAD + "request", {"filename": "peer.txt", "size": size, "content-type": "text/plain"}))
    slot = (await question.send()).xml.find(UPLOAD + "slot")
    place = slot.find(UPLOAD + "put")
    headers = {header.get("name"): header.text for header in place}
    await fetch(peer, urllib.request.Request(place.get("url"), data=data, method="PUT", headers=headers))
    url = slot.find(UPLOAD + "get").get("url")
    return url.replace("https:", "aesgcm:", 1) + fragment if sealed else url


async def get(peer, url):
    """Downloads a text."""
    if url.startswith("aesgcm:"):
        url, secret = url.replace("aesgcm:", "https:", 1).split("#")
        secret = bytes.fromhex(secret)
        data = await fetch(peer, urllib.request.Request(url))
        return AESGCM(secret[-32:]).decrypt(secret[:-32], data, None).decode()
    return (await fetch(peer, urllib.request.Request(url))).decode()


async def fetch(peer, request):
    context = ssl.create_default_context(cafile=peer.ca_certs)
    work = lambda: urllib.request.urlopen(request, context=context).read()
    return await asyncio.get_running_loop().run_in_executor(None, work)
