# SPDX-License-Identifier: GPL-2.0
"""
What a message costs, by stage: both kernels tell many times a second in which
call chain they are while messages go to and fro. The innermost function that is
the mark of a stage decides, so each moment counts once and all of a round trip
is accounted for, the waiting included.
"""

import base64
import collections
import gzip
import re
from typing import Dict, Iterable, List, Tuple

from bench.place import End, Place, Way
from bench.results import Table

SIZES = (256, 512, 768, 1024, 4096, 16384, 65000)
WAYS = ("vni", "veth, 2 CPUs", "virtio-net", "e1000e")
FEW_SIZES = (256, 1024, 16384, 65000)
SAMPLE_MS = 1000
PER_SECOND = 2500
LONGER_MS = 1000
"""Reading the symbols comes before."""
MOST_REPS = 2
OTHER = "other"
COPIES = re.compile(r"memcpy.*|__memcpy|memmove.*|rep_movs_alternative")
STAGES: List[Tuple[str, str]] = [
    ("waiting", r"default_idle.*|native_(safe_)?halt|pv_native_safe_halt|do_idle|"
                r"cpu_startup_entry|rest_init|start_secondary|vni_idle_.*"),
    ("send: copy from user", r"_copy_from_iter.*|skb_do_copy_data.*|copy_from_user.*|"
                             r"skb_copy_to_page.*"),
    ("send: TCP and IP", r"tcp_sendmsg.*|tcp_push.*|__tcp_transmit_skb|tcp_write_xmit|"
                         r"__ip_queue_xmit|ip_(local_out|output|finish_output.*)|"
                         r"tcp_send_ack|inet_sendmsg|ip_queue_xmit"),
    ("send: queueing", r"__dev_queue_xmit|sch_direct_xmit|__qdisc_run|dev_hard_start_xmit|"
                       r"validate_xmit.*|pfifo_fast.*|skb_segment|tcp_gso_segment"),
    ("send: driver, copy", r"vni_tx_fill|vni_tx_copy.*|skb_copy_bits"),
    ("send: driver, buffer", r"vni_buf_get|vni_pool_(get|take|alloc).*"),
    ("send: driver, post", r"vni_tx_post.*|vni_ring_post.*|vni_frames_give|"
                           r"vni_lock|vni_unlock"),
    ("send: driver, doorbell", r"vni_ring_needs_kick|vni_peers?_kick.*|"
                               r"mint_doorbell(?!_interrupt).*|native_apic_.*|vp_notify.*|"
                               r"iowrite.*"),
    ("send: driver, rest", r"vni_start_xmit|vni_tx_.*|start_xmit|e1000_xmit_frame|veth_xmit"),
    ("receive: interrupt", r"asm_sysvec.*|sysvec.*|asm_common_interrupt|common_interrupt|"
                           r"vni_rx_doorbell|__irq_exit_rcu|irq_exit.*|handle_softirqs|"
                           r"vring_interrupt|e1000_intr.*|mint_doorbell_interrupt|"
                           r"mint_channel_handle"),
    ("receive: driver, take", r"vni_ring_(take|release|mend|arm|disarm|damaged)|"
                              r"vni_frame_fault"),
    ("receive: driver, copy", r"vni_rx_copy.*|skb_store_bits|skb_put_data"),
    ("receive: driver, skb", r"napi_alloc_skb|alloc_skb_with_frags|napi_build_skb|"
                             r"vni_rx_(skb|build|describe).*|__netdev_alloc_skb.*"),
    ("receive: driver, buffer", r"vni_buf_put|vni_pool_(put|give|return).*"),
    ("receive: driver, rest", r"vni_poll|vni_rx_.*|virtnet_poll.*|e1000e?_poll|"
                              r"e1000_clean.*|veth_poll|process_backlog|net_rx_action|"
                              r"__napi_poll"),
    ("receive: GRO, IP, TCP", r"napi_gro_.*|netif_receive_skb.*|__netif_receive_skb.*|"
                              r"ip_rcv.*|ip_local_deliver.*|tcp_v4_.*|tcp_rcv_.*|"
                              r"gro_.*|tcp_ack|tcp_data_queue"),
    ("receive: wake up", r"try_to_wake_up|__wake_up.*|sock_def_readable|ttwu_.*|"
                         r"sched_ttwu_pending|autoremove_wake_function"),
    ("receive: copy to user", r"_copy_to_iter|skb_copy_datagram_iter|"
                              r"__skb_datagram_iter|copy_to_user.*|simple_copy_to_iter"),
    ("receive: socket", r"tcp_recvmsg.*|inet_recvmsg|sock_read_iter|tcp_cleanup_rbuf|"
                        r"sk_wait_data|wait_woken"),
    ("task switch", r"schedule|__schedule|schedule_timeout|finish_task_switch.*|"
                    r"__switch_to.*|pick_next_.*|schedule_idle"),
    ("system call", r"do_syscall_64|entry_SYSCALL.*|ksys_.*|vfs_.*|__x64_sys_.*|"
                    r"syscall_.*|x64_sys_call"),
    ("program", r"user"),
]
NAMES = [name for name, _ in STAGES] + [OTHER]
MARKS = [(name, re.compile(pattern)) for name, pattern in STAGES]


