# SPDX-License-Identifier: GPL-2.0
"""
A QEMU machine whose nodes take commands.

The only place that knows QEMU's command line; the tests, the demo and the
interactive shell all start machines here. Node 0 is reached over serial
ports, the others through `mint console` on a serial port of node 0. All that
a port prints is in <log_dir>/<port>.log, whether or not anybody reads it.
"""

import base64
import ctypes
import itertools
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Dict, List, Optional, Pattern, Sequence, Tuple, Type

import splats
from building import building

TOP = Path(__file__).resolve().parent.parent
# The name of a kernel with checks of its own, see docs/testing.md; "" = none.
SANITIZE = os.environ.get("SANITIZE", "")
BUILD = TOP / "build" / SANITIZE
# The kernel of `make any` with its root.
ANY = BUILD / "any"
BZIMAGE = BUILD / "kernel/arch/x86/boot/bzImage"
ROOT = BUILD / "root.cpio"

# ttyS0 is node 0's console, ttyS1 its command channel.
PORTS = ("ttyS0", "ttyS1", "ttyS2", "ttyS3")
# Ports 3 and 4 must not share an interrupt with 1 and 2: it is edge-triggered.
PORT_IRQS = (4, 3, 5, 7)
NODE_PORTS = {"ttyS2", "ttyS3"}

# ERMS and FSRM make the kernel copy with `rep movsb`, which TCG runs byte by
# byte; LA57 would give kernels page tables of different depth. After CMPXCHG16B,
# TCG of QEMU 7.2 has flags that nobody has set: an interrupt there may bring TF.
CPU_FLAGS = "max,-erms,-fsrm,-la57,-cx16"

BOOT_SECONDS = 90.0
COMMAND_SECONDS = 60.0
SLOW_SHELL_SECONDS = 10.0
# Checks make a kernel slow, and so does an emulator in another machine: every
# deadline is so many times as far off.
PATIENCE = float(os.environ.get("PATIENCE", 3.0 if SANITIZE else 1.0))
START_SECONDS = round(30 * PATIENCE)
# They also make it large, and keep notes of each byte.
CHECKS_MB = {"kasan": 128, "kcsan": 64}.get(SANITIZE, 0)


def roomy(mb: int, nodes: int = 1) -> int:
    """Megabytes for so many nodes; more where their kernels have checks."""
    return mb + nodes * CHECKS_MB


def deadline_in(seconds: float) -> float:
    """The point in time until which something that takes so long may go on."""
    return time.monotonic() + PATIENCE * seconds


class MachineError(Exception):
    """Something went wrong between us and a node."""


class MachineVanished(MachineError):
    """QEMU ended without being asked to: reset, triple fault or crash."""


class CommandTimeout(MachineError):
    """A node did not answer in time."""


class CommandFailed(MachineError):
    """A command on a node returned another status than 0."""


class NodeLost(MachineError):
    """The console of a node ended while a command ran in it."""


@dataclass
class Result:
    """What a command printed (stdout and stderr) and returned."""

    output: str
    status: int


def _die_with_parent() -> None:
    # PR_SET_PDEATHSIG: no machine outlives the program that started it.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


# What a line adds to what is printed: carriage returns, and XOFF and XON of a tty that is
# typed to faster than it is read.
LINE_CONTROL = {ord(control): None for control in "\r\x11\x13"}


class Port:
    """A serial port of the machine: bytes in both directions."""

    def __init__(self, machine: "Machine", name: str) -> None:
        self.machine = machine
        self.name = name
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(machine.socket_path(name)))
        self.buffer = ""

    def send(self, text: str) -> None:
        """Types text; raises MachineVanished when nobody is there."""
        try:
            self.socket.sendall(text.encode())
        except OSError as error:
            raise MachineVanished(f"{self.name}: {error}") from error

    def receive(self, seconds: float) -> bool:
        """Waits for output and keeps it; False if there was none."""
        readable, _, _ = select.select([self.socket], [], [], max(seconds, 0))
        if not readable:
            return False
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise MachineVanished(f"{self.name}: QEMU has closed the line")
        self.buffer += data.decode(errors="replace").translate(LINE_CONTROL)
        return True

    def expect(self, pattern: "Pattern[str]",
               seconds: float) -> "Optional[re.Match[str]]":
        """Waits for pattern; what stands before and in it is consumed."""
        deadline = deadline_in(seconds)
        while True:
            match = pattern.search(self.buffer)
            if match:
                self.buffer = self.buffer[match.end():]
                return match
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.receive(left)

    def close(self) -> None:
        """Lets go of the port."""
        self.socket.close()


