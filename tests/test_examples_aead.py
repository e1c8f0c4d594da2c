# SPDX-License-Identifier: GPL-2.0
"""crypto/bpf_crypto_aead.c: what programs of BPF get of ciphers that authenticate."""

from typing import Tuple

import pytest
from conftest import Shared
from machine import Machine
from examples.place import options

TAG = 16
UNTOUCHED = "aa"
IV = "00" * 12
# The second case of the paper that defines GCM, and its first, which has no text.
KEY, TEXT = "00" * 16, "00" * 16
SEALED = "0388dace60b6a392f328c2b971b2fe78" + "ab6e47d42cec13bdf53a67b21257bddf"
SEALED_NOTHING = "58e2fccefa7e3061367f1d57a4e7455a"
CIPHER = ("aead", "'gcm(aes)'", KEY, TAG)
FORGED, INVALID = "Bad message", "Invalid argument"
NOT_THERE, UNKNOWN_TYPE = "Operation not supported", "No such file or directory"


@pytest.fixture(name="machine")
def machine_fixture(request: pytest.FixtureRequest, shared: Shared) -> Machine:
    """Node 0 alone."""
    return shared.lend(request.node, lambda machine: None, **options())


def crypt(  # pylint: disable=too-many-arguments
        machine: Machine, direction: str, source: str, length: int, initial: str = IV,
        cipher: Tuple[object, ...] = CIPHER) -> Tuple[str, str]:
    """What a call returned, and the destination of that length."""
    output = machine.node().run(
        " ".join(map(str, ["aead", *cipher, direction, initial or "-", source or "-",
                           length]))).output.strip()
    result, _, destination = output.partition(":")
    return result, destination.strip()


def flipped(text: str, byte: int) -> str:
    """The same with another byte somewhere."""
    at = 2 * byte
    return f"{text[:at]}{int(text[at:at + 2], 16) ^ 0x40:02x}{text[at + 2:]}"


def test_text_is_encrypted_with_its_tag_behind_it(machine: Machine) -> None:
    assert crypt(machine, "encrypt", TEXT + "ff" * TAG, 32) == ("done", SEALED)
    assert crypt(machine, "encrypt", "ff" * TAG, 16) == ("done", SEALED_NOTHING)


def test_text_is_decrypted_and_nothing_is_written_behind_it(machine: Machine) -> None:
    assert crypt(machine, "decrypt", SEALED, 40) == ("done", TEXT + UNTOUCHED * 24)
    assert crypt(machine, "decrypt", SEALED_NOTHING, 16) == ("done", UNTOUCHED * 16)


@pytest.mark.parametrize("length", [1, 15, 17, 600, 4096 - 16])
def test_what_was_encrypted_comes_back(machine: Machine, length: int) -> None:
    text = "".join(f"{at * 7 % 256:02x}" for at in range(length))
    result, sealed = crypt(machine, "encrypt", text + "00" * TAG, length + TAG, "0a" * 12)
    assert result == "done" and sealed[:2 * length] != text
    assert crypt(machine, "decrypt", sealed, length + TAG, "0a" * 12) == (
        "done", text + UNTOUCHED * TAG)


@pytest.mark.parametrize("byte", [0, 15, 16, 31])
def test_a_forged_text_or_tag_leaves_the_destination_alone(machine: Machine, byte: int) -> None:
    assert crypt(machine, "decrypt", flipped(SEALED, byte), 32) == (FORGED, UNTOUCHED * 32)


def test_another_nonce_or_key_or_length_is_forged(machine: Machine) -> None:
    for initial, key, source in ((flipped(IV, 11), KEY, SEALED), (IV, flipped(KEY, 0), SEALED),
                                 (IV, KEY, SEALED[:-2]), (IV, KEY, SEALED + "00")):
        assert crypt(machine, "decrypt", source, 40, initial,
                     ("aead", "'gcm(aes)'", key, TAG)) == (FORGED, UNTOUCHED * 40)


@pytest.mark.parametrize("direction", ["encrypt", "decrypt"])
def test_lengths_that_cannot_be_are_refused(machine: Machine, direction: str) -> None:
    for source, length, initial in (
            ("00" * (TAG - 1), 32, IV),         # no room for the tag
            ("", 32, IV), (SEALED, 0, IV), (SEALED, 31, IV),
            (SEALED, 32, ""), (SEALED, 32, IV[:-2]), (SEALED, 32, IV + "00")):
        assert crypt(machine, direction, source, length, initial) == (
            INVALID, UNTOUCHED * length), (source, length, initial)


@pytest.mark.parametrize("kind, algorithm, key, tag, why", [
    ("aead", "gcm(aes)", KEY, 0, NOT_THERE),        # a tag of no length
    ("aead", "gcm(aes)", KEY, 17, INVALID),
    ("aead", "gcm(aes)", KEY, 3, INVALID),
    ("aead", "gcm(aes)", KEY[:-2], TAG, INVALID),
    ("aead", "gcm(aes)", "-", TAG, INVALID),
    ("aead", "gcm(none)", KEY, TAG, NOT_THERE),
    ("aead", "ecb(aes)", KEY, TAG, NOT_THERE),      # it does not authenticate
    ("aead", "cryptd(gcm(aes))", KEY, TAG, NOT_THERE),  # it ends later
    ("skcipher", "ecb(aes)", KEY, TAG, NOT_THERE),  # as before: it has no tag
    ("hash", "sha256", KEY, TAG, UNKNOWN_TYPE),
])
def test_ciphers_that_cannot_be_are_refused(  # pylint: disable=too-many-arguments
        machine: Machine, kind: str, algorithm: str, key: str, tag: int, why: str) -> None:
    assert crypt(machine, "encrypt", TEXT, 16, IV, (kind, f"'{algorithm}'", key, tag)) == (
        "no cipher", why)


def test_shorter_tags_and_the_other_type_work(machine: Machine) -> None:
    short = SEALED[:32 + 2 * 12]
    assert crypt(machine, "decrypt", short, 32, IV, ("aead", "'gcm(aes)'", KEY, 12)) == (
        "done", TEXT + UNTOUCHED * 16)
    # AES of nothing by nothing, which is the key of the first case's hash.
    assert crypt(machine, "encrypt", TEXT, 16, "", ("skcipher", "'ecb(aes)'", KEY, 0)) == (
        "done", "66e94bd4ef8a2c3b884cfa59ca342b2e")


def test_ciphers_with_associated_data_are_refused_at_the_call(machine: Machine) -> None:
    assert crypt(machine, "encrypt", TEXT + "00" * TAG, 32, "00" * 8,
                 ("aead", "'rfc4106(gcm(aes))'", KEY + "00" * 4, TAG)) == (
                     INVALID, UNTOUCHED * 32)
