# SPDX-License-Identifier: GPL-2.0
"""examples/guard: what is good arrives as text, what is not does not, and all is counted."""

from typing import ContextManager, Dict

import pytest
import traffic
from background import Said, numbers, running
from conftest import Shared
from machine import Machine
from examples.guard import ADDRESS, BYTES, GUARD, KEY, make_key, send, start
from examples.place import options

COUNT, RATE = 100, 1000
MTU = 9000
MORE = 28       # nonce and tag
MOST_SENDERS = 4096
# The shortest; the longest without a buffer and the next; the longest in the linear part of
# an skb and the next; the longest of the MTU.
LENGTHS = (4, 92 - 42 - MORE, 93 - 42 - MORE, 1472 - MORE, 2048 - 42 - MORE, 2049 - 42 - MORE,
           MTU - 28 - MORE)
VERDICTS = ("passed", "forged", "replayed", "short", "pieces", "malformed", "crowded", "failed")


@pytest.fixture(name="nodes")
def nodes_fixture(request: pytest.FixtureRequest, shared: Shared) -> Machine:
    """Node 0, which sends and has the key; b, which takes; c, which has another key."""
    return shared.lend(request.node, start, **options())


def guarded(nodes: Machine, command: str = GUARD, name: str = "") -> ContextManager[Said]:
    """The program on the taker's node."""
    return running(nodes.node("b"), command, name=name)


def counts(**changed: int) -> Dict[str, float]:
    """What the program has counted if just this happened."""
    return {**dict.fromkeys(VERDICTS, 0.0), **changed}


def taken(nodes: Machine, *commands: str, key: str = "", sender: str = "node0"
          ) -> Dict[str, float]:
    """Sends datagrams, and some that are good at last; what has arrived of all."""
    with running(nodes.node("b"), f"sealed take {ADDRESS} {key}", ends=True) as found:
        for command in commands:
            nodes.node(sender).run(command)
        # Without one, the taker would wait for ever.
        nodes.node().run(send(1, RATE, BYTES))
    return {name: found[name] for name in ("taken", "damaged", "rejected")}


def only(good: int, rejected: int = 0) -> Dict[str, float]:
    """What taken() finds if so many have arrived, and the last."""
    return {"taken": good + 1, "damaged": 0, "rejected": rejected}


def set_mtu(nodes: Machine, mtu: int) -> None:
    """All nodes'."""
    for name in ("node0", "b", "c"):
        nodes.node(name).run(f"ip link set vni0 mtu {mtu}")


def zero_copy(nodes: Machine, word: str) -> None:
    """Of node b."""
    nodes.node("b").run(f"ethtool --set-priv-flags vni0 rx-zerocopy {word}")


@pytest.mark.parametrize("word", ["off", "on"])
def test_what_is_good_arrives_as_text(nodes: Machine, word: str) -> None:
    set_mtu(nodes, MTU)
    zero_copy(nodes, word)
    before = traffic.link_counters(nodes.node("b"))["rx_zerocopy"]
    for length in LENGTHS:
        with guarded(nodes) as said:
            assert taken(nodes, send(COUNT, RATE, length)) == only(COUNT), length
        assert said == counts(passed=COUNT + 1)
    lent = traffic.link_counters(nodes.node("b"))["rx_zerocopy"] - before
    assert lent >= COUNT if word == "on" else not lent
    zero_copy(nodes, "off")


@pytest.mark.parametrize("way, verdict", [
    ("flipped", "forged"), ("cut", "forged"), ("short", "short"), ("random", "forged"),
    ("torn", "malformed")])
def test_what_is_not_good_reaches_no_socket(nodes: Machine, way: str, verdict: str) -> None:
    with guarded(nodes) as said:
        assert taken(nodes, send(COUNT, RATE, BYTES, way)) == only(0)
    assert said == counts(passed=1, **{verdict: COUNT})
    # A program that decrypts by itself gets all of it, and rejects the same.
    assert taken(nodes, send(COUNT, RATE, BYTES, way), key=KEY) == only(0, COUNT)


def test_another_key_is_as_good_as_none(nodes: Machine) -> None:
    with guarded(nodes) as said:
        assert taken(nodes, send(COUNT, RATE, BYTES), sender="c") == only(0)
    assert said == counts(passed=1, forged=COUNT)


def test_what_comes_twice_arrives_once(nodes: Machine) -> None:
    twice = send(COUNT, RATE, BYTES, "twice")
    with guarded(nodes) as said:
        assert taken(nodes, twice) == only(COUNT)
    assert said == counts(passed=COUNT + 1, replayed=COUNT)
    assert taken(nodes, twice, key=KEY) == only(COUNT, COUNT)


def test_pieces_reach_no_socket(nodes: Machine) -> None:
    set_mtu(nodes, 1500)
    with guarded(nodes) as said:
        assert taken(nodes, send(COUNT, RATE, 8000)) == only(0)
    assert said == counts(passed=1, pieces=COUNT)
    set_mtu(nodes, MTU)


def test_of_senders_there_are_as_many_as_the_program_can_know(nodes: Machine) -> None:
    with guarded(nodes) as said:
        # The last is of one sender more.
        strangers = send(MOST_SENDERS + COUNT, RATE, BYTES, "strangers")
        assert taken(nodes, strangers) == only(MOST_SENDERS - 1)
    assert said == counts(passed=MOST_SENDERS, crowded=COUNT + 1)