class Shell:
    """
    A shell of a node at the end of a port.

    Each command is sent in base64, so that no character of it means anything
    to the line, and its end is marked by a number used once, the name of the
    host that answers and the status. A shell that fell back to the node
    below it is recognised by the name.
    """

    numbers = itertools.count(1)
    CONTINUED = re.compile(r"(?:^|\n|\x1b\[\?2004h)> $")

    def __init__(self, port: Port, host: str) -> None:
        self.port = port
        self.host = host

    def attach(self, seconds: float) -> None:
        """Asks until the shell of the host answers."""
        deadline = deadline_in(seconds)
        first = next(self.numbers)
        while True:
            # An editing shell would add its own bytes to what we read, and
            # may swallow what is typed before the plain one has started; a
            # port that is just being opened swallows even the first line.
            # What it kept of such a line may have an open quote: Ctrl-C ends that.
            stop = "\x03" if self.CONTINUED.search(self.port.buffer) else ""
            self.port.send(f"{stop}\x15\nexport PS1= PS2=; exec sh\n")
            self._wait_quiet(deadline)
            number = next(self.numbers)
            self.port.send("PS1= PS2=; stty -echo -onlcr; H=$(hostname); "
                           f"[ \"$BASH\" ] || printf '\\n@%s:%s:%d@\\n' {number} \"$H\" 0\n")
            match = self.port.expect(self._mark(str(number)), 1.0)
            if not match and self._has_answered(first):
                # It is there, but slow: whatever else is typed keeps it behind. The
                # last question may be lost when the plain shell takes over, though.
                match = self.port.expect(self._mark(str(number)), SLOW_SHELL_SECONDS)
            if match and match["host"] == self.host:
                return
            if time.monotonic() > deadline:
                raise CommandTimeout(
                    f"no shell of {self.host} on {self.port.name} within "
                    f"{seconds:.0f} s, last: {self.port.buffer[-400:]!r}")

    def _has_answered(self, first: int) -> bool:
        """Has the shell of the host answered any question from the first on?"""
        return any(match["host"] == self.host and int(match["number"]) > first
                   for match in self._mark(r"\d+").finditer(self.port.buffer))

    def _wait_quiet(self, deadline: float) -> None:
        while self.port.receive(0.1) and time.monotonic() < deadline:
            pass

    @staticmethod
    def _mark(number: str) -> "Pattern[str]":
        return re.compile(rf"\n?@(?P<number>{number}):(?P<host>[^:@\n]*):"
                          r"(?P<status>\d+)@\n")

    def _finish(self, number: int, seconds: float) -> Result:
        deadline = deadline_in(seconds)
        mark = self._mark(str(number))
        anyone = self._mark(r"\d+")
        while True:
            text = self.port.buffer
            match = mark.search(text)
            if match:
                self.port.buffer = text[match.end():]
                output = anyone.sub("", text[:match.start()])
                if match["host"] != self.host:
                    raise NodeLost(f"{self.host} is gone, {match['host']} "
                                   f"answers: {output[-400:]!r}")
                return Result(output.lstrip("\n"), int(match["status"]))
            left = deadline - time.monotonic()
            if left <= 0:
                self.port.send("\x03")
                raise CommandTimeout(f"{self.host}: no end within "
                                     f"{seconds:.0f} s, printed {text[-800:]!r}")
            self.port.receive(left)

    def run(self, command: str, timeout: float = COMMAND_SECONDS,
            check: bool = True) -> Result:
        """Runs a command to its end; with check, another status raises."""
        number = self.start(command)
        result = self._finish(number, timeout)
        if check and result.status != 0:
            raise CommandFailed(f"{self.host}: {command!r} returned "
                                f"{result.status}: {result.output.strip()}")
        return result

    def start(self, command: str) -> int:
        """Sends a command without waiting for its end."""
        code = base64.b64encode(command.encode()).decode()
        number = next(self.numbers)
        pieces = [code[i:i + 800] for i in range(0, len(code), 800)]
        lines = ["C="] + [f"C=${{C}}{piece}" for piece in pieces]
        lines.append('eval "$(echo $C | base64 -d)"; '
                     f"printf '\\n@%s:%s:%d@\\n' {number} \"$H\" $?")
        self.port.send("\n".join(lines) + "\n")
        return number

    def poll(self, command: str, seconds: float) -> Result:
        """Runs a command again and again until it returns 0."""
        deadline = deadline_in(seconds)
        while True:
            result = self.run(command, check=False)
            if result.status == 0:
                return result
            if time.monotonic() > deadline:
                raise CommandTimeout(f"{self.host}: {command!r} still fails "
                                     f"after {seconds:.0f} s: {result.output}")


