"""Two network namespaces with a cable between: what the kernel sends, and what it thinks of our packets.

In: {"good": ["hex", ...], "bad": ["hex", ...]}: frames from ours ("left") to the other
Out: {"sent": ["hex", ...]: all that the kernel sent either way, its checksums worked out by itself,
      "good": {counter: growth, ...}, "bad": the same, "delivered": [datagrams of good, of bad]}
"""

import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
import time

CLONE_NEWNET = 0x40000000
ALL = 0x0003
PACKET_OUTGOING = 4
SO_RCVBUFFORCE = 33
MACS = {"left": "02:00:00:00:00:01", "right": "02:00:00:00:00:02"}
ADDRESSES = {"left": ("10.99.0.1", "fd99::1"), "right": ("10.99.0.2", "fd99::2")}
OURS, CLOSED = 4000, 4001


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def configure(name):
    # No address is tried out first, and no router asked for.
    for file, value in (("accept_dad", "0"), ("router_solicitations", "0")):
        with open(f"/proc/sys/net/ipv6/conf/{name}/{file}", "w") as setting:
            setting.write(value)
    run("ip", "link", "set", name, "address", MACS[name])
    # Else checksums are left to a card, and there is none.
    run("ethtool", "-K", name, "tx", "off")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "set", name, "up")
    for address, bits in zip(ADDRESSES[name], (24, 64)):
        run("ip", "address", "add", f"{address}/{bits}", "dev", name)


def tap(name):
    it = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    it.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
    it.bind((name, ALL))
    it.setblocking(False)
    return it


def came(it):
    """Those that came in over the cable, so as the other end sent them."""
    while True:
        try:
            data, sender = it.recvfrom(1 << 16)
        except BlockingIOError:
            return
        if sender[2] != PACKET_OUTGOING:
            yield data


def counters():
    found = {}
    for path in ("/proc/thread-self/net/snmp", "/proc/thread-self/net/netstat"):
        with open(path) as file:
            lines = [line.split() for line in file]
        for names, values in zip(lines[::2], lines[1::2]):
            kind = names[0].rstrip(":")
            found |= {kind + name: int(value) for name, value in zip(names[1:], values[1:])}
    with open("/proc/thread-self/net/snmp6") as file:
        found |= {name: int(value) for name, value in map(str.split, file)}
    return found


def grown(before):
    return {name: value - before.get(name, 0) for name, value in counters().items()
            if value != before.get(name, 0)}


class Right(threading.Thread):
    """The other end, in a namespace of its own."""

    def __init__(self, question):
        super().__init__(daemon=True)
        self.question, self.answer = question, {}
        self.made, self.cabled, self.serving, self.step = (threading.Event() for _ in range(4))
        self.error = None

    def run(self):
        try:
            self.serve()
        except BaseException as error:
            self.error = error
            for event in (self.made, self.serving):
                event.set()
            raise

    def serve(self):
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        self.made.set()
        self.cabled.wait(60)
        configure("right")
        self.tap = tap("right")
        datagrams = [socket.socket(family, socket.SOCK_DGRAM)
                     for family in (socket.AF_INET, socket.AF_INET6)]
        listeners = [socket.socket(family, socket.SOCK_STREAM)
                     for family in (socket.AF_INET, socket.AF_INET6)]
        for it, address in zip(datagrams + listeners, ADDRESSES["right"] * 2):
            it.bind((address, OURS))
            it.settimeout(60)
        for it in listeners:
            it.listen()
        self.serving.set()
        for it in datagrams:
            for _ in SIZES:
                data, sender = it.recvfrom(1 << 16)
                it.sendto(data[::-1], sender)
        for it in listeners:
            stream, _ = it.accept()
            with stream:
                while data := stream.recv(1 << 16):
                    stream.sendall(data[::-1])
        self.step.wait(60)
        self.answer["sent"] = [data.hex() for data in came(self.tap)]
        self.answer["delivered"] = []
        for it in datagrams:
            it.setblocking(False)
        for which in ("good", "bad"):
            before = counters()
            self.inject(self.question[which])
            delivered = 0
            for it in datagrams:
                try:
                    while it.recv(1 << 16) is not None:
                        delivered += 1
                except BlockingIOError:
                    pass
            self.answer["delivered"].append(delivered)
            self.answer[which] = grown(before)

    def inject(self, frames):
        for frame in frames:
            self.sender.send(bytes.fromhex(frame))
        wanted = {bytes.fromhex(frame) for frame in frames}
        seen, until = 0, time.monotonic() + 60
        while seen < len(frames):
            if time.monotonic() > until:
                raise TimeoutError(f"{seen} of {len(frames)} frames came")
            seen += sum(data in wanted for data in came(self.tap))
            time.sleep(0.001)
        # The socket sees a packet right before the protocols do.
        time.sleep(0.3)


SIZES = (0, 1, 2, 7, 1000, 1400, 4000)


def talk():
    """Datagrams, echoes, streams, and an error that the other end sends."""
    for family, address in zip((socket.AF_INET, socket.AF_INET6), ADDRESSES["right"]):
        with socket.socket(family, socket.SOCK_DGRAM) as it:
            it.settimeout(60)
            for size in SIZES:
                it.sendto(bytes(number * 7 & 255 for number in range(size)), (address, OURS))
                it.recv(1 << 16)
            it.sendto(b"nobody", (address, CLOSED))
        run("ping", "-n", "-c", "3", "-i", "0.01", "-s", "57", address)
    for family, address in zip((socket.AF_INET, socket.AF_INET6), ADDRESSES["right"]):
        with socket.socket(family, socket.SOCK_STREAM) as it:
            it.settimeout(60)
            it.connect((address, OURS))
            for size in SIZES[1:]:
                it.sendall(os.urandom(size))
                left = size
                while left > 0:
                    left -= len(it.recv(left))


def main():
    question = json.load(sys.stdin)
    other = Right(question)
    other.start()
    other.made.wait(60)
    run("ip", "link", "add", "left", "type", "veth",
        "peer", "name", "right", "netns", str(other.native_id))
    configure("left")
    ours = tap("left")
    other.sender = tap("left")
    other.cabled.set()
    other.serving.wait(60)
    talk()
    time.sleep(0.1)
    sent = [data.hex() for data in came(ours)]
    other.step.set()
    other.join(180)
    if other.error or other.is_alive():
        sys.exit("the other end did not come to an end")
    other.answer["sent"] += sent
    json.dump(other.answer, sys.stdout)


main()
