# SPDX-License-Identifier: GPL-2.0
"""
A node that can do without node 0: it has the images to start others with in
its own root, and a UART of its own, so that its shell outlives node 0.
"""

from machine import Machine, Port, Shell

UART = "ttyS3"
SECONDS = 60.0
# An initramfs is a chain of archives: images for a node that starts others.
IMAGES = ("(cd / && find boot etc/mint | cpio -o -H newc) 2>/dev/null | "
          "cat /boot/node.cpio - >/tmp/images.cpio")
# What a user would do: an initramfs is a chain of archives, later ones win.
MAKE = f"""
mkdir -p /tmp/own/etc && cd /tmp/own &&
printf '%s\\n' ::sysinit:/etc/rc hvc0::respawn:-/bin/bash \\
	{UART}::respawn:-/bin/sh >etc/inittab &&
{{ cat /boot/node.cpio; (cd / && find boot etc/mint | cpio -o -H newc);
   echo etc/inittab | cpio -o -H newc; }} >/tmp/manager.cpio 2>/dev/null &&
sed -e 's,^initrd.*,initrd = /tmp/manager.cpio,' \\
    -e 's,^cmdline.*,& mint_uart={UART[-1]},' /etc/mint/b.conf >/tmp/b.conf
"""

# A node file for node 0, by which others start it.
NODE0_CONF = """
printf '%s\\n' '[node]' 'name = node0' 'cpus = 0-1' 'memory = 256M' 'kernel = /boot/bzImage' \\
	'initrd = /boot/node.cpio' 'cmdline = console=hvc0 hostname=node0' >/tmp/node0.conf
"""

# Node 0's init must not open the port again.
LET_GO = f"""
sed -i /{UART}/d /etc/inittab && kill -HUP 1
for process in /proc/[0-9]*; do
	[ "$(readlink $process/fd/0)" != /dev/{UART} ] || kill -9 ${{process#/proc/}}
done
"""


def start_manager(machine: Machine) -> Shell:
    """Creates and starts node b of that kind; its shell is on its own UART."""
    shell = machine.node()
    shell.run(MAKE)
    shell.run(LET_GO)
    shell.run("mint create /tmp/b.conf && mint start b", timeout=SECONDS)
    wait_uart(shell, "b")
    return open_uart(machine, "b")


def wait_uart(shell: Shell, name: str) -> None:
    """
    Waits until a node has taken its UART. That clears what has come before, and
    QEMU, which was told to wait, may then read no more of the line for minutes.
    """
    shell.poll(f"mint exec {name} -- grep -q '^{UART[-1]}:.*DTR' /proc/tty/driver/serial",
               SECONDS)


def open_uart(machine: Machine, name: str) -> Shell:
    """Opens the shell that a node has on the UART."""
    if UART not in machine.ports:
        machine.ports[UART] = Port(machine, UART)
    shell = machine.shells[name] = Shell(machine.ports[UART], name)
    shell.attach(SECONDS)
    shell.run("dmesg -n 1")
    return shell
