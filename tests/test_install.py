# SPDX-License-Identifier: GPL-2.0
"""make install, the manual pages and the completion against the command's own help."""

import os
import re
import subprocess
from pathlib import Path
from typing import List, Optional, Set

import pytest
from mint_command import ROOT, TIMEOUT_S, Mint, command_fixture, mint_fixture, two_nodes
from region_image import Node

__all__ = ["command_fixture", "mint_fixture"]
INSTALLED = {
    "sbin/mint", "share/man/man8/mint.8", "share/man/man5/mint.conf.5",
    "share/bash-completion/completions/mint",
    *(f"lib/mint/{path.name}" for path in (ROOT / "boot/mint-loader/lib").iterdir()),
    "lib/mint/apt-here",
    *(f"include/mint/{name}.h"
      for name in ("abi", "atomic", "boot", "bypass", "control", "dev", "domain", "extent",
                   "lock", "part", "state", "vni"))}
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def run(*words: object) -> str:
    """A program's output; it succeeds and says nothing else."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          timeout=TIMEOUT_S, check=False, env=dict(os.environ, LC_ALL="C.UTF-8"))
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


@pytest.fixture(name="installed", scope="module")
def installed_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What make install puts under /usr."""
    folder = tmp_path_factory.mktemp("destination")
    run("make", "-C", ROOT, "install", f"DESTDIR={folder}", "PREFIX=/usr")
    assert [path.name for path in folder.iterdir()] == ["usr"]
    return folder / "usr"


def verbs_of(mint: Mint) -> List[str]:
    """The verbs, as mint --help tells them."""
    return re.findall(r"^  ([a-z][a-z-]*) ", mint("--help").out, re.MULTILINE)


def options_of(mint: Mint, *words: str) -> Set[str]:
    """The options, as the help tells them."""
    lines = [line for line in mint(*words, "--help").out.splitlines() if line.startswith("  -")]
    return {option for line in lines for option in OPTION.findall(line[:18])}


def test_install_leaves_these_files_and_no_others(installed: Path) -> None:
    found = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.is_file()}
    assert found == INSTALLED
    assert "mint " in run(installed / "sbin/mint", "version")
    assert "not a dynamic executable" in subprocess.run(
        ["ldd", installed / "sbin/mint"], capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("page", ["man8/mint.8", "man5/mint.conf.5"])
def test_a_manual_page_renders_without_warnings(installed: Path, page: str) -> None:
    text = run("man", "--warnings", "-E", "UTF-8", "-l", installed / "share/man" / page)
    assert "NAME" in text and "EXAMPLE" in text


def test_the_manual_has_every_verb_and_option_and_no_other(mint: Mint) -> None:
    source = (ROOT / "docs/man/mint.8.scd").read_text("utf-8")
    verbs = source.split("# VERBS")[1].split("\n# ")[0]
    assert re.findall(r"^\*([a-z-]+)\*", verbs, re.MULTILINE) == verbs_of(mint)
    options = source.split("# OPTIONS")[1].split("\n# ")[0]
    heads = [line for line in options.splitlines() if line.startswith("*-")]
    every = set[str]().union(*(options_of(mint, verb) for verb in verbs_of(mint)))
    assert {option for line in heads for option in OPTION.findall(line)} == \
        every | options_of(mint)


def test_the_manual_has_every_key_of_a_node_file_and_no_other(mint: Mint, tmp_path: Path) -> None:
    source = (ROOT / "docs/man/mint.conf.5.scd").read_text("utf-8")
    keys = source.split("# KEYS")[1].split("\n# ")[0]
    (tmp_path / "b.conf").write_text("[node]\nno-such-key = 1\n", encoding="ascii")
    known = mint("check", tmp_path / "b.conf").err.split("known: ")[1].split()
    assert re.findall(r"^\*([a-z]+)\*", keys, re.MULTILINE) == known


def completions(command: Path, folder: Path, *words: str, region: Optional[Path] = None
                ) -> Set[str]:
    """What bash offers for the last of these words."""
    line = ["mint", *(["--region", str(region)] if region else []), *words]
    script = (f"source {ROOT}/scripts/completion/mint; PATH={command.parent}:$PATH;"
              'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mint; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, "bash", *line], cwd=folder, text=True, check=True,
                          capture_output=True, timeout=TIMEOUT_S)
    assert done.stderr == ""
    return set(done.stdout.split())


def test_completion_offers_every_verb_and_option_and_no_other(
        mint: Mint, command: Path, tmp_path: Path) -> None:
    verbs = verbs_of(mint)
    assert completions(command, tmp_path, "") == set(verbs)
    assert completions(command, tmp_path, "st") == {verb for verb in verbs if verb[:2] == "st"}
    assert completions(command, tmp_path, "-") == options_of(mint) | {"-h"}
    for verb in verbs:
        assert completions(command, tmp_path, verb, "-") == options_of(mint, verb)
    assert completions(command, tmp_path, "start", "--no") == {"--no-wait"}


def test_completion_offers_live_names_and_files(mint: Mint, command: Path,
                                                tmp_path: Path) -> None:
    region = two_nodes()
    region.nodes[2] = Node(b"base")
    assert mint("list", "--names", region=region).out == "node0\nb\nbase\n"
    saved = tmp_path / "region"
    (tmp_path / "b.conf").write_text("", encoding="ascii")
    for verb in ("start", "show", "log", "console", "exec", "stop", "kill", "destroy",
                 "sysrq"):
        assert completions(command, tmp_path, verb, "b", region=saved) == {"b", "base"}
        assert completions(command, tmp_path, verb, "", region=saved) == {"node0", "b", "base"}
    (tmp_path / "saved").mkdir()
    assert completions(command, tmp_path, "check-machine", "--root", "") == {"saved"}
    for words in (("check", ""), ("create", ""), ("start", "--file", ""), ("--region", "")):
        assert completions(command, tmp_path, *words, region=saved) >= {"b.conf", "region"}
    assert completions(command, tmp_path, "start", "--timeout", "", region=saved) == set()
    assert completions(command, tmp_path, "start", "--wait", "") == {"init", "running"}
    assert completions(command, tmp_path, "list", "", region=saved) == set()
