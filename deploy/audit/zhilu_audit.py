#!/usr/bin/env python3
"""Checks an export of Zhilu 执录, or a single .tlog-proof, without any program of Zhilu's.

    zhilu_audit.py BAG --policy POLICY                      an export (a directory)
    zhilu_audit.py PROOF --policy POLICY [--file CLIP]      one proof, and the clip that it is about

Needs Python 3.9 or later and the openssl command (1.1.1 or later); nothing is written but temporary files.
POLICY is the file that you got from the court by another way and keep; the one inside the export is never trusted.

Exit code  0  proved        成立：每一项检查都已完成并相符
           1  altered       不成立：有内容被改动、添加或缺失
           2  not verified  无法核验：未发现改动，但不能证明（策略不认可、文件无法读取等）
What is proved to be altered counts more than what cannot be verified. Anything unexpected is 2, never 0.
"""
import argparse
import base64
import datetime
import functools
import hashlib
import hmac
import json
import os
import re
import stat
import subprocess
import sys
import tempfile

NUMBER = r"(0|[1-9][0-9]{0,18})"
# Every file that an export may hold, and the most bytes that are read of the small ones.
FORMAT = {
    r"bagit\.txt|bag-info\.txt": 1 << 16, r"policy": 1 << 20, r"manifest-sha256\.txt|tagmanifest-sha256\.txt": 1 << 30,
    r"data/report\.html": None, rf"data/clips/{NUMBER}\.[a-z0-9]{{1,8}}": None,
    rf"data/details/{NUMBER}\.json|log/{NUMBER}\.detail\.json": 1 << 24, rf"data/details/{NUMBER}\.salt|log/{NUMBER}\.salt": 65,
    rf"log/{NUMBER}\.json": 65535, rf"log/{NUMBER}\.tlog-proof": 1 << 21,
}
ALWAYS = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "policy", "data/report.html"]
KINDS = ["rules", "dock", "clip", "event", "amend", "dispose", "node"]
WORDS = {"clip": "入库", "ingestion": "入库", "fixity_check": "完整性核验", "view": "查看", "link": "关联案件", "unlink": "取消关联",
         "annotate": "批注", "mark": "标记", "release": "释放源文件", "export_begin": "开始移送", "export": "移送", "dispose": "销毁"}


class Altered(Exception):
    """It is proved that something is not as it was."""


class Unverifiable(Exception):
    """It cannot be told."""


class Findings:
    """Collects everything that is wrong instead of ending at the first."""

    def __init__(self):
        self.altered, self.unverifiable = 0, 0

    def add(self, where, problem):
        grade = "异常 WRONG" if isinstance(problem, Altered) else "无法核验 NOT VERIFIABLE"
        self.altered += isinstance(problem, Altered)
        self.unverifiable += not isinstance(problem, Altered)
        say(f"{grade} {shown(where)}: {shown(problem)}")

    def attempt(self, where, check, *arguments):
        """The result of a check, or None and a finding."""
        try:
            return check(*arguments)
        except (Altered, Unverifiable) as problem:
            self.add(where, problem)
        except OSError as problem:
            self.add(where, Unverifiable(f"无法读取 cannot be read: {problem}"))
        return None


def say(text):
    print(text, flush=True)


def shown(text):
    """Text from outside, without anything that could steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in str(text))


def need(condition, problem, grade=Altered):
    if not condition:
        raise grade(problem)


# ---- bytes, base64, JSON ---------------------------------------------------------------------------------------------

def open_file(path):
    """Opens a regular file; follows no link, waits for no pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Altered("不是普通文件 not a regular file")
    return os.fdopen(descriptor, "rb")


def read_small(path, most):
    with open_file(path) as file:
        data = file.read(most + 1)
    need(len(data) <= most, f"文件过大 larger than the {most} bytes that it may have")
    return data


def decode64(text):
    """Base64 that can be written in one way only."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Altered("不是 base64 not base64") from error
    need(base64.b64encode(data).decode() == text, "不是 base64 not base64")
    return data


def refuse(text):
    raise ValueError(f"{text} is no whole number")


def in_order(value):
    """Members in the order of RFC 8785: by UTF-16 code units."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value, key=lambda k: k.encode("utf-16-be"))}
    if isinstance(value, list):
        return [in_order(item) for item in value]
    if isinstance(value, int) and abs(value) >= 1 << 53:
        raise ValueError("a number beyond 2^53 - 1")
    return value


