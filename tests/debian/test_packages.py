# SPDX-License-Identifier: GPL-2.0
"""
The packages mint and mint-dev in a Debian root: what is in them, what lintian says, and
what installing, setting up, removing and purging them changes, with the GRUB and the
kernel-install of Debian. `make packages` has to be done before.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, Generator, List

import pytest
from building import building
from file_tree import FileTree

TOP = Path(__file__).resolve().parent.parent.parent
PACKAGES = TOP / "build/packages"
TREE = TOP / "build/debian/packages.root"
INCLUDE = ("systemd-sysv", "udev", "kmod", "grub2-common", "grub-efi-amd64-bin", "iproute2")
TREE_S = 1500
TIMEOUT_S = 300
VALUE = "cpus=0,mem=1G,shm=128M"
# What dpkg, ldconfig and GRUB keep for themselves.
OTHERS = re.compile(r"/(var/lib/dpkg|var/log|var/cache|etc/ld\.so\.cache|tmp|run)(/|$)")
# GRUB asks this for the devices of a real machine.
PROBE = """#!/bin/sh
case "$*" in
*--target=device*) echo /dev/vda1 ;;
*--target=fs_uuid*) echo 01234567-89ab-cdef-0123-456789abcdef ;;
*--target=partuuid*) echo 01234567-01 ;;
*--target=fs*) echo ext2 ;;
*--target=abstraction*) ;;
*) echo pc ;;
esac
"""


def package(name: str) -> Path:
    """The file of a package."""
    found = list(PACKAGES.glob(f"{name}_*.deb"))
    assert len(found) == 1, f"{found}. Try: make packages"
    return found[0]


def run(*words: object, code: int = 0) -> str:
    """A program's output, good or bad."""
    done = subprocess.run([str(word) for word in words], text=True, timeout=TIMEOUT_S, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == code, f"{words}\n{done.stdout}"
    return done.stdout


def make_tree() -> None:
    """Fetches and installs a Debian, once."""
    if TREE.exists():
        return
    TREE.parent.mkdir(parents=True, exist_ok=True)
    script = ('. scripts/apt-here; fetching >"$1.conf"; mmdebstrap --variant=minbase '
              '--include="$2" --aptopt="$1.conf" --dpkgopt=force-unsafe-io bookworm '
              '"$1.new" - < <(sources) && mv "$1.new" "$1"')
    done = subprocess.run(["bash", "-euc", script, "bash", str(TREE), ",".join(INCLUDE)], cwd=TOP,
                          text=True, capture_output=True, timeout=TREE_S, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


class Root(FileTree):
    """A Debian root of one's own."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.kernel("6.1.0-40-amd64", "# CONFIG_MINT is not set")
        self.kernel("6.12.117-mint", "CONFIG_MINT=y")
        self.put("usr/sbin/grub-probe", PROBE, 0o755)
        self.put("etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=quiet\nGRUB_CMDLINE_LINUX=\n")
        self.put("etc/machine-id", "0123456789abcdef0123456789abcdef\n")
        self.put("etc/kernel/cmdline", "root=/dev/vda1 ro\n")
        (path / "boot/grub").mkdir()
        self.run("update-grub")

    def run(self, *words: str, code: int = 0) -> str:
        """Runs a program of the root."""
        return run("chroot", self.path, "env", "-i", "PATH=/usr/sbin:/usr/bin", "LC_ALL=C.UTF-8",
                   *words, code=code)

    def install(self) -> None:
        """Installs the package."""
        shutil.copy(package("mint"), self.path / "tmp/mint.deb")
        self.run("dpkg", "-i", "/tmp/mint.deb")
        (self.path / "tmp/mint.deb").unlink()

    def files(self) -> Dict[str, str]:
        """All files, with what is in those that people or loaders read."""
        found = {}
        for path in self.path.rglob("*"):
            name = "/" + str(path.relative_to(self.path))
            if OTHERS.match(name):
                continue
            found[name] = path.read_text("latin1") if path.is_file() and not path.is_symlink() \
                and name.startswith(("/boot/", "/etc/")) else ""
        return found

    def lines(self, kernel: str) -> List[str]:
        """The command lines that GRUB gives to a kernel, in order: the last is recovery's."""
        config = (self.path / "boot/grub/grub.cfg").read_text("utf-8")
        return re.findall(rf"^\s*linux\s+/boot/vmlinuz-{re.escape(kernel)}\s+(.*?)\s*$", config,
                          re.MULTILINE)

    def entry(self, release: str) -> str:
        """What systemd-boot gives to a kernel."""
        path = next((self.path / "boot/efi/loader/entries").glob(f"*-{release}.conf"))
        return next(line.split(maxsplit=1)[1] for line in
                    path.read_text("utf-8").splitlines() if line.startswith("options"))


@pytest.fixture(name="root")
def root_fixture(tmp_path: Path) -> Generator[Root, None, None]:
    """A root with two kernels and GRUB; what is changed in it lies in a folder above it."""
    with building():
        make_tree()
    for name in ("changed", "work", "root"):
        (tmp_path / name).mkdir()
    run("mount", "-t", "overlay", "overlay", "-o",
        f"lowerdir={TREE},upperdir={tmp_path}/changed,workdir={tmp_path}/work", tmp_path / "root")
    try:
        yield Root(tmp_path / "root")
    finally:
        run("umount", tmp_path / "root")
        shutil.rmtree(tmp_path)


def contents(name: str) -> List[str]:
    """The files of a package."""
    return [line.split()[5][1:] for line in
            run("dpkg-deb", "--contents", package(name)).splitlines() if line[0] != "d"]


def test_the_packages_have_what_they_are_for() -> None:
    files = contents("mint")
    for name in ("/usr/sbin/mint", "/usr/lib/mint/update-loader", "/usr/lib/mint/node-service",
                 "/usr/share/man/man8/mint.8.gz", "/usr/share/man/man5/mint.conf.5.gz",
                 "/usr/share/bash-completion/completions/mint",
                 "/usr/share/doc/mint/examples/b.conf", "/lib/systemd/system/mint@.service",
                 "/etc/default/grub.d/mint.cfg"):
        assert name in files, files
    assert not [name for name in files if name.startswith("/usr/include")]
    assert {Path(name).name for name in contents("mint-dev")
            if name.startswith("/usr/include/mint/")} == {
                path.name for path in (TOP / "include/mint").glob("*.h")}


def test_the_kernels_packages_have_a_kernel_with_mint_and_its_modules(root: Root) -> None:
    image = next(PACKAGES.glob("linux-image-*-mint_*.deb"))
    release = re.sub(r"linux-image-(.*-mint)_.*", r"\1", image.name)
    assert list(PACKAGES.glob(f"linux-headers-{release}_*.deb"))
    run("dpkg-deb", "--extract", image, root.path)
    assert (root.path / f"boot/vmlinuz-{release}").stat().st_size > 1 << 20
    config = (root.path / f"boot/config-{release}").read_text("utf-8")
    assert {"CONFIG_MINT=y", "CONFIG_VNI=y"} <= set(config.splitlines())
    assert list((root.path / f"lib/modules/{release}/kernel").rglob("*.ko*"))


def test_the_version_is_that_of_the_command(root: Root) -> None:
    root.install()
    version = run("dpkg-deb", "-f", package("mint"), "Version").strip()
    assert root.run("mint", "version").splitlines()[0] == f"mint {version}"


def test_the_command_runs_in_any_root(root: Root) -> None:
    run("dpkg-deb", "--extract", package("mint"), root.path / "other")
    assert run("chroot", root.path / "other", "/usr/sbin/mint", "version").startswith("mint ")


def test_lintian_has_nothing_to_say() -> None:
    said = run("lintian", "--allow-root", package("mint"), package("mint-dev"))
    assert [line for line in said.splitlines() if line[:2] in ("E:", "W:")] == []


def test_install_remove_and_purge_leave_the_files_as_they_were(root: Root) -> None:
    before = root.files()
    root.install()
    assert (root.path / "usr/sbin/mint").exists() and root.files() != before
    root.run("dpkg", "--remove", "mint")
    root.run("dpkg", "--purge", "mint")
    after = root.files()
    assert sorted(set(after) ^ set(before)) == []
    assert {name for name in after if after[name] != before[name]} == set()


def test_nothing_is_told_to_the_loader_before_setup(root: Root) -> None:
    before = {name: text for name, text in root.files().items() if name.startswith("/boot/")}
    root.install()
    root.run("update-grub")
    after = root.files()
    assert {name: after[name] for name in before} == before
    assert "/etc/default/mint" not in after
    assert root.run("systemctl", "is-enabled", "mint.target") == "enabled\n"


def test_grub_gives_the_value_to_all_but_recovery(root: Root) -> None:
    root.install()
    said = root.run("mint", "setup", f"--write={VALUE}", "--force")
    assert "GRUB: update-grub" in said and "reboot into 6.12.117-mint" in said
    for release in ("6.12.117-mint", "6.1.0-40-amd64"):
        *usual, recovery = root.lines(release)
        assert usual and all(line.endswith(f" quiet mint={VALUE}") for line in usual)
        assert recovery.endswith("ro single")
    root.run("mint", "setup", "--undo")
    assert "mint=" not in (root.path / "boot/grub/grub.cfg").read_text("utf-8")


def test_removal_takes_the_value_from_the_loader_and_install_gives_it_back(root: Root) -> None:
    config = root.path / "boot/grub/grub.cfg"
    before = config.read_text("utf-8")
    root.install()
    root.run("mint", "setup", f"--write={VALUE}", "--force")
    assert config.read_text("utf-8") != before
    root.run("dpkg", "--remove", "mint")
    assert config.read_text("utf-8") == before
    assert (root.path / "etc/default/mint").exists()
    root.run("update-grub")
    assert config.read_text("utf-8") == before
    root.install()
    assert f"mint={VALUE}" in config.read_text("utf-8")
    root.run("dpkg", "--purge", "mint")
    assert config.read_text("utf-8") == before
    assert not (root.path / "etc/default/mint").exists()
    assert not (root.path / "etc/mint").exists()


def test_node_files_survive_a_purge(root: Root) -> None:
    root.install()
    root.put("etc/mint/b.conf", "[node]\n")
    root.run("dpkg", "--purge", "mint")
    assert (root.path / "etc/mint/b.conf").exists()


def test_an_upgrade_keeps_the_value(root: Root) -> None:
    root.install()
    root.run("mint", "setup", f"--write={VALUE}", "--force")
    before = (root.path / "boot/grub/grub.cfg").read_text("utf-8")
    root.install()
    assert (root.path / "boot/grub/grub.cfg").read_text("utf-8") == before


def test_a_loader_that_fails_does_not_keep_the_package(root: Root) -> None:
    root.install()
    root.run("mint", "setup", f"--write={VALUE}", "--force")
    root.put("usr/sbin/update-grub", "#!/bin/sh\nexit 1\n", 0o755)
    said = root.run("dpkg", "--remove", "mint")
    assert "mint: the loader may still give mint=. Try: update-grub" in said
    assert not (root.path / "usr/sbin/mint").exists()


def test_systemd_boot_gives_the_value_to_kernels_with_mint(root: Root) -> None:
    shutil.rmtree(root.path / "boot/grub")
    (root.path / "boot/efi/loader/entries").mkdir(parents=True)
    root.put("etc/kernel/install.conf", "layout=bls\nBOOT_ROOT=/boot/efi\n")
    root.install()
    for release in ("6.12.117-mint", "6.1.0-40-amd64"):
        root.run("kernel-install", "add", release, f"/boot/vmlinuz-{release}")
        assert "mint=" not in root.entry(release)
    said = root.run("mint", "setup", f"--write={VALUE}", "--force")
    assert "systemd-boot: kernel-install add 6.12.117-mint" in said
    assert root.entry("6.12.117-mint").endswith(f" mint={VALUE}")
    assert "mint=" not in root.entry("6.1.0-40-amd64")
    root.run("dpkg", "--remove", "mint")
    assert "mint=" not in root.entry("6.12.117-mint")


def test_units_make_sense_to_systemd(root: Root) -> None:
    root.install()
    said = root.run("systemd-analyze", "verify", "--man=no", "mint.target", "mint@b.service",
                    "mint-network.service", "mint-supervise.service")
    assert said == "", said
