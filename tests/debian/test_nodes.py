# SPDX-License-Identifier: GPL-2.0
"""
Nodes that mint new has made: node b runs Debian from a folder by NFS, from an image by
NBD, and from a disk of its own, and keeps what it wrote when it or its server restarts.
From an initramfs it keeps nothing.
"""

import shlex
import subprocess
import time
from pathlib import Path

import pytest
import traffic
from building import building
from conftest import Boot
from machine import Extra, Result
from debian import ROOT_S, Debian, wait_running_there

ROOTS = Path(__file__).resolve().parent / "node-roots"
PACKAGES = ("nfs-kernel-server", "nbd-server", "openssh-client")
NEW = "mint new b --cpus 2 --memory 1G --kernel /boot/bzImage"
# The disk that is to be node b's, and the one with the roots that node 0 has.
OWN_DISK, ROOTS_DISK = "6", "7"
WRITE = ("set -e; for i in $(seq 30); do head -c 300000 /dev/urandom >/root/data.$i; "
         "sync; touch /root/begun; done; sha256sum /root/data.* >/root/sums && sync && "
         "touch /root/done && sync")
CHECK = "sha256sum --quiet -c /root/sums"
SECONDS = 300.0


def node_roots() -> Path:
    """The image with roots of node b."""
    with building():
        done = subprocess.run([str(ROOTS)], text=True, stdout=subprocess.PIPE, check=True,
                              timeout=2 * ROOT_S)
    return Path(done.stdout.splitlines()[-1])


@pytest.fixture(name="server")
def server_fixture(boot: Boot) -> Debian:
    """Node 0 alone, with the roots that it can serve below /srv."""
    roots = node_roots()
    disks = Extra().disk(OWN_DISK, roots.with_suffix(".disk"), snapshot=True)
    disks.disk(ROOTS_DISK, roots, snapshot=True)
    machine = boot(Debian, packages=PACKAGES, extra=disks.line)
    assert isinstance(machine, Debian)
    shell = machine.node()
    shell.run("mkdir -p /srv /var/lib/mint; for disk in /sys/block/vd*; do "
              f"case $(readlink $disk) in *:0{ROOTS_DISK}.0/*) "
              "mount /dev/${disk##*/} /srv;; esac; done; "
              "mount --bind /srv /var/lib/mint && chown nbd:nbd /srv/b.img")
    traffic.bring_up(shell, "10.77.0.1")
    return machine


def on_b(machine: Debian, command: str, check: bool = True) -> Result:
    """Runs a command of the shell on node b, which needs neither network nor console."""
    return machine.node().run(f"mint exec -n b -- sh -c {shlex.quote(command)}",
                              timeout=SECONDS, check=check)


def start(machine: Debian) -> None:
    """Starts node b, waits until its systemd has started everything, and notes how long."""
    node0 = machine.node()
    began = time.monotonic()
    node0.run("mint start b --timeout 240", timeout=SECONDS)
    init_s = time.monotonic() - began
    wait_running_there(node0, "b", SECONDS)
    with (machine.log_dir / "times").open("a", encoding="ascii") as times:
        times.write(f"init after {init_s:.0f} s, all after {time.monotonic() - began:.0f} s\n")
    # Root is logged in on the console.
    node0.poll("mint console --history b | grep -q root@b:", SECONDS)


def survives(machine: Debian, restart: str) -> None:
    """What node b writes while its server restarts is whole, also after b was killed."""
    node0 = machine.node()
    on_b(machine, "rm -f /root/begun /root/done")
    node0.run(f"mint exec -n b -- sh -c {shlex.quote(WRITE)} >/tmp/said 2>&1 &")
    node0.poll("mint exec -n b -- test -e /root/begun", SECONDS)
    node0.run(restart, timeout=SECONDS)
    node0.poll("mint exec -n b -- test -e /root/done", SECONDS)
    node0.run("mint kill b")
    start(machine)
    on_b(machine, CHECK)