def stage_of_function(function: str) -> str:
    """The stage that a function is the mark of, or nothing."""
    return next((name for name, mark in MARKS if mark.fullmatch(function)), "")


def stage_of(chain: str, known: Dict[str, str]) -> str:
    """The stage of a chain of functions, outermost first."""
    functions = chain.split(";")
    for function in reversed(functions):
        if function not in known:
            known[function] = stage_of_function(function)
        stage = known[function]
        # Some copies of a driver stand in functions that do other things too.
        if stage.endswith("driver, rest") and COPIES.fullmatch(functions[-1]):
            return stage.replace("rest", "copy")
        if stage:
            return stage
    return OTHER


def shares(lines: Iterable[str], cpu: str) -> Dict[str, float]:
    """The share of each stage in the time of a CPU; lines are COUNT CPU;CHAIN."""
    counts: Dict[str, int] = collections.Counter()
    known: Dict[str, str] = {}
    for line in lines:
        count, _, chain = line.strip().partition(" ")
        where, _, functions = chain.partition(";")
        if where == cpu:
            counts[stage_of(functions, known)] += int(count)
    total = sum(counts.values())
    if not total:
        raise ValueError(f"no samples of CPU {cpu}")
    return {name: counts[name] / total for name in counts}


SAMPLING = (f"load sample {SAMPLE_MS} {PER_SECOND} >/tmp/chains 2>/tmp/chains.err; "
            "echo $? >/tmp/chains.done")


def _start_sampling(end: End) -> None:
    end.run(f"sh -c 'rm -f /tmp/chains.done; ({SAMPLING}) </dev/null >/dev/null 2>&1 &'")


def _chains(end: End) -> List[str]:
    end.shell.poll("test -s /tmp/chains.done", 30.0)
    if end.run("cat /tmp/chains.done").strip() != "0":
        raise RuntimeError(end.run("cat /tmp/chains.err"))
    packed = end.run("sh -c 'sort /tmp/chains | uniq -c | gzip | base64'", timeout=60)
    return gzip.decompress(base64.b64decode(packed)).decode().splitlines()


def profile(way: Way, size: int) -> Dict[str, float]:
    """Microseconds of a send and a receive of a message, by stage."""
    ends = {id(end.shell): end for end in (way.far, way.near)}
    for end in ends.values():
        _start_sampling(end)
    # Nothing else may run meanwhile: no shell asks whether it is over.
    words = way.near.words(f"load rr {way.address} {size} {SAMPLE_MS + LONGER_MS} 0")
    round_us = words["median_ns"] / 1000
    chains = {key: _chains(end) for key, end in ends.items()}
    total = {"round trip": round_us}
    for index, end in enumerate((way.near, way.far)):
        cpu = str(index) if len(ends) == 1 else "0"
        for name, share in shares(chains[id(end.shell)], cpu).items():
            # A round trip holds a send and a receive of each of the two.
            total[name] = total.get(name, 0.0) + share * round_us / 2
    return total


def stages(place: Place, reps: int) -> List[Table]:
    """Cost of a send and a receive, by stage and by size."""
    tables = [Table(f"stages_{way.split(',', maxsplit=1)[0]}",
                    f"One message over {way}: time by stage, of one send and one receive",
                    "us", "payload, bytes") for way in WAYS]
    for _ in range(min(reps, MOST_REPS)):
        for size in SIZES:
            for table, way in zip(tables, place.choose(WAYS)):
                if way.name != "vni" and size not in FEW_SIZES:
                    continue
                found = profile(way, size)
                for name in NAMES + ["round trip"]:
                    table.add(name, found.get(name, 0.0), size)
    return tables