def qemu_accelerator() -> str:
    """KVM if it has booted our kernel once, otherwise TCG."""
    verdict = BUILD / "accelerator"
    with building():
        if not verdict.exists():
            usable = os.access("/dev/kvm", os.W_OK) and _kvm_boots()
            verdict.write_text("kvm" if usable else "tcg,thread=multi",
                               encoding="ascii")
        return verdict.read_text(encoding="ascii")


def _kvm_boots() -> bool:
    # A /dev/kvm that opens may still not run a kernel: believe a shell only.
    machine = Machine(BUILD / "test-logs/kvm-probe", mint=None,
                      accelerator="kvm")
    try:
        machine.start(10.0)
    except MachineError:
        return False
    finally:
        machine.kill()
    return True


class Extra:
    """
    Devices of a machine beyond its serial ports, each at a fixed PCI address
    ("4", or "4.1" for a function of several). Network cards with the same hub
    are joined by it, as by a switch without addresses.
    """

    def __init__(self) -> None:
        self.line: List[str] = []

    def nic(self, addr: str, hub: int, *, model: str = "virtio-net-pci",
            bus: str = "pcie.0") -> "Extra":
        """A network card."""
        name = f"{bus}-{addr}".replace(".", "-")
        number = sum(word == "-netdev" for word in self.line) + 1
        more = ",multifunction=on" if addr.endswith(".0") else ""
        # Without romfile QEMU looks for boot code that may not be installed.
        self.line += ["-netdev", f"hubport,id=net-{name},hubid={hub}", "-device",
                      f"{model},netdev=net-{name},bus={bus},addr={addr},romfile=,"
                      f"mac=52:54:00:00:00:{number:02x}{more}"]
        return self

    def outside(self, hub: int) -> "Extra":
        """A way out: 10.0.2.2 on the hub is the host's 127.0.0.1."""
        self.line += ["-netdev", "user,id=outside,restrict=off", "-netdev",
                      f"hubport,id=uplink,hubid={hub},netdev=outside"]
        return self

    def disk(self, addr: str, image: Path, options: str = "",
             snapshot: bool = False) -> "Extra":
        """A disk; its content is the file. Of a snapshot, the file does not change."""
        kind = "qcow2" if image.suffix == ".qcow2" else "raw"
        self.line += ["-drive", f"if=none,id=disk-{addr},format={kind},file={image}"
                      f"{',snapshot=on' if snapshot else ''}",
                      "-device", f"virtio-blk-pci,drive=disk-{addr},addr={addr}"
                      f"{options and ',' + options}"]
        return self

    def root_port(self, addr: str, name: str) -> "Extra":
        """A bridge; its bus has the given name."""
        self.line += ["-device", f"pcie-root-port,id={name},addr={addr},"
                      f"chassis={len(self.line)}"]
        return self


