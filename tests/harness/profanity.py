"""Profanity for tests: a messenger for terminals whose OMEMO (0.3 alone) is libsignal's.

usage: profanity.py JID PASSWORD STARTTLS_PORT FOLDER

It is driven over standard input and tells what it hears on standard output, as peer.py does and in the same words. What is
said to it is typed at a terminal of its own. What it hears is read from its database, where each message stands with how it
came, and its log says when something is done. All it keeps is in FOLDER: another run there is the same device.
"""
import fcntl
import os
import pty
import re
import select
import sqlite3
import struct
import sys
import termios
import time

SETTINGS = """
[connection]
receipts.request=true
receipts.send=true
[omemo]
trustmode=manual
"""
ACCOUNT = """
[{jid}]
enabled=true
jid={jid}
resource=profanity
password={password}
server=127.0.0.1
port={port}
tls.policy=trust
omemo.policy=always
"""
# How long it may take over one thing, in seconds: whoever drives it gives up sooner.
PATIENCE = 60


class Profanity:
    def __init__(self, jid, password, port, folder):
        self.jid = jid
        self.account = jid.replace("@", "_at_")
        self.data = os.path.join(folder, "data", "profanity")
        write(os.path.join(folder, "config", "profanity", "profrc"), SETTINGS)
        accounts = os.path.join(self.data, "accounts")
        if not os.path.exists(accounts):
            write(accounts, ACCOUNT.format(jid=jid, password=password, port=port))
        self.database = self.open_database()
        self.told = self.newest_row()
        # Whose lists of devices it knows.
        self.lists = set()
        # The last key that it saw of whom.
        self.keys = {}
        self.asked_by = []
        # What it heard before it was said to be online.
        self.held = []
        log_path = os.path.join(folder, f"{time.time()}.log")
        open(log_path, "w", encoding="utf-8").close()
        self.log = open(log_path, encoding="utf-8", errors="replace")
        self.half_a_line = ""
        self.lines = []
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            be_profanity(jid, folder, log_path)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))

    def open_database(self):
        """Made beforehand, so that what is written goes to a file beside it: a reader is never in Profanity's way."""
        path = os.path.join(self.data, "database", self.account, "chatlog.db")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        database = sqlite3.connect(path, isolation_level=None)
        database.execute("pragma journal_mode = wal")
        return database

    def rows(self, after):
        if self.database.execute("select 1 from sqlite_master where name = 'ChatLogs'").fetchone() is None:
            return []
        query = "select id, from_jid, message, encryption, replace_id from ChatLogs where id > ? order by id"
        return self.database.execute(query, (after,)).fetchall()

    def newest_row(self):
        return max((row[0] for row in self.rows(0)), default=0)

    def start(self):
        knows_keys = os.path.exists(os.path.join(self.data, "omemo", self.account, "identity.txt"))
        if knows_keys:
            self.wait(r"\[OMEMO\] bundle published")
            self.wait(rf"\[OMEMO\] Setting device list for ({self.jid}|\(null\))")
        else:
            # It waits for its features before it is told to make keys, and takes a server that says in the words of today
            # that there is no list of devices yet for one that said nothing: an empty list shows it what to do.
            self.wait(r"\[OMEMO\] publish crypto materials")
            done = self.type("/omemo gen")
            self.wait(r"\[OMEMO\] bundle published", done)
            done = self.type("/omemo clear_device_list")
            self.wait(r"\[OMEMO\] No device ID for our device", done)
            done = len(self.lines)
            self.wait(rf"\[OMEMO\] Setting device list for {self.jid}", done)
        for line in ["online", *self.held]:
            say(line)
        self.held = None

    def tell(self, line):
        if self.held is None:
            say(line)
        else:
            self.held.append(line)

    def type(self, line):
        """Types a line, and returns how long its log was before."""
        length = len(self.lines)
        os.write(self.terminal, line.encode() + b"\r")
        return length

    def turn(self, others=()):
        """Lets it go on for a moment, tells what came, and returns what else can be read."""
        readable, _, _ = select.select([self.terminal, *others], [], [], 0.05)
        if self.terminal in readable:
            readable.remove(self.terminal)
            # What is on its screen does not matter, but it waits for somebody to look.
            try:
                os.read(self.terminal, 1 << 16)
            except OSError:
                pass
        *lines, self.half_a_line = (self.half_a_line + self.log.read()).split("\n")
        for line in lines:
            self.lines.append(line)
            self.note(line)
        for number, sender, text, encryption, replaces in self.rows(self.told):
            self.told = number
            if sender != self.jid:
                how = "correction" if replaces else "message"
                self.tell(f"{version(encryption)}{how} {text}")
        while self.asked_by:
            contact = self.asked_by.pop()
            self.type(f"/sub allow {contact}")
            self.type(f"/sub request {contact}")
        return readable

    def note(self, line):
        if found := re.search(r"\[OMEMO\] Setting device list for (\S+)", line):
            self.lists.add(found[1])
            self.tell(f"list {found[1]}")
        if found := re.search(r"cache identity for (\S+):\d+: (\w+)", line):
            self.keys[found[1]] = found[2]
        if "RECV: <presence" in line and "subscribe" in re.findall(r""" type=["'](\w+)["']""", line):
            self.asked_by.append(re.search(r""" from=["']([^"'/]+)""", line)[1])
        if "RECV: <message" in line and re.search(r"""<received [^>]*urn:xmpp:receipts""", line):
            self.tell("receipt")

    def wait(self, pattern, after=0):
        """Until its log says so."""
        self.wait_until(pattern, lambda: any(re.search(pattern, line) for line in self.lines[after:]))

    def wait_until(self, what, happened):
        end = time.monotonic() + PATIENCE
        while not happened():
            self.turn()
            if time.monotonic() > end:
                sys.exit(f"waited in vain for {what}")

    def command(self, line):
        verb, to, *rest = line.split(" ", 2)
        if verb == "say":
            self.say(rest[0], to, f"/msg {to} {rest[0]}")
        elif verb == "correct":
            self.say(rest[0], to, f"/msg {to}", f"/correct {rest[0]}")
        elif verb == "trust":
            self.trust(to, rest[0])
        elif verb == "tally":
            rows = [version(row[3]).strip() or "clear" for row in self.rows(0)]
            say(" ".join(["tally", *(f"{rows.count(how)} {how}" for how in sorted(set(rows)))]))
        elif verb == "key":
            say(f"key {to} {self.keys[to]}")
        elif verb == "leave":
            self.type("/quit")
            self.wait_until("its end", lambda: os.waitpid(self.process, os.WNOHANG)[0] != 0)
            say("offline")
            sys.exit()

    def say(self, text, to, *typed):
        self.wait_until("their devices", lambda: to in self.lists)
        newest = self.newest_row()
        for line in typed:
            self.type(line)
        said = lambda: any(row[1:3] == (self.jid, text) for row in self.rows(newest))
        self.wait_until(f"“{text}” to be said", said)

    def trust(self, contact, fingerprint):
        """Trusts a key that it was shown, and begins a session with it."""
        self.wait_until("their devices", lambda: contact in self.lists)
        # A window that was there before it had keys of its own, or their list, has not asked for theirs.
        self.type(f"/msg {contact}")
        self.type("/omemo end")
        done = self.type(f"/omemo start {contact}")
        self.wait(re.escape(f"cache identity for {contact}:") + rf"\d+: {fingerprint}", done)
        done = self.type(f"/omemo trust {contact} {fingerprint}")
        self.wait(rf"session with {contact} device \d+", done)
        say(f"trusts {contact}")


def be_profanity(jid, folder, log_path):
    environment = {
        **os.environ,
        "HOME": folder,
        "XDG_CONFIG_HOME": os.path.join(folder, "config"),
        "XDG_DATA_HOME": os.path.join(folder, "data"),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
    }
    arguments = ["--log", "DEBUG", "--logfile", log_path, "--account", jid]
    os.execvpe("setpriv", ["setpriv", "--pdeathsig", "KILL", "--", "profanity", *arguments], environment)


def version(encryption):
    return {"omemo": "legacy ", "none": ""}.get(encryption, encryption + " ")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def say(line):
    print(line, flush=True)


def main():
    profanity = Profanity(*sys.argv[1:5])
    profanity.start()
    waiting = b""
    while True:
        if sys.stdin in profanity.turn([sys.stdin]):
            read = os.read(sys.stdin.fileno(), 1 << 16)
            if not read:
                return
            *lines, waiting = (waiting + read).split(b"\n")
            for line in lines:
                profanity.command(line.decode())


main()
