# SPDX-License-Identifier: GPL-2.0
"""
mint stop and mint exec between nodes: over shared memory alone, vni0 is down
in all of these.
"""

import json
from typing import Any, Tuple

import abi
import faults
import pytest
from conftest import Boot
from machine import Machine, Shell
from mint_list import state_of
from shared_region import Entry, write_command

EXEC, STOP = abi.MINT_VERB_EXEC, abi.MINT_VERB_STOP
RUNNING, DONE = abi.MINT_ANSWER_RUNNING, abi.MINT_ANSWER_DONE
REFUSED = abi.MINT_ANSWER_REFUSED
EINVAL, EOPNOTSUPP, ESTALE, ECANCELED = 22, 95, 116, 125
LOST = 255
SECONDS = 30.0


@pytest.fixture(name="two")
def two_fixture(boot: Boot) -> Machine:
    """Node 0 and node b, not joined by a network."""
    machine = boot()
    machine.start_node("b")
    return machine


def exec_on(shell: Shell, node: str, command: str) -> Any:
    """Runs a command on another node; output of both streams, and exit code."""
    return shell.run(f"mint exec {node} -- {command} </dev/null", check=False)


def runs(process: str) -> str:
    """The shell's question whether a process runs, which does not find itself."""
    return f"ps | grep -q '[{process[0]}]{process[1:]}'"


def gone(shell: Shell, process: str) -> None:
    """Waits until a node has no such process."""
    shell.poll(f"! {runs(process)}", SECONDS)


def test_a_command_runs_as_if_it_were_here(two: Machine) -> None:
    shell = two.node()
    for name in ("node0", "b"):
        assert "UP" not in two.node(name).run("ip link show vni0").output.split(">")[0]
    shell.run("mint exec b -- sh -c 'echo out; echo err >&2; exit 7' "
              ">/tmp/out 2>/tmp/err </dev/null; echo $? >>/tmp/out")
    assert shell.run("cat /tmp/out").output == "out\n7\n"
    assert shell.run("cat /tmp/err").output == "err\n"

    for command, status in (("true", 0), ("sh -c 'exit 254'", 254), ("sh -c 'kill -9 $$'", 137),
                            ("/nothing", 127), ("/etc/passwd", 126)):
        assert exec_on(shell, "b", command).status == status, command
    assert "mint: cannot run '/nothing': No such file" in exec_on(shell, "b", "/nothing").output

    # Standard input ends there when it ends here, and may end there first.
    assert shell.run("printf 'a\\nb\\n' | mint exec b -- wc -l").output.strip() == "2"
    assert shell.run("yes | mint exec b -- head -n 1").output == "y\n"
    assert shell.run("mint exec b -- yes </dev/null | head -n 1").output == "y\n"
    gone(two.node("b"), "yes")
    # What the command leaves behind goes on.
    shell.run("mint exec b -- sh -c 'sleep 1000 & echo started' </dev/null")
    two.node("b").run("killall sleep")


def test_a_node_that_cannot_serve_a_command_is_told_why(two: Machine) -> None:
    shell, b = two.node(), two.node("b")
    b.run("mv /sbin/mint /sbin/away")
    result = exec_on(shell, "b", "true")
    assert result.status == 1, result
    assert "it could not start /sbin/mint: No such file or directory" in result.output
    # As one whose libraries are not there.
    b.run("printf '#!/bin/sh\nexit 127\n' >/sbin/mint && chmod 755 /sbin/mint")
    result = exec_on(shell, "b", "true")
    assert result.status == 1, result
    assert "its /sbin/mint does not run. Try: mint console b" in result.output
    b.run("mv /sbin/away /sbin/mint")
    assert exec_on(shell, "b", "true").status == 0


def test_a_megabyte_passes_both_ways_unchanged(two: Machine) -> None:
    shell = two.node()
    shell.run("head -c 1048576 /dev/urandom >/tmp/sent")
    shell.run("mint exec b -- tee /tmp/there </tmp/sent >/tmp/back", timeout=120)
    sums = {shell.run("sha256sum </tmp/sent").output,
            shell.run("sha256sum </tmp/back").output,
            exec_on(shell, "b", "sh -c 'sha256sum </tmp/there'").output}
    assert len(sums) == 1
    # A reader that is slow holds the writer back, and loses nothing.
    shell.run("mint exec b -- cat /tmp/there </dev/null | (sleep 1; cat) | cmp - /tmp/sent",
              timeout=120)


def test_any_node_runs_commands_on_any_node(boot: Boot) -> None:
    machine = boot()
    names = ["node0", "b", "c"]
    for name in names[1:]:
        machine.start_node(name)
    for client in names:
        for server in names:
            assert exec_on(machine.node(client), server, "hostname").output == server + "\n"