class Machine:
    """A machine with node 0 on it, and shells to its nodes."""

    def __init__(self, log_dir: Path, *, cpus: int = 4, memory: str = "4G",
                 mint: Optional[str] = "cpus=0-1,mem=512M,shm=64M",
                 append: str = "", build: Path = BUILD,
                 initrd: Optional[Path] = None,
                 accelerator: Optional[str] = None,
                 cpu: str = CPU_FLAGS, open_memory: bool = False,
                 qemu: str = "qemu-system-x86_64",
                 extra: Sequence[str] = ()) -> None:
        self.log_dir = log_dir
        self.cpus = cpus
        self.memory = memory
        # On a host with much to do, the emulated timer may miss the few ticks
        # in which the kernel tries whether it works, and panics if not; and a
        # CPU that has stood still takes the TSC for unstable, which it is not.
        self.append = ("console=ttyS0 hostname=node0 panic=-1 no_timer_check "
                       f"tsc=nowatchdog {append}")
        if mint is not None:
            self.append += f" mint={mint}"
        self.kernel = build / "kernel"
        self.initrd = initrd or build / "root.cpio"
        self.accelerator = accelerator
        self.cpu = cpu
        self.open_memory = open_memory
        self.qemu = qemu
        self.extra = list(extra)
        self.process: "Optional[subprocess.Popen[bytes]]" = None
        self.shells: Dict[str, Shell] = {}
        self.ports: Dict[str, Port] = {}
        self.expected: List["Pattern[str]"] = []
        self.ended = False
        # A test on it has failed: what it leaves is not what others expect.
        self.spoiled = False
        # Memory in a file of a disk would be written there all the time.
        self._sockets = Path(tempfile.mkdtemp(
            prefix="mint-", dir="/dev/shm" if open_memory else None))

    def __enter__(self) -> "Machine":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]],
                 value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.kill()

    def socket_path(self, port: str) -> Path:
        """Where a serial port of the machine listens."""
        return self._sockets / port

    def memory_path(self) -> Path:
        """
        With open_memory, a file that is the machine's memory: the byte of
        each physical address below 2 GB lies there.
        """
        return self._sockets / "memory"

    def command_line(self) -> List[str]:
        """QEMU with all its arguments."""
        line = [self.qemu, "-machine", "q35",
                "-accel", self.accelerator or qemu_accelerator(),
                "-cpu", self.cpu, "-smp", str(self.cpus), "-m", self.memory,
                "-nodefaults", "-display", "none", "-no-reboot",
                "-kernel", str(self.kernel / "arch/x86/boot/bzImage"),
                "-initrd", str(self.initrd),
                "-append", self.append,
                "-monitor", f"unix:{self.socket_path('monitor')},server=on,wait=off"]
        if self.open_memory:
            line += ["-machine", "memory-backend=ram", "-object",
                     f"memory-backend-file,id=ram,size={self.memory},"
                     f"share=on,mem-path={self.memory_path()}"]
        for index, port in enumerate(PORTS):
            line += ["-chardev", f"socket,path={self.socket_path(port)},"
                     f"server=on,wait=off,id={port},"
                     f"logfile={self.log_dir / (port + '.log')}",
                     "-device", f"isa-serial,chardev={port},index={index},"
                     f"irq={PORT_IRQS[index]}"]
        return line + self.extra

    def launch(self) -> None:
        """Starts QEMU, keeps its command line beside the logs, and waits for its ports."""
        shutil.rmtree(self.log_dir, ignore_errors=True)
        self.log_dir.mkdir(parents=True, exist_ok=True)
        line = self.command_line()
        (self.log_dir / "command").write_text(shlex.join(line) + "\n",
                                              encoding="utf-8")
        with open(self.log_dir / "qemu.log", "wb") as log:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
                line, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=_die_with_parent)
        deadline = deadline_in(BOOT_SECONDS)
        while not self.socket_path(PORTS[-1]).exists():
            self.check_alive()
            if time.monotonic() > deadline:
                raise MachineVanished("QEMU has not opened its ports")
            time.sleep(0.01)

    def start(self, seconds: float = BOOT_SECONDS, host: str = "node0") -> None:
        """Starts QEMU and waits for the shell of node 0, or of what else it boots."""
        self.launch()
        shell = self._attach("ttyS1", host, seconds)
        self.shells[host] = shell
        if CHECKS_MB:
            shell.run(f"sed -i 's/^memory = 256M/memory = {roomy(256)}M/' /etc/mint/*.conf")

    def _attach(self, port: str, host: str, seconds: float) -> Shell:
        if port not in self.ports:
            self.ports[port] = Port(self, port)
        shell = Shell(self.ports[port], host)
        shell.attach(seconds)
        return shell

    def node(self, name: str = "node0") -> Shell:
        """The shell of a node by its name."""
        return self.shells[name]

    def node_shell(self, name: str, seconds: float = BOOT_SECONDS) -> Shell:
        """Opens the console of a node on a free port of node 0."""
        if name in self.shells:
            return self.shells[name]
        used = {shell.port.name for shell in self.shells.values()}
        port = min(NODE_PORTS - used)
        below = self._attach(port, "node0", seconds)
        below.port.send(f"mint console {name}\n")
        shell = self.shells[name] = self._attach(port, name, seconds)
        # The kernel's messages would stand amid the output of commands;
        # a panic still reaches the console, and the log keeps them all.
        shell.run("dmesg -n 1")
        return shell

    def node_file(self, name: str, cpus: str, **keys: str) -> str:
        """Writes a node file on node 0; its path. A key of "" is left out."""
        values = {"name": name, "cpus": cpus, "memory": f"{roomy(128)}M",
                  "kernel": "/boot/bzImage", "initrd": "/boot/node.cpio",
                  "cmdline": f"console=hvc0 hostname={name}", **keys}
        path = f"/etc/mint/{name}.conf"
        lines = "".join(f"{key} = {value}\n" for key, value in values.items() if value)
        self.node().run(f"printf '[node]\n{lines}' >{path}")
        return path

    def start_node(self, name: str, seconds: float = BOOT_SECONDS) -> Shell:
        """Creates the node of /etc/mint/NAME.conf, starts it, opens it."""
        node0 = self.node()
        node0.run(f"mint create /etc/mint/{name}.conf")
        node0.run(f"mint start {name} --timeout {START_SECONDS}", timeout=seconds)
        return self.node_shell(name, seconds)

    def close_shell(self, name: str, seconds: float = 10.0) -> None:
        """Waits until the console of a node that has ended lets go."""
        shell = self.shells.pop(name)
        Shell(shell.port, "node0").attach(seconds)

    def tell_qemu(self, command: str) -> str:
        """Gives QEMU's monitor a command; what it says, when it was taken."""
        answer = b""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(COMMAND_SECONDS)
            line.connect(str(self.socket_path("monitor")))
            line.sendall(f"{command}\n".encode())
            # One prompt before the command, one after it; none if QEMU ends.
            while answer.count(b"(qemu)") < 2:
                part = line.recv(4096)
                if not part:
                    break
                answer += part
        return answer.decode(errors="replace")

    def is_alive(self) -> bool:
        """Does QEMU run?"""
        return self.process is not None and self.process.poll() is None

    def check_alive(self) -> None:
        """Raises MachineVanished if QEMU has ended."""
        assert self.process is not None
        status = self.process.poll()
        if status is not None:
            raise MachineVanished(f"QEMU has ended with status {status}")

    def wait_exit(self, seconds: float = 30.0) -> int:
        """Waits until QEMU ends by itself; its exit status."""
        assert self.process is not None
        deadline = deadline_in(seconds)
        for port in list(self.ports.values()):
            try:
                while time.monotonic() < deadline:
                    port.receive(deadline - time.monotonic())
            except MachineVanished:
                pass
        try:
            status = self.process.wait(max(deadline - time.monotonic(), 1.0))
        except subprocess.TimeoutExpired as error:
            raise CommandTimeout("QEMU still runs") from error
        self.ended = True
        return status

    def expect_splat(self, pattern: str) -> None:
        """Declares console lines that would otherwise fail the test."""
        self.expected.append(re.compile(pattern))

    def logs(self) -> List[Path]:
        """All logs of consoles and kernels."""
        return sorted(self.log_dir.glob("*.log"))

    def splats(self) -> List[Tuple[str, str]]:
        """Undeclared bad lines as (log, line)."""
        bad = []
        for log in self.logs():
            for line in splats.find(log.read_text("utf-8", "replace"),
                                    self.kernel):
                if not any(pattern.search(line) for pattern in self.expected):
                    bad.append((log.name, line))
        return bad

    def read_physical(self, address: int, count: int) -> bytes:
        """Memory of the machine, whatever its nodes do."""
        copy = self._sockets / "copy"
        self.tell_qemu(f'pmemsave {address:#x} {count:#x} "{copy}"')
        return copy.read_bytes()

    def kill(self) -> None:
        """Ends QEMU, whatever it does."""
        for port in self.ports.values():
            port.close()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self._sockets, ignore_errors=True)
