"""A place on the network of a test (internet.rs): a network namespace with one interface, whose packets go to a socket.

place.py FOLDER NAME ADDRESS PORTS -- COMMAND…

Packets travel as datagrams between FOLDER/NAME and FOLDER/internet. A datagram from there that begins with a zero is the
new address of the place instead. Each of PORTS, separated by commas, leads to that port of the machine's own loopback
interface through FOLDER/door-PORT: the way to the server that carries signalling, which no test of media disturbs.
Ends with status 77 where no namespace or interface may be made."""

import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import threading

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
RTM_NEWLINK, RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE = 16, 20, 21, 24
REQUEST_AND_ACK, CREATE = 0x0005, 0x0400
NOT_POSSIBLE = 77


def leave_the_network():
    user, group = os.geteuid(), os.getegid()
    os.unshare(CLONE_NEWNET if user == 0 else CLONE_NEWNET | CLONE_NEWUSER)
    if user != 0:
        for name, text in [("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")]:
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)


def make_interface():
    interface = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(interface, TUNSETIFF, struct.pack("16sH22x", b"line", IFF_TUN | IFF_NO_PI))
    return interface


def ask_kernel(kind, flags, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as link:
        link.send(struct.pack("IHHII", 16 + len(body), kind, REQUEST_AND_ACK | flags, 1, 0) + body)
        error = struct.unpack_from("i", link.recv(4096), 16)[0]
        if error:
            raise OSError(-error, os.strerror(-error))


def attribute(kind, value):
    return struct.pack("HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def set_up(name):
    ask_kernel(RTM_NEWLINK, 0, struct.pack("BxHiII", 0, 0, socket.if_nametoindex(name), 1, 1))


def set_address(address, kind):
    index, packed = socket.if_nametoindex("line"), socket.inet_aton(address)
    body = struct.pack("BBBBI", socket.AF_INET, 32, 0, 0, index) + attribute(1, packed) + attribute(2, packed)
    ask_kernel(kind, CREATE if kind == RTM_NEWADDR else 0, body)


def lead_everywhere():
    body = struct.pack("BBBBBBBBI", socket.AF_INET, 0, 0, 0, 254, 3, 253, 1, 0)
    ask_kernel(RTM_NEWROUTE, CREATE, body + attribute(4, struct.pack("I", socket.if_nametoindex("line"))))


def pump(one, other):
    try:
        while data := one.recv(65536):
            other.sendall(data)
    except OSError:
        pass
    for end in (one, other):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def open_door(folder, port):
    listener = socket.create_server(("127.0.0.1", port))

    def serve():
        while True:
            inside, _ = listener.accept()
            outside = socket.socket(socket.AF_UNIX)
            outside.connect(f"{folder}/door-{port}")
            for pair in [(inside, outside), (outside, inside)]:
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def carry(interface, line, address):
    while True:
        for ready in select.select([interface, line], [], [])[0]:
            if ready is line:
                packet = line.recv(65536)
                if packet[0]:
                    os.write(interface, packet)
                else:
                    moved = packet[1:].decode()
                    set_address(address, RTM_DELADDR)
                    set_address(moved, RTM_NEWADDR)
                    lead_everywhere()
                    address = moved
            else:
                try:
                    line.send(os.read(interface, 65536))
                except OSError:
                    pass  # Full, or nobody is there: lost, as packets may be.


def main():
    folder, name, address, ports = sys.argv[1:5]
    command = sys.argv[6:]
    try:
        leave_the_network()
        interface = make_interface()
    except OSError as error:
        print(f"no network of its own can be made: {error}", file=sys.stderr)
        sys.exit(NOT_POSSIBLE)
    set_up("lo")
    set_up("line")
    set_address(address, RTM_NEWADDR)
    lead_everywhere()
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    line.bind(f"{folder}/{name}")
    line.connect(f"{folder}/internet")
    for port in filter(None, ports.split(",")):
        open_door(folder, int(port))
    threading.Thread(target=carry, args=(interface, line, address), daemon=True).start()
    sys.exit(subprocess.call(["setpriv", "--pdeathsig", "KILL", "--", *command]))


main()