def finish(machine: Debian) -> None:
    """Node b powers off by itself, and what was written for it is taken back."""
    node0 = machine.node()
    node0.run("mint stop b --timeout 120", timeout=SECONDS)
    node0.run("mint destroy b && mint new b --undo")
    for path in ("/etc/mint/b.conf", "/etc/exports.d/mint-b.exports",
                 "/etc/nbd-server/conf.d/mint-b.conf"):
        node0.run(f"test ! -e {path}")
    # With nothing to serve it has ended.
    node0.run("! bash -c 'exec 3<>/dev/tcp/127.0.0.1/10809' 2>/dev/null")


def test_a_root_by_nfs_outlives_its_server_and_its_node(server: Debian) -> None:
    node0 = server.node()
    node0.run("systemctl start nfs-server", timeout=SECONDS)
    node0.run("mkdir -p -m 700 /root/.ssh && "
              "ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519 && "
              "cat /root/.ssh/id_ed25519.pub >>/srv/b/root/.ssh/authorized_keys")
    node0.run(f"{NEW} --root /srv/b && mint create /etc/mint/b.conf", timeout=SECONDS)
    start(server)
    assert on_b(server, "findmnt -no FSTYPE /").output == "nfs4\n"
    ssh = "ssh -o StrictHostKeyChecking=no -o BatchMode=yes 10.77.0.2"
    assert "b\n" in node0.run(f"{ssh} hostname", timeout=SECONDS).output
    # Who uses a file while the server is away waits for it.
    node0.run("systemctl stop nfs-server", timeout=SECONDS)
    node0.run("mint exec -n b -- touch /root/waited >/tmp/said 2>&1 &")
    assert node0.run("mint list --json").status == 0 and not node0.run("cat /tmp/said").output
    node0.run("test ! -e /srv/b/root/waited && systemctl start nfs-server", timeout=SECONDS)
    node0.poll("test -e /srv/b/root/waited", SECONDS)
    survives(server, "systemctl restart nfs-server")
    finish(server)
    node0.run("test -e /srv/b/root/done")


def test_a_root_by_nbd_outlives_its_server_and_its_node(server: Debian) -> None:
    node0 = server.node()
    node0.run(f"{NEW} --nbd 1G && mint create /etc/mint/b.conf", timeout=SECONDS)
    start(server)
    assert on_b(server, "findmnt -no SOURCE,FSTYPE /").output.split() == ["/dev/nbd0", "ext4"]
    survives(server, "systemctl restart nbd-server")
    assert "I/O error" not in on_b(server, "dmesg").output
    finish(server)


def test_an_initramfs_is_anew_at_each_start(server: Debian) -> None:
    node0 = server.node()
    node0.run(f"{NEW} --initramfs && mint create /etc/mint/b.conf", timeout=SECONDS)
    start(server)
    on_b(server, "touch /root/kept")
    node0.run("mint kill b")
    start(server)
    on_b(server, "test ! -e /root/kept")
    finish(server)


def test_a_disk_of_its_own_is_given_unless_it_is_used(server: Debian) -> None:
    node0 = server.node()
    used = node0.run(f"{NEW} --disk 00:04.0", check=False)
    assert used.status == 1 and "disk 00:04.0 is in use: vda is mounted on /" in used.output
    file = server.node_file("b", "2-3", devices="00:04.0", initrd="")
    used = node0.run(f"mint create {file}", check=False)
    assert used.status == 1 and "that node 'node0' uses: vda is mounted on /" in used.output
    busy = node0.run(f"rm {file}; flock /etc/mint {NEW} --initramfs", check=False)
    assert busy.status == 4 and "another mint new is at work" in busy.output
    node0.run(f"{NEW} --disk 00:0{OWN_DISK}.0 && mint create {file}")
    start(server)
    survives(server, "true")
    finish(server)
