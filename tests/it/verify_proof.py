#!/usr/bin/env python3
"""Checks a .tlog-proof without anything of Zhilu's: Python's standard library and the openssl command.

usage: verify_proof.py PROOF VKEY [CLIP]     exit 0: proved; anything else: not
"""
import base64
import hashlib
import json
import subprocess
import sys
import tempfile


def b64(text):
    return base64.b64decode(text, validate=True)


def root_of(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2: the root that leaf and path lead to."""
    assert index < size, "index outside the tree"
    node, last, value = index, size - 1, leaf
    for sibling in path:
        assert last > 0, "path too long"
        if node & 1 or node == last:
            value = hashlib.sha256(b"\x01" + sibling + value).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\x01" + value + sibling).digest()
        node, last = node >> 1, last >> 1
    assert last == 0, "path too short"
    return value


def check_signature(note, vkey):
    """C2SP signed-note, Ed25519; the signature itself is openssl's to judge."""
    name, key_id, key = vkey.split("+", 2)
    key = b64(key)
    assert len(key) == 33 and key[0] == 1, "not an Ed25519 key"
    digest = hashlib.sha256(name.encode() + b"\n" + key).digest()
    assert digest[:4].hex() == key_id, "key and id do not belong together"
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    assert text.split("\n")[0] == name, "another log"
    mine = [b64(line.split(" ")[2]) for line in signatures.splitlines() if line.startswith(f"\u2014 {name} ")]
    mine = [s[4:] for s in mine if s[:4] == digest[:4]]
    assert len(mine) == 1, "not signed by this key"
    with tempfile.TemporaryDirectory() as where:
        paths = [f"{where}/{n}" for n in ("key.der", "text", "signature")]
        spki = bytes.fromhex("302a300506032b6570032100") + key[1:]
        for path, data in zip(paths, (spki, text.encode(), mine[0])):
            with open(path, "wb") as out:
                out.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin"]
        command += ["-inkey", paths[0], "-in", paths[1], "-sigfile", paths[2]]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return text.split("\n")


def main(proof, vkey, clip=None):
    with open(proof, encoding="utf-8", newline="") as file:
        head, note = file.read().split("\n\n", 1)
    magic, extra, index, *path = head.split("\n")
    assert magic == "c2sp.org/tlog-proof@v1", "no proof"
    assert extra.startswith("extra ") and index.startswith("index "), "no entry"
    line = b64(extra[6:])
    _, size, root, *_ = check_signature(note, vkey)
    leaf = hashlib.sha256(b"\x00" + line).digest()
    found = root_of(leaf, int(index[6:]), int(size), [b64(h) for h in path])
    assert found == b64(root), "the entry is not in the tree"
    if clip:
        with open(clip, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        assert json.loads(line)["pub"]["sha256"] == digest, "another file"


if __name__ == "__main__":
    main(*sys.argv[1:])