def parse_canonical(data):
    """JSON, when it is written in the one canonical way: so no text can be read in two ways."""
    try:
        value = json.loads(data.decode(), parse_float=refuse, parse_constant=refuse)
        canonical = json.dumps(in_order(value), ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        raise Altered("不是规范的 JSON not canonical JSON") from error
    need(canonical == data, "不是规范的 JSON not canonical JSON")
    return value


# ---- signatures, checkpoints, policies (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy) --------------

@functools.lru_cache(maxsize=None)
def is_signed(public_key, message, signature):
    """Ed25519, judged by openssl."""
    with tempfile.TemporaryDirectory() as where:
        key, text, sign = (os.path.join(where, name) for name in ("key.der", "text", "signature"))
        for path, data in ((key, bytes.fromhex("302a300506032b6570032100") + public_key), (text, message), (sign, signature)):
            with open(path, "wb") as out:
                out.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key, "-rawin", "-in", text, "-sigfile", sign]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0 and "Verified Successfully" in done.stdout:
        return True
    if "Verification Failure" in done.stdout + done.stderr:
        return False
    raise Unverifiable(f"openssl 无法判断签名 cannot judge a signature: {done.stderr}")


def parse_key(text, kind):
    """`name+id+base64`, where the id follows from name and key. kind 1: a log, 4: a witness."""
    name, key_id, encoded = (text.split("+", 2) + ["", ""])[:3]
    typed = decode64(encoded)
    right = name and len(typed) == 33 and typed[0] == kind
    need(right and hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() == key_id, f"密钥无效 not a usable key: {text}")
    return name, bytes.fromhex(key_id), typed[1:]


def parse_policy(data):
    """The logs; by name the witnesses (keys) and groups (how many of which); the quorum. What is not understood is refused."""
    logs, rules, quorum, used = [], {}, [], set()
    need(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data), "策略含控制字符 the policy holds control characters")
    for line in data.decode(errors="replace").split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        wrong = f"策略此行无效 the policy's line is not usable: {line}"
        need(len(words) > 1, wrong)
        word, name, rest = words[0], words[1], words[2:]
        if word == "log" and len(rest) <= 1:
            logs.append(parse_key(name, 1))
            once = [logs[-1][2]]
        elif word == "quorum" and not rest and not quorum and (name == "none" or name in rules):
            quorum, once = [name], []
        elif word == "witness" and 1 <= len(rest) <= 2 and name not in rules and name != "none":
            rules[name] = parse_key(rest[0], 4)
            once = [rules[name][2]]
        elif word == "group" and len(rest) >= 2 and name not in rules and name != "none" and all(m in rules for m in rest[1:]):
            once = rest[1:]
            least = {"any": "1", "all": str(len(once))}.get(rest[0], rest[0])
            need(re.fullmatch("[0-9]{1,4}", least) and 1 <= int(least) <= len(once), wrong)
            rules[name] = (int(least), once)
        else:
            raise Altered(wrong)
        # No key twice, no member in two groups: nobody may count double.
        need(len(set(once)) == len(once) and not used & set(once), wrong)
        used |= set(once)
    need(quorum, "策略没有 quorum 行 the policy has no quorum line")
    return logs, rules, quorum[0]


class Note:
    """A signed checkpoint: how many entries the log has, and the root of the tree over them."""

    def __init__(self, note):
        text, mark, signatures = note.rpartition("\n\n")
        need(mark and signatures.endswith("\n") and not re.search(r"[\x00-\x09\x0b-\x1f]", note), "检查点不合规定 malformed checkpoint")
        self.note, self.text, self.signatures = note, text + "\n", []
        lines = text.split("\n")
        need(len(lines) >= 3 and all(lines) and re.fullmatch(NUMBER, lines[1]), "检查点不合规定 malformed checkpoint")
        self.origin, self.size, self.root = lines[0], int(lines[1]), decode64(lines[2])
        for line in signatures[:-1].split("\n"):
            match = re.fullmatch("\u2014 ([^ +]+) ([^ ]+)", line)
            need(match, "签名行不合规定 malformed signature line")
            self.signatures.append((match[1], decode64(match[2])))

    def under(self, name, key_id):
        """What stands under the name and id of a key."""
        return [data[4:] for by, data in self.signatures if by == name and data[:4] == key_id]