def test_a_fifth_command_at_once_is_refused(two: Machine) -> None:
    shell = two.node()
    for number in range(4):
        shell.run(f"(mint exec b -- sleep 100{number} </dev/null >/dev/null 2>&1; "
                  f"echo $? >/tmp/code{number}) & echo")
    for number in range(4):
        two.node("b").poll(runs(f"sleep 100{number}"), SECONDS)
    busy = shell.run("mint exec b -- true </dev/null", check=False).output
    assert "busy" in busy
    for number in range(4):
        client = shell.run(f"ps | awk '/[m]int exec b -- sleep 100{number}/ {{print $1}}'").output
        assert f"process {client.strip()} for node 'b'" in busy
    # The node itself still has sessions of its own.
    assert exec_on(two.node("b"), "node0", "hostname").output == "node0\n"
    # A client that is killed takes its command with it, and frees its session.
    shell.run("kill -9 $(ps | awk '/[m]int exec b -- sleep 1000/ {print $1}')")
    gone(two.node("b"), "sleep 1000")
    shell.poll("mint exec b -- killall sleep </dev/null", SECONDS)
    for number in range(1, 4):
        shell.poll(f"[ \"$(cat /tmp/code{number})\" = 143 ]", SECONDS)
    # The same if the command takes no notice of the hang-up.
    shell.run("mint exec b -- sh -c 'trap \"\" HUP; sleep 2000; true' </dev/null >/dev/null 2>&1 & "
              f"until mint exec b -- sh -c \"{runs('sleep 2000')}\" </dev/null; do :; done; "
              "kill $!")
    gone(two.node("b"), "sleep 2000")


def test_the_end_of_a_node_is_told_to_both_sides(two: Machine) -> None:
    shell = two.node()
    two.node("b").run("(mint exec node0 -- sleep 3000 </dev/null >/dev/null 2>&1) & echo")
    shell.poll(runs("sleep 3000"), SECONDS)
    result = shell.run(f"(until mint exec b -- sh -c \"{runs('sleep 1000')}\"; do :; done; "
                       "mint kill b) "
                       ">/dev/null 2>&1 </dev/null & "
                       "mint exec b -- sleep 1000 </dev/null", check=False)
    assert result.status == LOST
    assert "mint: node 'b' was lost: it ended or hangs. Try: mint show b" in result.output
    gone(shell, "sleep 3000")
    assert exec_on(shell, "b", "true").status == 4
    two.close_shell("b")
    # What the former start left in its sessions is not in the way of the next.
    shell.run("mint start b")
    shell_b = two.node_shell("b")
    for _ in range(5):
        assert exec_on(shell, "b", "hostname").output == "b\n"
        assert exec_on(shell_b, "node0", "hostname").output == "node0\n"


def test_a_node_that_hangs_is_lost_after_a_while(boot: Boot) -> None:
    machine = boot(initrd=faults.root())
    machine.start_node("b")
    result = machine.node().run("mint exec b -- fault hard-lockup </dev/null", check=False)
    assert result.status == LOST and "was lost" in result.output
    refused = exec_on(machine.node(), "b", "true")
    assert refused.status == 4 and "silent" in refused.output
    refused = machine.node().run("mint stop b", check=False)
    assert refused.status == 4 and "Try: mint kill b" in refused.output
    machine.node().run("mint kill b")


def test_a_node_that_is_asked_to_stop_powers_off(two: Machine) -> None:
    shell = two.node()
    report = json.loads(shell.run("mint stop b --json").output)
    assert report == {"schema": 1, "dry_run": False, "node": {
        "id": 1, "name": "b", "state": "off", "generation": 1}}
    two.close_shell("b")
    again = shell.run("mint stop b", check=False)
    assert again.status == 4 and "off already" in again.output
    shell.run("mint start b")
    # One whose user space does not do it is left alone.
    shell.run("printf '#!/bin/sh\\n' | mint exec b -- sh -c "
              "'rm /bin/poweroff; cat >/bin/poweroff; chmod +x /bin/poweroff'")
    late = shell.run("mint stop b --timeout 2", check=False)
    assert late.status == 5
    assert late.output == ("mint: cannot stop node 'b': it did not power off within 2 s. "
                           "Try: mint kill b\n")
    assert state_of(shell, "b") == "running"
    # A node can be asked by itself.
    exec_on(shell, "b", "ln -sf busybox /bin/poweroff")
    assert "powering off" in exec_on(shell, "b", "mint stop b").output
    shell.poll("mint list --json | grep -q '\"off\"'", SECONDS)


def test_a_node_that_cannot_power_off_yet_is_asked_again(two: Machine) -> None:
    b = two.node("b")
    b.run("mv /sbin/poweroff /sbin/away")
    two.node().run("mint stop b --timeout 60 >/tmp/said 2>&1 &")
    b.run("until dmesg | grep -q 'asks this node to power off'; do sleep 0.1; done; "
          "sleep 1; mv /sbin/away /sbin/poweroff")
    two.node().poll("grep -q \"node 'b' (1) is off\" /tmp/said", SECONDS)


