# SPDX-License-Identifier: MIT
"""JSON as Python's own module reads and writes it: what is well formed, and what it says."""

import json
import os
import random
import subprocess

import pytest

import quell

TEXTS = [
    b'{"a": [1, -2.5e-3, 0], "b": {"c": [[1, 2], [3]], "d": null}, "t": true}',
    b'["\\u00e9\\ud83d\\ude00\\n", "\xc3\xa9", 1E+2, -0, 1e308, 123456789012345678901]',
    b' [ ] ',
    b'{"": [{}, {"b": "c\\"\\\\\\/"}]}',
    b"false",
]
PIECES = [
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\\u", b"\\ud800", b"\\udc00", b"\\n"),
    *(b"0", b"-", b".", b"e", b"E5", b"1e400", b"true", b"nul", b"NaN", b'"a":', b" ", b"\n"),
    *(b"\t", b"\0", b"\x0c", b"\x7f", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
    b"\xef\xbb\xbf",
]


def mutated(rng, text):
    text = bytearray(text)
    for _ in range(rng.randint(0, 3)):
        at, kind = rng.randint(0, len(text)), rng.random()
        if kind < 0.5:
            text[at:at] = rng.choice(PIECES)
        elif kind < 0.75:
            del text[at : at + rng.randint(1, 3)]
        elif text:
            text[at % len(text)] = rng.randint(0, 255)
    return bytes(text)


def refuse(_):
    raise ValueError


def check(value):
    """quell takes no U+0000, no half of a surrogate pair and no number beyond the doubles."""
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise ValueError
    elif isinstance(value, float):
        if abs(value) == float("inf"):
            raise ValueError
    elif isinstance(value, int):
        float(value)
    elif isinstance(value, list):
        for item in value:
            check(item)
    elif isinstance(value, dict):
        check([*value.keys(), *value.values()])


def is_json(text):
    try:
        # Duplicates within "comment" are nobody's business.
        pairs = lambda members: [*members]
        value = json.loads(text.decode(), parse_constant=refuse, object_pairs_hook=pairs)
        check([[*pair] if isinstance(pair, tuple) else pair for pair in flat(value)])
    except (ValueError, OverflowError):
        return False
    return True


def flat(value):
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from flat(item)
    else:
        yield value


def test_what_is_json(tmp_path):
    rng = random.Random(1)
    seen = {True: 0, False: 0}
    for i in range(3000):
        path = tmp_path / f"{i}.json"  # ext4 waits for the disk where a file is written anew
        text = mutated(rng, rng.choice(TEXTS))
        whole = b'{"kind": "gaussian", "dim": 1, "variance": 1, "comment": ' + text + b"}"
        path.write_bytes(whole)
        good = is_json(whole)
        seen[good] += 1
        try:
            quell.load(path)
        except quell.Error as error:
            # A piece may be members of the description itself, which are not known or there twice.
            assert not good or "is not known" in str(error) or "twice" in str(error), (text, error)
        else:
            assert good, text
    assert min(seen.values()) > 500


def command(*arguments):
    words = [os.environ["QUELL_COMMAND"], *map(str, arguments)]
    return subprocess.run(words, check=True, capture_output=True).stdout


def test_numbers_are_the_nearest_doubles(tmp_path):
    rng = random.Random(2)
    numbers = ["-0", "0.1", "1E2", "1e-45", "0." + "3" * 400, "12345678" * 4, "2.5e+3"]
    for _ in range(2000):
        digits = "".join(rng.choices("0123456789", k=rng.randint(1, 40)))
        sign, first = rng.choice(["", "-"]), rng.randint(0, 9)
        numbers.append(f"{sign}{first}.{digits}e{rng.randint(-40, 30)}")
    (tmp_path / "m.json").write_text(
        '{"kind": "gaussian", "variance": 1, "mean": [' + " ,\n".join(numbers) + "]}"
    )
    command("model", "--model", tmp_path / "m.json", "--out", tmp_path / "n.json")
    stored = json.loads((tmp_path / "n.json").read_text())
    assert stored["mean"] == [float(number) for number in numbers]


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("info",),
        ("sample", "--model", "builtin:grid25", "--count", 2, "--steps", 2),
        ("compare", "--samplers", "ddim", "--evaluations", "2,3", "--count", 100),
    ],
)
def test_what_the_command_prints_is_json(arguments):
    def members(pairs):
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    assert json.loads(command(*arguments, "--json"), object_pairs_hook=members)