def accept(policy, note):
    """Who vouches for the checkpoint: the log's key, and by name each witness with its time. All signatures under listed keys must be right."""
    logs, rules, quorum = policy
    listed = [log for log in logs if log[0] == note.origin]
    if not listed:
        raise Unverifiable(f"策略未列出此账本 the policy does not list the log {note.origin}")
    signed = [log for log in listed if note.under(log[0], log[1])]
    for name, key_id, key in signed:
        for signature in note.under(name, key_id):
            need(is_signed(key, note.text.encode(), signature), "法院签名错误：检查点被改动或伪造 the court's signature is wrong: altered or forged")
    if not signed:
        raise Unverifiable("策略中的账本密钥未签署 not signed by any key that the policy lists")
    seen, witnesses = {}, []
    for name, rule in rules.items():
        if len(rule) == 2:
            seen[name] = sum(seen[member] for member in rule[1]) >= rule[0]
            continue
        times = []
        for signature in note.under(rule[0], rule[1]):
            # cosignature/v1: eight bytes of time, then the signature over that time and the checkpoint.
            time = int.from_bytes(signature[:8], "big")
            message = f"cosignature/v1\ntime {time}\n{note.text}".encode()
            need(is_signed(rule[2], message, signature[8:]), f"见证签名错误 wrong cosignature of {rule[0]}")
            times.append(time)
        seen[name] = bool(times)
        witnesses += [(rule[0], min(times))] if times else []
    if quorum != "none" and not seen[quorum]:
        raise Unverifiable(f"见证人不足 the policy's quorum {quorum} is not reached")
    return signed[0], witnesses, quorum != "none"


# ---- entries and proofs (RFC 6962, C2SP tlog-proof) --------------------------------------------------------------------

def tree_root(leaf, index, size, path):
    """The root that a leaf and the hashes beside its way lead to: the definition of RFC 6962 section 2.1, read backwards."""
    if size == 1:
        need(not path, "证明过长 the proof is too long")
        return leaf
    need(path, "证明过短 the proof is too short")
    left = 1 << (size - 1).bit_length() - 1
    if index < left:
        pair = tree_root(leaf, index, left, path[:-1]) + path[-1]
    else:
        pair = path[-1] + tree_root(leaf, index - left, size - left, path[:-1])
    return hashlib.sha256(b"\x01" + pair).digest()


def parse_proof(data):
    """Index, line, path and checkpoint."""
    try:
        head, _, note = data.decode().partition("\n\n")
    except ValueError as error:
        raise Altered("证明不合规定 malformed proof") from error
    lines = head.split("\n")
    right = len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("extra ")
    need(right and re.fullmatch(f"index {NUMBER}", lines[2]), "证明不合规定 malformed proof")
    path = [decode64(line) for line in lines[3:]]
    need(all(len(sibling) == 32 for sibling in path), "证明不合规定 malformed proof")
    return int(lines[2][6:]), decode64(lines[1][6:]), path, Note(note)


def check_inclusion(line, index, path, note):
    """That the line is entry `index` of the tree that the checkpoint signs: it was there when it was signed, and is unchanged."""
    need(index < note.size, "条目在账本之外 the entry is outside the tree")
    root = tree_root(hashlib.sha256(b"\x00" + line).digest(), index, note.size, path)
    need(root == note.root, "条目不在账本中 the entry is not in the log")


def parse_entry(line):
    entry = parse_canonical(line)
    need(isinstance(entry, dict), "条目不合规定 malformed entry")
    if isinstance(entry.get("v"), int) and entry["v"] != 1 or isinstance(entry.get("kind"), str) and entry["kind"] not in KINDS:
        raise Unverifiable("此版本不认识的条目 an entry of a kind or version that is not known here")
    right = sorted(entry) == ["at", "commit", "kind", "prev", "pub", "v"] and entry["v"] is not True
    right = right and isinstance(entry["pub"], dict) and isinstance(entry["kind"], str) and is_time(entry["at"])
    right = right and isinstance(entry["commit"], str) and re.fullmatch("[0-9a-f]{64}", entry["commit"])
    need(right and (entry["prev"] is None or type(entry["prev"]) is int and entry["prev"] >= 0), "条目不合规定 malformed entry")
    return entry