def test_node0_powers_off_for_another_which_goes_on(two: Machine) -> None:
    two.node("b").start("mint stop node0 >/tmp/said && grep -q 'is off' /tmp/said && poweroff")
    # The shells of both end with node 0. The last node switches the machine off.
    two.shells.clear()
    assert two.wait_exit(SECONDS) == 0


def session_of(shell: Shell, client: int, number: int) -> Entry:
    """A session of a node."""
    return Entry(shell, abi.MINT_SECTION_CONTROL, client * abi.MINT_NODE_SESSIONS + number)


def answer_of(session: Entry) -> Tuple[int, int, int]:
    """Sequence, state and code of the answer in a session."""
    answer = abi.mint_answer_word.unpack(session.get("answer.word"))
    return answer.sequence, answer.state, answer.code


def test_a_request_that_makes_no_sense_is_refused(two: Machine) -> None:
    shell = two.node()
    requests = [  # client, its generation, server's, verb, hung up, bytes; the answer
        (0, 1, 1, 99, 0, 1, (REFUSED, EOPNOTSUPP)),
        (0, 1, 1, EXEC, 0, 0, (REFUSED, EINVAL)),
        (0, 1, 1, EXEC, 0, 0xFFFFFFFF, (REFUSED, EINVAL)),
        (0, 1, 1, EXEC, 1, 4, (REFUSED, ECANCELED)),
        (0, 5, 1, EXEC, 0, 4, (REFUSED, ESTALE)),
        (7, 1, 1, STOP, 0, 0, (REFUSED, ESTALE)),
        # Words without an end, and words that are empty
        (0, 1, 1, EXEC, 0, abi.MINT_ARGUMENT_BYTES, (DONE, 126)),
        (0, 1, 1, EXEC, 0, 4, (DONE, 127)),
        # A start of node b that there never was is not this one.
        (0, 1, 9, STOP, 0, 0, None),
    ]
    for sequence, (client, own, server, verb, hung_up, size, answer) in enumerate(requests, 1000):
        session = session_of(shell, client, 3)
        before = answer_of(session)
        words = (b"A" if size == abi.MINT_ARGUMENT_BYTES else b"\0") * abi.MINT_ARGUMENT_BYTES
        shell.run(write_command(session.at("arguments"), words))
        session.put("request.generation", own)
        session.put("request.server", 1)
        session.put("request.server_generation", server)
        session.put("request.bytes", size)
        word = abi.mint_request_word(verb=verb, hung_up=hung_up, sequence=sequence)
        session.put("request.word", word.pack())
        assert exec_on(shell, "b", "hostname").output == "b\n"
        if answer:
            for _ in range(100):
                if answer_of(session) == (sequence, *answer):
                    break
            else:
                pytest.fail(f"request {sequence}: {answer_of(session)}, not {answer}")
        else:
            assert answer_of(session) == before
    assert state_of(shell, "b") == "running"


@pytest.fixture(name="nonsense")
def nonsense_fixture() -> Any:
    """Where in a session to write what, with its sequence, and who minds."""
    far = abi.mint_pipe_word(position=0x12345678)
    by_one = abi.mint_pipe_word(position=abi.MINT_PIPE_BYTES + 1)
    given_up = "gave the session up"
    return [
        ("pipes[0].tail", far, "nonsense"),     # the server has read more than was sent
        ("pipes[1].head", far, "nonsense"),     # it has written more than fits
        ("pipes[2].head", by_one, "nonsense"),
        ("pipes[0].head", far, given_up),       # the client has written more than fits
        ("pipes[1].tail", far, given_up),       # it has read more than was sent
        ("answer.word", abi.mint_answer_word(state=77), "nonsense"),
        ("answer.word", abi.mint_answer_word(state=0xffff, code=0xffff), "nonsense"),
        # another request in its place
        ("request.word", abi.mint_request_word(verb=EXEC, sequence=0x7FFFFFFF), "nonsense"),
    ]


def test_nonsense_in_a_session_ends_it_and_nothing_else(two: Machine, nonsense: Any) -> None:
    shell = two.node()
    session = session_of(shell, 0, 0)
    shell.run("mkfifo /tmp/open")
    for path, word, said in nonsense:
        shell.run("(mint exec b -- cat <>/tmp/open >/tmp/said 2>&1 & echo $! >/tmp/pid)")
        for _ in range(200):
            sequence, state, _ = answer_of(session)
            if state == RUNNING:
                break
        else:
            pytest.fail(f"the command does not run: {sequence} {state}")
        word = word._replace(sequence=word.sequence or sequence)
        session.put(path, word.pack())
        shell.poll("! kill -0 $(cat /tmp/pid) 2>/dev/null", SECONDS)
        text = shell.run("cat /tmp/said").output
        assert text.count("\n") == 1 and said in text, (path, text)
        gone(two.node("b"), "cat")
        # The session is free for the next.
        shell.poll("mint exec b -- true </dev/null", SECONDS)
    for name in ("node0", "b"):
        assert "nonsense" in two.node(name).run("dmesg").output
    for _ in range(5):
        assert exec_on(shell, "b", "hostname").output == "b\n"
