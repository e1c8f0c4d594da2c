# SPDX-License-Identifier: GPL-2.0
"""Nodes that are killed at any instruction, again and again: nothing is lost."""

import random

import kill_campaign
import leaks
import past_tcp
import traffic
from conftest import Boot
from kill_campaign import Campaign, Kind
from machine import BUILD, SANITIZE

# A kernel with checks needs half a minute for each.
NUMBER_OF_KILLS = (1 if SANITIZE else 5) * len(kill_campaign.SITES)
NUMBER_PAST_TCP = len(kill_campaign.PAST_TCP)
NUMBER_IN_PROGRAMS = (1 if SANITIZE else 2) * len(kill_campaign.XDP)
LIVES, SHAPES = 80, 20


def killed(boot: Boot, kind: Kind, number: int, seed: int) -> Campaign:
    """So many kills, and what the others made of them."""
    work = BUILD / "tests" / kind.name.replace(" ", "-")
    machine = boot(**kill_campaign.options(work, kind))
    campaign = kill_campaign.begin(machine, work, seed, kind)
    for _ in campaign.run(number):
        kill_campaign.write_table(machine.log_dir / "kills.csv", campaign.kills)
    return campaign


def test_a_node_killed_at_any_instruction_costs_the_others_nothing(boot: Boot) -> None:
    campaign = killed(boot, kill_campaign.PLAIN, NUMBER_OF_KILLS, 612)
    # More than half of the places are locked sections: a campaign that has
    # not hit them proves nothing.
    assert campaign.in_locks() >= NUMBER_OF_KILLS // 2
    assert campaign.takeovers >= campaign.in_locks()
    assert campaign.quiet().states() == {"pool"}


def test_a_node_killed_past_tcp_costs_the_others_nothing(boot: Boot) -> None:
    campaign = killed(boot, kill_campaign.PAST, NUMBER_PAST_TCP, 615)
    counted = past_tcp.statistics(campaign.machine.node())
    # Each death ends a connection of node 0 at least. Faults there are: a lock that is not
    # had in time, as its holder stands still and is not dead yet.
    assert counted["lost"] >= NUMBER_PAST_TCP and not counted["damaged"], counted
    assert campaign.quiet().states() == {"pool"}


def test_a_node_killed_in_the_path_of_xdp_costs_the_others_nothing(boot: Boot) -> None:
    campaign = killed(boot, kill_campaign.PROGRAMS, NUMBER_IN_PROGRAMS, 616)
    assert campaign.quiet().states() == {"pool"}


def test_a_hundred_lives_of_nodes_leak_nothing(boot: Boot) -> None:
    work = BUILD / "tests/lives"
    machine = boot(cpus=6, **kill_campaign.options(work))
    dice = random.Random(612)
    shell = machine.node()
    owned = leaks.ledger(shell)
    leaks.prepare(machine, kill_campaign.MEMBERS, dice)
    before, claimed = leaks.node0_holds(shell), leaks.ledger(shell)
    leaks.live_and_die(machine, LIVES, dice)
    leaks.take_other_shapes(machine, SHAPES, dice)
    assert not leaks.grown(before, leaks.node0_holds(shell))
    assert leaks.ledger(shell) == claimed
    shell.run("mint kill c; mint destroy b; mint destroy c; ip link set vni0 down")
    assert leaks.ledger(shell) == owned
    buffers = traffic.buffers(shell)
    assert buffers["listed"] == buffers["pool"] == sum(buffers.values()) // 2