def is_time(text):
    try:
        return bool(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) and len(text) == 20
    except (TypeError, ValueError):
        return False


# ---- the export: files, entries, chains, clips -------------------------------------------------------------------------

class Bag:
    """An export (BagIt 1.0, format zhilu-export/1). Every check adds what it finds; nothing is assumed to be right."""

    def __init__(self, root, policy, findings):
        self.root, self.policy, self.findings = root, policy, findings
        self.sizes, self.listed, self.entries, self.details, self.note, self.vouched = {}, {}, {}, {}, None, None

    def wrong(self, where, problem):
        self.findings.add(where, Altered(problem))

    def most(self, path):
        return next((most for pattern, most in FORMAT.items() if re.fullmatch(pattern, path)), -1)

    def walk(self, directory=""):
        """Which files there are. Anything that the format does not name does not belong to the export."""
        for item in sorted(os.scandir(os.path.join(self.root, directory)), key=lambda item: item.name):
            path = f"{directory}/{item.name}".lstrip("/")
            if item.is_dir(follow_symlinks=False) and path in ("data", "data/clips", "data/details", "log"):
                self.walk(path)
            elif item.is_file(follow_symlinks=False) and self.most(path) != -1:
                self.sizes[path] = item.stat(follow_symlinks=False).st_size
            else:
                self.wrong(path, "外来文件、目录或链接 a file, directory or link that no export has")

    def read(self, path):
        """A small file, or None. Its digest must be the one that the manifest lists."""
        data = self.findings.attempt(path, read_small, os.path.join(self.root, path), self.most(path)) if path in self.sizes else None
        if data is not None and self.listed.get(path) not in (None, hashlib.sha256(data).hexdigest()):
            self.wrong(path, "文件与清单不符 not the file that the manifest lists")
        return data

    def read_manifest(self, name):
        """Notes the digest that a manifest lists for each file; gives the manifest's own."""
        text = (self.read(name) or b"").decode(errors="replace")
        for line in text.split("\n")[:-1] if text.endswith("\n") else ["?"]:
            match = re.fullmatch(r"([0-9a-f]{64})  (.+)", line)
            path = match and match[2]
            if not match or self.most(path) == -1 or path.startswith("data/") != (name == "manifest-sha256.txt") or path.startswith("tag"):
                self.wrong(name, f"清单此行不合规定 malformed line {line[:99]}")
            elif path not in self.sizes or path in self.listed:
                self.wrong(path, "清单所列文件缺失或重复 listed, but missing or listed twice")
            else:
                self.listed[path] = match[1]
        return hashlib.sha256(text.encode()).hexdigest()

    def check_lists(self):
        """1. The bag is whole by its own lists. This proves little: whoever alters a file can make the lists anew."""
        for path in ALWAYS:
            need(path != "bagit.txt" or path in self.sizes or any(p.startswith("log/") for p in self.sizes), "不是导出包 no export", Unverifiable)
            if path not in self.sizes:
                self.wrong(path, "文件缺失 missing")
        self.read_manifest("tagmanifest-sha256.txt")
        self.manifest = self.read_manifest("manifest-sha256.txt")
        for path in sorted(set(self.sizes) - set(self.listed) - {"tagmanifest-sha256.txt"}):
            self.wrong(path, "清单未列出 not listed by any manifest")
        before = self.findings.altered
        declaration, info = self.read("bagit.txt"), self.read("bag-info.txt") or b""
        need(self.findings.altered > before or b"\nZhilu-Format: zhilu-export/1\n" in info or b"\nZhilu-Format: " not in info,
             "此版本不认识的格式 a format that is not known here", Unverifiable)
        payload = [size for path, size in self.sizes.items() if path.startswith("data/")]
        values = {}
        for line in info.decode(errors="replace").split("\n")[:-1]:
            label, _, value = line.partition(": ")
            values.setdefault(label.lower(), []).append(value)
        self.export = values.get("external-identifier", [None])[0]
        expected = {"zhilu-format": "zhilu-export/1", "payload-oxum": f"{sum(payload)}.{len(payload)}", "external-identifier": self.export}
        if any(values.get(label) != [value] for label, value in expected.items()) or re.search(rb"[\x00-\x09\x0b-\x1f]", info):
            self.wrong("bag-info.txt", f"导出包的说明与内容不符 does not say {expected}")
        if declaration != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
            self.wrong("bagit.txt", "不是 BagIt 1.0 does not declare BagIt 1.0")

    def check_entries(self):
        """2. and 3. Every entry is in the log that the pinned policy accepts, and every private detail is the one that it commits to."""
        indexes = {int(re.search("[0-9]+", path)[0]) for path in self.sizes if path.startswith(("log/", "data/details/"))}
        for index in sorted(indexes):
            line, proof = self.read(f"log/{index}.json"), self.read(f"log/{index}.tlog-proof")
            proved = self.findings.attempt(f"log/{index}.tlog-proof", self.check_proof, index, line, proof) is not None
            if line is None:
                self.wrong(index, "条目缺失 the entry is missing")
                continue
            try:
                self.entries[index] = parse_entry(line)
            except (Altered, Unverifiable) as problem:
                self.findings.add(index, problem if proved else Altered(problem))
        for index in sorted(indexes):
            for place, detail, salt in ((0, f"data/details/{index}.json", f"data/details/{index}.salt"), (1, f"log/{index}.detail.json", f"log/{index}.salt")):
                if detail in self.sizes or salt in self.sizes:
                    value = self.findings.attempt(detail, self.check_detail, index, self.read(detail), self.read(salt))
                    if value is not None and self.details.setdefault(index, (place, value))[0] != place:
                        self.wrong(detail, "内容重复 the detail stands in two places")

    def check_proof(self, index, line, data):
        need(line is not None and data is not None, "条目或证明缺失 the entry or its proof is missing")
        number, extra, path, note = parse_proof(data)
        if self.note is None:
            self.note = note
            self.vouched = self.findings.attempt("checkpoint", accept, self.policy, note)
        need(note.note == self.note.note, "各证明的检查点不一致 not the checkpoint that the other proofs have")
        need(number == index and extra == line, "证明与条目不符 a proof of another entry")
        check_inclusion(line, index, path, note)
        return True

    def check_detail(self, index, detail, salt):
        need(detail is not None and salt is not None, "内容或盐值缺失 detail or salt is missing")
        need(re.fullmatch(rb"[0-9a-f]{64}\n", salt), "盐值不合规定 malformed salt")
        if index not in self.entries:
            return None
        commit = hmac.new(bytes.fromhex(salt.decode()), detail, hashlib.sha256).hexdigest()
        need(commit == self.entries[index]["commit"], "记录的内容被改动 not the detail that the entry commits to")
        return parse_canonical(detail)

    def check_policy(self):
        """The policy in the bag decides nothing; but one that does not fit its own bag was not put there by the court."""
        try:
            own = parse_policy(self.read("policy") or b"")
            if self.vouched:
                accept(own, self.note)
        except Altered as problem:
            self.findings.add("policy", problem)
        except Unverifiable as problem:
            if "quorum" not in str(problem):
                self.wrong("policy", problem)

    def check_chains(self):
        """4. and 6. From its first entry to this export, or its disposal, each clip's history has no gap, no fork and no other end."""
        after, self.chains = {}, []
        for index, entry in sorted(self.entries.items()):
            before = entry["prev"]
            if before is not None and (before >= index or before not in self.entries or before in after):
                self.wrong(index, f"记录链断开或分叉 the chain is broken or forked at entry {before}")
            elif before is not None:
                after[before] = index
        for index, entry in sorted(self.entries.items()):
            if entry["prev"] is not None:
                continue
            chain = [index]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            batch = entry["kind"] == "event" and entry["pub"].get("event") == "fixity_check" and "objects" in entry["pub"]
            if entry["kind"] == "clip":
                self.check_clip_chain(chain)
            elif entry["kind"] == "amend":
                about = {key: value for key, value in entry["pub"].items() if key != "event"}
                for member in chain:
                    other = self.entries[member]
                    if other["kind"] != "amend" or {k: v for k, v in other["pub"].items() if k != "event"} != about:
                        self.wrong(member, "记录链断开 an entry about something else in the chain")
            elif len(chain) > 1 or entry["kind"] not in ("rules", "node", "dock") and not batch:
                self.wrong(index, "记录链断开 an entry that follows nothing")
            if entry["kind"] != "clip":
                for member in chain:
                    self.check_place(member, 0, entry["kind"] not in ("rules", "node", "dock"))
            self.chains.append(chain)
        ends = [chain[-1] for chain in self.chains if self.is_export(chain[-1])]
        if not ends:
            self.wrong("log", "没有本次移送的记录 no entry commits to the manifest")
        for end in ends:
            count = self.details.get(end, (1, {}))[1].get("entries")
            if count not in (None, len(self.entries) - len(ends)):
                self.wrong(end, f"条目缺失或多余 the export had {count} entries beside its own")

    def is_export(self, index):
        return self.entries[index]["kind"] == "event" and self.entries[index]["pub"].get("event") == "export"

    def check_place(self, index, place, must=True):
        found = self.details.get(index)
        if found is None and must or found is not None and found[0] != place:
            self.wrong(index, "内容缺失、有误或放错位置 the private detail is missing, wrong or in the wrong place")

    def check_clip_chain(self, chain):
        disposals = [index for index in chain if self.entries[index]["kind"] == "dispose"]
        for index in chain:
            entry = self.entries[index]
            if entry["kind"] not in ("event", "dispose") and index != chain[0]:
                self.wrong(index, "记录链断开 an entry that has no place in the chain of a clip")
            # Details of what was before a disposal are erased with it.
            self.check_place(index, int(index == chain[-1] and self.is_export(index)), not disposals or index > disposals[-1])
        for index in disposals:
            public = self.entries[index]["pub"]
            rules = self.entries.get(public.get("rules"), {"kind": None})
            if public.get("clip") != chain[0] or rules["kind"] != "rules" or public["rules"] > index:
                self.wrong(index, "销毁与规则不符 a disposal without the table of rules that it names")
            elif not is_time(public.get("allowed_from")) or public["allowed_from"] > self.entries[index]["at"]:
                self.wrong(index, "未到期即销毁 disposed too early")
        last = self.entries[chain[-1]]
        if chain[-1] in disposals:
            return
        if not self.is_export(chain[-1]):
            self.wrong(chain[0], "记录链不完整 the chain ends before this export")
        elif last["pub"].get("manifest") != self.manifest or last["pub"].get("export") != self.export:
            self.wrong(chain[-1], "清单与账本所记不符 the export that the ledger records has another manifest or number")

    def check_clips(self):
        """5. The bytes of each clip are those that its first entry names; no clip without an entry, no entry without a clip."""
        copies, digests = {}, set()
        for path in self.sizes:
            if path.startswith("data/clips/"):
                if copies.setdefault(int(re.search("[0-9]+", path)[0]), path) != path:
                    self.wrong(path, "视频重复 a second file for a clip")
        for chain in self.chains:
            entry = self.entries[chain[0]]
            if entry["kind"] != "clip":
                continue
            copy, public = copies.pop(chain[0], None), entry["pub"]
            detail = self.details.get(chain[0], (0, {}))[1]
            if public.get("sha256") in digests or None not in (public.get("recorder"), detail.get("recorder")) and public["recorder"] != detail["recorder"]:
                self.wrong(chain[0], "自相矛盾 two histories of the same bytes, or two recorders of one clip")
            digests.add(public.get("sha256"))
            if any(key in public and not is_time(public[key]) for key in ("start", "end")) or public.get("end", "~") < public.get("start", ""):
                self.wrong(chain[0], "时间有误 it ends before it begins, or its times are none")
            if (copy is None) != (self.entries[chain[-1]]["kind"] == "dispose"):
                self.wrong(chain[0], "视频缺失，或已销毁的视频仍在 the clip is missing, or there though it was disposed of")
            elif copy is not None:
                self.findings.attempt(copy, self.check_copy, copy, public)
        for path in copies.values():
            self.wrong(path, "账本中没有的视频 a clip that no entry is about")
        if "data/report.html" in self.sizes:
            self.findings.attempt("data/report.html", self.check_copy, "data/report.html", {"size": self.sizes["data/report.html"], "sha256": None})

    def check_copy(self, path, public):
        need(public.get("size") == self.sizes[path], "大小与账本不符 not of the size that the ledger says")
        digests = {"sha256": hashlib.sha256()}
        if "sm3" in public and "sm3" in hashlib.algorithms_available:
            digests["sm3"] = hashlib.new("sm3")
        with open_file(os.path.join(self.root, path)) as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                for digest in digests.values():
                    digest.update(block)
        need(self.listed.get(path) in (None, digests["sha256"].hexdigest()), "与清单不符 not the file that the manifest lists")
        for name, digest in digests.items():
            need(public[name] in (None, digest.hexdigest()) and ("sha256" in public), "内容与账本不符 not the bytes that the ledger says")

    def audit(self):
        self.walk()
        self.check_lists()
        self.check_entries()
        self.check_policy()
        self.check_chains()
        self.check_clips()

    def print_proved(self):
        """What is proved, clip by clip: what it is, and everything that was done with it."""
        for chain in self.chains:
            first, detail = self.entries[chain[0]], self.details.get(chain[0], (0, {}))[1]
            if len(chain) == 1 and first["kind"] not in ("clip", "amend"):
                continue
            say(f"\n{WORDS.get(first['kind'], '记录')} {chain[0]}  {shown(detail.get('name', ''))}")
            for key, value in first["pub"].items():
                say(f"  {key} {shown(value)}")
            for index in chain:
                entry = self.entries[index]
                word = entry["pub"].get("event", entry["kind"])
                actor = shown(self.details.get(index, (0, {}))[1].get("actor", "（已删除 erased）"))
                rule = f" under {shown(entry['pub'].get('rule'))} allowed from {entry['pub']['allowed_from']}" if entry["kind"] == "dispose" else ""
                say(f"    {entry['at']} {WORDS.get(word, '')} {shown(word)} {actor}{rule} (条目 entry {index})")


