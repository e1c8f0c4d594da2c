# SPDX-License-Identifier: GPL-2.0
"""Open MPI, SCTP, and sending without a copy."""

import re
from pathlib import Path

from apps.files import expect, let_in
from apps.place import WORK, End, Way, Wrong

HERE = Path(__file__).resolve().parent
FILE_MB = 8


def _compile(end: End, name: str, compiler: str) -> None:
    end.write(f"{name}.c", (HERE / f"{name}.c").read_text("utf-8"))
    end.run(f"{compiler} -O2 -o {name} {name}.c")


def mpi(way: Way) -> float:
    """Contents of ping-pong and sums of allreduce: round trips per second."""
    let_in(way)
    _compile(way.near, "mpi", "mpicc")
    # Both ends in one kernel have one disk.
    way.near.run(f"scp -q mpi {way.far.address}:{WORK}/mpi.copy")
    way.far.run("mv mpi.copy mpi")
    net = way.far.address.rsplit(".", 1)[0] + ".0/24"
    output = way.near.run(
        "unshare --uts sh -c 'hostname near; mpirun --allow-run-as-root "
        "--mca mpi_yield_when_idle 1 "
        f"--host {way.near.address},{way.far.address} --mca btl tcp,self "
        f"--mca btl_tcp_if_include {net} --mca oob_tcp_if_include {net} {WORK}/mpi' 2>&1")
    match = re.search(r"^round trips per second: ([\d.]+)$", output, re.MULTILINE)
    if not match:
        raise Wrong(f"MPI: {output[-800:]}")
    return float(match[1])


def sctp(way: Way) -> float:
    """A file by one association; then iperf3: Gbit/s."""
    way.near.run(f"head -c {FILE_MB}M /dev/urandom >sent")
    way.far.serve("sctp", "socat -u SCTP-LISTEN:5001 CREATE:got",
                  "grep -q ' 5001 ' /proc/net/sctp/eps")
    way.near.run(f"socat -u OPEN:sent SCTP-CONNECT:{way.far.address}:5001")
    way.far.poll(f"test $(stat -c %s {WORK}/got) = $(({FILE_MB} << 20))")
    expect(way.far.sum("got"), way.near.sum("sent"), "the file")
    serve_iperf(way.far)
    return iperf(way.near, way.far.address, "--sctp")


def serve_iperf(far: End) -> None:
    """Starts the server of iperf3."""
    far.listen("iperf3", "iperf3 -s", 5201)


def iperf(near: End, address: str, options: str = "") -> float:
    """Gbit/s of one stream that iperf3 sends."""
    output = near.run(f"iperf3 -c {address} -t 3 -f m {options}")
    match = re.search(r"([\d.]+) Mbits/sec +receiver", output)
    if not match:
        raise Wrong(f"iperf3: {output[-600:]}")
    return float(match[1]) / 1000


def zerocopy(way: Way) -> float:
    """A file sent with MSG_ZEROCOPY, each buffer let go of: MB/s."""
    _compile(way.near, "zerocopy", "gcc")
    way.near.run(f"head -c {4 * FILE_MB}M /dev/urandom >sent")
    way.far.listen("sink", "socat -u TCP-LISTEN:5002 CREATE:got", 5002)
    output = way.near.run(f"./zerocopy {way.far.address} 5002 sent")
    way.far.poll(f"test $(stat -c %s {WORK}/got) = $(({4 * FILE_MB} << 20))")
    expect(way.far.sum("got"), way.near.sum("sent"), "the file")
    match = re.search(r"seconds=([\d.]+)", output)
    if not match:
        raise Wrong(f"zerocopy: {output}")
    return 4 * FILE_MB / float(match[1])