def test_a_new_key_takes_the_place_of_the_old_one(nodes: Machine) -> None:
    node = nodes.node("b")
    other = "f" * 32
    with guarded(nodes) as said:
        assert taken(nodes, send(COUNT, RATE, BYTES)) == only(COUNT)
        make_key([node], other)
        node.run("kill -HUP $(pidof guard)")
        node.poll("grep -q 'new key' /tmp/guard", traffic.SECONDS)
        nodes.node().run(send(COUNT, RATE, BYTES))  # by the old one
        make_key([nodes.node()], other)
        assert taken(nodes, send(COUNT, RATE, BYTES)) == only(COUNT)
        # One that is none leaves it.
        make_key([node], "f" * 31)
        node.run("kill -HUP $(pidof guard)")
        node.poll("grep -q 'the key before stays' /tmp/guard", traffic.SECONDS)
        assert taken(nodes, send(COUNT, RATE, BYTES)) == only(COUNT)
    assert f"guard: the key before stays, as {KEY} has none: it is not 32, 48 or 64 " in said.text
    assert numbers(said.text.splitlines()[-1]) == counts(passed=3 * COUNT + 3, forged=COUNT)
    make_key([nodes.node(), node])


def test_all_else_passes(nodes: Machine) -> None:
    sender, node = nodes.node(), nodes.node("b")
    with guarded(nodes) as said:
        traffic.ping(sender, "10.0.0.2")
        traffic.send_numbers(sender, node, "10.0.0.2")
        assert traffic.send_string(sender, node, "10.0.0.2", "as it is", udp=True) == "as it is"
    assert said == counts()


def test_an_end_leaves_the_interface_as_it_was(nodes: Machine) -> None:
    node = nodes.node("b")
    node.run(f"(({GUARD}) >/tmp/killed 2>&1 &)")
    node.poll("grep -q ready /tmp/killed", traffic.SECONDS)
    node.run("kill -9 $(pidof guard)")
    node.poll("! pidof guard", traffic.SECONDS)
    assert taken(nodes, send(COUNT, RATE, BYTES), key=KEY) == only(COUNT)


def test_two_guards_of_one_interface_each_have_their_port(nodes: Machine) -> None:
    other = "10.0.0.2:8"
    with guarded(nodes) as one, guarded(nodes, GUARD.replace(ADDRESS, other), "other") as two:
        assert taken(nodes, send(COUNT, RATE, BYTES),
                     send(COUNT, RATE, BYTES).replace(ADDRESS, other)) == only(COUNT)
    assert (one, two) == (counts(passed=COUNT + 1), counts(passed=COUNT))


@pytest.mark.parametrize("given, status, why", [
    (f"vni0 {ADDRESS}", 2, "guard INTERFACE ADDRESS:PORT KEYFILE"),
    (f"eth7 {ADDRESS} {KEY}", 2, "there is no interface 'eth7'. Try: ip link"),
    (f"vni0 10.0.0.2 {KEY}", 2, "'10.0.0.2' is no address and port. Try: 10.0.0.2:7000"),
    (f"vni0 {ADDRESS} /none", 2, "/none has no key: No such file or directory"),
    (f"vni0 {ADDRESS} /tmp", 2, "/tmp has no key: it is not 32, 48 or 64 hexadecimal digits"),
    *[(f"vni0 {ADDRESS} /tmp/bad{number}", 2, f"/tmp/bad{number} has no key: it is not 32, 48 "
       "or 64 hexadecimal digits. Try: openssl rand -hex 32") for number in range(5)],
])
def test_what_cannot_be_is_refused_in_one_line(nodes: Machine, given: str, status: int,
                                               why: str) -> None:
    node = nodes.node("b")
    for number, text in enumerate(["", "0" * 33, "0" * 31 + "g", "0" * 32 + "x", "0" * 65]):
        node.run(f"printf %s '{text}' >/tmp/bad{number}")
    done = node.run(f"guard {given} 2>&1", check=False)
    assert done.status == status and why in done.output
    assert done.output.count("\n") == 1 or "KEYFILE" in why


def test_who_is_not_root_is_told_so(nodes: Machine) -> None:
    done = nodes.node("b").run(f"unshare -U {GUARD} 2>&1", check=False)
    assert done.status == 1 and "it needs root" in done.output
    assert done.output.count("\n") == 1


@pytest.mark.parametrize("given, status, why", [
    ("send", 2, "sealed send ADDRESS:PORT KEYFILE COUNT RATE BYTES [WAY]"),
    (f"send {ADDRESS} {KEY} 1 1 3", 2, "'3' is no number from 4 to 65479"),
    (f"send {ADDRESS} {KEY} 1 1 65480", 2, "'65480' is no number from 4 to 65479"),
    (f"send {ADDRESS} {KEY} -1 1 4", 2, "'-1' is no number from 1 to 10000000"),
    (f"send {ADDRESS} {KEY} 1 1 4 odd", 2, "there is no way 'odd'. Try: sealed"),
    (f"send {ADDRESS} /none 1 1 4", 2, "/none has no key: No such file or directory"),
    ("take 10.0.0.9:7", 1, "10.0.0.9:7: Cannot assign requested address"),
])
def test_senders_and_takers_are_told_what_cannot_be(nodes: Machine, given: str, status: int,
                                                    why: str) -> None:
    done = nodes.node("b").run(f"sealed {given} 2>&1", check=False)
    assert done.status == status and why in done.output