def print_vouched(note, vouched):
    (name, key_id, _), witnesses, witnessed = vouched
    say(f"\n作保 vouched for by\n  账本 ledger {shown(name)}+{key_id.hex()}, {note.size} 条 entries, 根值 root {note.root.hex()}")
    for witness, time in witnesses:
        # A time may be beyond what a date can hold.
        when = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=time) if time < 1 << 37 else f"{time} s"
        say(f"  见证 witness {shown(witness)}, 见证时间 seen at {when} UTC")
    if not witnessed:
        say("  策略不要求见证：仅法院自己的密钥作保 no witness is asked for: only the court's own key vouches")


def audit_proof(path, policy, clip, findings):
    """A single proof: the entry that it holds, and that the clip's bytes are those that the entry names."""
    index, line, way, note = parse_proof(read_small(path, 1 << 21))
    vouched = accept(policy, note)
    check_inclusion(line, index, way, note)
    entry = parse_entry(line)
    if clip:
        with open_file(clip) as file:
            digest = hashlib.sha256()
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        need(entry["kind"] == "clip" and entry["pub"].get("sha256") == digest.hexdigest(), "不是此条目的视频 not the clip that the entry is about")
    say(f"条目 entry {index}: {shown(line.decode())}")
    say(f"文件相符 the file has the digest {digest.hexdigest()}" if clip else "未核对文件 no file was compared (--file)")
    print_vouched(note, vouched)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bag", help="an export (directory) or a .tlog-proof (file)")
    parser.add_argument("--policy", required=True, help="the policy that you keep")
    parser.add_argument("--file", help="the clip that a .tlog-proof is about")
    arguments = parser.parse_args()
    findings = Findings()
    try:
        policy = parse_policy(read_small(arguments.policy, 1 << 20))
    except Altered as problem:
        raise Unverifiable(problem) from problem
    if os.path.isdir(arguments.bag):
        bag = Bag(arguments.bag, policy, findings)
        findings.attempt(arguments.bag, bag.audit)
        if not findings.altered and not findings.unverifiable:
            need(bag.vouched, "无人作保 nobody vouches", Unverifiable)
            bag.print_proved()
            print_vouched(bag.note, bag.vouched)
    else:
        findings.attempt(arguments.bag, audit_proof, arguments.bag, policy, arguments.file, findings)
    if findings.altered:
        say("不成立：有内容被改动、添加或缺失，任何内容均未经证明 NOT PROVED: something was altered, added or is missing")
        return 1
    if findings.unverifiable:
        say("无法核验：未发现改动，但不能证明任何内容 CANNOT BE VERIFIED: nothing is known to be altered, nothing is proved")
        return 2
    say("成立 PROVED")
    return 0


if __name__ == "__main__":
    try:
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
        sys.exit(main())
    except Exception as error:  # Whatever it is: nothing was proved.
        print(f"无法核验 CANNOT BE VERIFIED: {shown(error)}", file=sys.stderr)
        sys.exit(2)
