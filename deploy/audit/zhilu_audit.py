#!/usr/bin/env python3
"""Checks an export of Zhilu 执录, or a single .tlog-proof, without any program of Zhilu's.

    zhilu_audit.py BAG --policy POLICY                      an export (a directory)
    zhilu_audit.py PROOF --policy POLICY [--file CLIP]      one proof, and the clip that it is about

Needs Python 3.9 or later and the openssl command (1.1.1 or later). POLICY is the file that you got from the court by
another way and keep; the one inside the export is never trusted.
Exit code  0  proved        成立：每一项检查都已完成并相符
           1  altered       不成立：有内容被改动、添加或缺失
           2  not verified  无法核验：未发现改动，但不能证明（策略不认可、文件无法读取等）
What is proved to be altered counts more than what cannot be verified. Anything unexpected is 2, never 0.
"""
import argparse, base64, datetime, functools, hashlib, hmac, json, os, re, stat, subprocess, sys, tempfile

NUMBER = "(0|[1-9][0-9]{0,18})"
CLIP = rf"data/clips/{NUMBER}\.[a-z0-9]{{1,8}}"
# Every file that an export may hold, and the most bytes that are read of it at once.
FORMAT = {
    r"bagit\.txt|bag-info\.txt": 1 << 16, "policy": 1 << 20, r"(tag)?manifest-sha256\.txt": 1 << 30, r"data/report\.html": 0,
    CLIP: 0, rf"data/details/{NUMBER}\.json|log/{NUMBER}\.detail\.json": 1 << 24, rf"(data/details|log)/{NUMBER}\.salt": 65,
    rf"log/{NUMBER}\.json": 65535, rf"log/{NUMBER}\.tlog-proof": 1 << 21,
}
ALWAYS = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "policy", "data/report.html"}
ALONE = ("rules", "node", "dock")  # Kinds of entries that are about no clip and no incident.
KINDS = ALONE + ("clip", "event", "amend", "dispose")
WORDS = {"clip": "入库", "ingestion": "入库", "fixity_check": "完整性核验", "view": "查看", "link": "关联案件", "unlink": "取消关联",
         "export_begin": "开始移送", "export": "移送", "annotate": "批注", "mark": "标记", "hold": "保全", "lift": "解除保全", "release": "释放源文件", "dispose": "销毁"}


class Altered(Exception):
    """It is proved that something is not as it was."""


class Unverifiable(Exception):
    """It cannot be told."""


def need(condition, problem, grade=Altered):
    if not condition:
        raise grade(problem)


class Findings:
    """Collects everything that is wrong, instead of ending at the first."""

    def __init__(self):
        self.altered = self.unverifiable = 0

    def add(self, where, problem):
        is_altered = isinstance(problem, Altered)
        self.altered, self.unverifiable = self.altered + is_altered, self.unverifiable + (not is_altered)
        say(f"{'异常 WRONG' if is_altered else '无法核验 NOT VERIFIABLE'} {shown(where)}: {shown(problem)}")

    def attempt(self, where, check, *arguments):
        """The result of a check; or None, and a finding."""
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


# ---- files, base64, JSON: each can be read in one way only --------------------------------------------------------------

def open_file(path):
    """Opens a regular file; follows no link, waits for no pipe."""
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    need(stat.S_ISREG(os.fstat(file.fileno()).st_mode), "不是普通文件 not a regular file", Unverifiable)
    return file


def read_small(path, most):
    with open_file(path) as file:
        data = file.read(most + 1)
    need(len(data) <= most, f"文件过大 larger than the {most} bytes that it may have")
    return data


def hash_file(path, names):
    """Digests of a file, read piece by piece."""
    digests = {name: hashlib.new(name) for name in names}
    with open_file(path) as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            for digest in digests.values():
                digest.update(block)
    return {name: digest.hexdigest() for name, digest in digests.items()}


def decode64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Altered("不是 base64 not base64") from error
    need(base64.b64encode(data).decode() == text, "不是 base64 not base64")
    return data


def in_order(value):
    """Members in the order of RFC 8785, by UTF-16 code units; no number but whole ones that every reader keeps exact."""
    if isinstance(value, dict):
        return {key: in_order(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, float) or isinstance(value, int) and abs(value) >= 1 << 53:
        raise ValueError("no whole number below 2^53")
    return [in_order(item) for item in value] if isinstance(value, list) else value


def parse_canonical(data):
    try:
        value = json.loads(data.decode())
        canonical = json.dumps(in_order(value), ensure_ascii=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:
        raise Altered("不是规范的 JSON not canonical JSON") from error
    need(canonical == data and isinstance(value, dict), "不是规范的 JSON not canonical JSON")
    return value


# ---- signatures, policies, checkpoints (C2SP signed-note, tlog-policy, tlog-checkpoint, tlog-cosignature) ---------------

@functools.lru_cache(maxsize=None)
def is_signed(public_key, message, signature):
    """Ed25519, judged by openssl."""
    with tempfile.TemporaryDirectory() as where:
        paths = [os.path.join(where, name) for name in ("key.der", "text", "signature")]
        for path, data in zip(paths, (bytes.fromhex("302a300506032b6570032100") + public_key, message, signature)):
            with open(path, "wb") as out:
                out.write(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-rawin"]
        command += ["-inkey", paths[0], "-in", paths[1], "-sigfile", paths[2]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    is_good = done.returncode == 0 and "Verified Successfully" in done.stdout
    need(is_good or "Verification Failure" in done.stdout + done.stderr, f"openssl: {done.stderr}", Unverifiable)
    return is_good


def parse_key(text, kind):
    """`name+id+base64`, where the id follows from name and key. kind 1: a log, 4: a witness."""
    name, key_id, encoded = (text.split("+", 2) + ["", ""])[:3]
    typed = decode64(encoded)
    right = name and len(typed) == 33 and typed[0] == kind
    right = right and hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() == key_id
    need(right, f"密钥无效 not a usable key: {text}")
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
        is_new = name not in rules and name != "none"
        if word == "log" and len(rest) <= 1:
            logs.append(parse_key(name, 1))
            once = [logs[-1][2]]
        elif word == "witness" and 1 <= len(rest) <= 2 and is_new:
            rules[name] = parse_key(rest[0], 4)
            once = [rules[name][2]]
        elif word == "group" and len(rest) >= 2 and is_new and all(member in rules for member in rest[1:]):
            once = rest[1:]
            least = {"any": "1", "all": str(len(once))}.get(rest[0], rest[0])
            need(re.fullmatch("[0-9]{1,4}", least) and 1 <= int(least) <= len(once), wrong)
            rules[name] = (int(least), once)
        else:
            need(word == "quorum" and not rest and not quorum and (name == "none" or name in rules), wrong)
            quorum, once = [name], []
        # No key twice and no member in two groups: nobody counts double.
        need(len(set(once)) == len(once) and not used & set(once), wrong)
        used |= set(once)
    need(quorum, "策略没有 quorum 行 the policy has no quorum line")
    return logs, rules, quorum[0]


class Note:
    """A signed checkpoint: how many entries the log has, and the root of the tree over them."""

    def __init__(self, note):
        text, blank, signatures = note.rpartition("\n\n")
        lines = text.split("\n")
        right = blank and signatures.endswith("\n") and not re.search(r"[\x00-\x09\x0b-\x1f]", note)
        need(right and len(lines) >= 3 and all(lines) and re.fullmatch(NUMBER, lines[1]), "检查点不合规定 malformed checkpoint")
        self.note, self.text, self.signatures = note, text + "\n", []
        self.origin, self.size, self.root = lines[0], int(lines[1]), decode64(lines[2])
        for line in signatures[:-1].split("\n"):
            match = re.fullmatch("\u2014 ([^ +]+) ([^ ]+)", line)
            need(match, "签名行不合规定 malformed signature line")
            self.signatures.append((match[1], decode64(match[2])))

    def under(self, name, key_id):
        """What stands under the name and id of a key."""
        return [data[4:] for by, data in self.signatures if by == name and data[:4] == key_id]


def accept(policy, note):
    """Who vouches for the checkpoint under a policy. Whatever stands there under a listed key must be right."""
    logs, rules, quorum = policy
    listed = [log for log in logs if log[0] == note.origin]
    need(listed, f"策略未列出此账本 the policy does not list the log {note.origin}", Unverifiable)
    signed = [log for log in listed if note.under(log[0], log[1])]
    need(signed, "没有策略所列密钥的签名 not signed by any key that the policy lists", Unverifiable)
    for name, key_id, key in signed:
        for signature in note.under(name, key_id):
            need(is_signed(key, note.text.encode(), signature), "法院签名错误，检查点被改动或伪造 wrong signature of the court")
    seen, witnesses = {}, []
    for member, rule in rules.items():
        if len(rule) == 2:  # A group: so many of these.
            seen[member] = sum(seen[name] for name in rule[1]) >= rule[0]
            continue
        times = []
        for data in note.under(rule[0], rule[1]):
            # cosignature/v1: eight bytes of time, then the witness's signature over that time and the checkpoint.
            times.append(int.from_bytes(data[:8], "big"))
            message = f"cosignature/v1\ntime {times[-1]}\n{note.text}".encode()
            need(is_signed(rule[2], message, data[8:]), f"见证签名错误 wrong cosignature of {rule[0]}")
        seen[member] = bool(times)
        witnesses += [(rule[0], min(times))] if times else []
    need(quorum == "none" or seen[quorum], f"见证人不足 the policy's quorum {quorum} is not reached", Unverifiable)
    return signed[0], witnesses, quorum != "none"


# ---- entries and proofs (RFC 6962, C2SP tlog-proof) ---------------------------------------------------------------------

def tree_root(leaf, index, size, path):
    """The root that a leaf and the hashes beside its way up lead to: the definition of RFC 6962 section 2.1, followed down."""
    need(bool(path) == (size > 1), "证明长度错误 a proof of the wrong length")
    if size == 1:
        return leaf
    left = 1 << ((size - 1).bit_length() - 1)
    if index < left:
        return hashlib.sha256(b"\x01" + tree_root(leaf, index, left, path[:-1]) + path[-1]).digest()
    return hashlib.sha256(b"\x01" + path[-1] + tree_root(leaf, index - left, size - left, path[:-1])).digest()


def parse_proof(data):
    """Index, line, path and checkpoint."""
    head, _, note = data.decode(errors="replace").partition("\n\n")
    lines = head.split("\n")
    right = len(lines) >= 3 and lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("extra ")
    need(right and re.fullmatch(f"index {NUMBER}", lines[2]), "证明不合规定 malformed proof")
    path = [decode64(line) for line in lines[3:]]
    need(all(len(sibling) == 32 for sibling in path), "证明不合规定 malformed proof")
    return int(lines[2][6:]), decode64(lines[1][6:]), path, Note(note)


def check_inclusion(line, index, path, note):
    """That the line is entry `index` of the tree that the checkpoint signs: it was there then, and is unchanged."""
    leaf = hashlib.sha256(b"\x00" + line).digest()
    need(index < note.size and tree_root(leaf, index, note.size, path) == note.root, "条目不在账本中 not an entry of the log")


def parse_entry(line):
    entry = parse_canonical(line)
    known = type(entry.get("v")) is int and entry["v"] == 1 and entry.get("kind") in KINDS
    need(known or not isinstance(entry.get("v"), int) or not isinstance(entry.get("kind"), str),
         "此版本不认识的条目 an entry of a kind or version that is not known here", Unverifiable)
    right = known and sorted(entry) == ["at", "commit", "kind", "prev", "pub", "v"] and isinstance(entry["pub"], dict)
    right = right and is_time(entry["at"]) and re.fullmatch("[0-9a-f]{64}", str(entry["commit"]))
    need(right and (entry["prev"] is None or type(entry["prev"]) is int and entry["prev"] >= 0), "条目不合规定 malformed entry")
    return entry


def is_time(text):
    try:
        return bool(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) and len(text) == 20
    except (TypeError, ValueError):
        return False


# ---- the export: files, entries, chains, clips --------------------------------------------------------------------------

class Bag:
    """An export (BagIt 1.0, format zhilu-export/1). Every check adds what it finds; nothing is taken to be right."""

    def __init__(self, root, policy, findings):
        self.root, self.policy, self.findings = root, policy, findings
        # By path: size, listed digest. By entry index: entry, (in the payload?, private detail).
        self.sizes, self.listed, self.entries, self.details = {}, {}, {}, {}
        self.note = self.vouched = None
        self.unknown = False

    def audit(self):
        is_bag = any(os.path.lexists(os.path.join(self.root, name)) for name in ("bagit.txt", "log"))
        need(is_bag, "不是导出包 this is no export", Unverifiable)
        self.walk("")
        self.check_lists()
        self.check_entries()
        self.check_policy()
        if not self.unknown:  # Histories cannot be followed through entries that cannot be read.
            self.check_chains()
            self.check_clips()

    def wrong(self, where, problem, when=True):
        if when:
            self.findings.add(where, Altered(problem))

    def walk(self, directory):
        """Which files there are. What the format does not name, links included, does not belong to an export."""
        for item in sorted(os.scandir(os.path.join(self.root, directory)), key=lambda item: item.name):
            path = f"{directory}/{item.name}".lstrip("/")
            if item.is_dir(follow_symlinks=False) and path in ("data", "data/clips", "data/details", "log"):
                self.walk(path)
            elif item.is_file(follow_symlinks=False) and most_bytes(path) is not None:
                self.sizes[path] = item.stat(follow_symlinks=False).st_size
            else:
                self.wrong(path, "外来文件、目录或链接 a file, directory or link that no export has")

    def read(self, path):
        """A small file, or None. Its digest must be the one that a manifest lists."""
        if path not in self.sizes:
            return None
        data = self.findings.attempt(path, read_small, os.path.join(self.root, path), most_bytes(path))
        if data is not None:
            self.check_listed(path, hashlib.sha256(data).hexdigest())
        return data

    def check_listed(self, path, digest):
        self.wrong(path, "文件与清单不符 not the file that the manifest lists", self.listed.get(path, digest) != digest)

    def read_manifest(self, name):
        """Notes the digest that a manifest lists for each file; gives the manifest's own."""
        data = self.read(name) or b""
        self.wrong(name, "清单末行不完整 the last line is not whole", not data.endswith(b"\n"))
        for line in data.decode(errors="replace").split("\n")[:-1]:
            digest, path = line[:64], line[66:]
            right = re.fullmatch("[0-9a-f]{64}  ", line[:66]) and most_bytes(path) is not None and not path.startswith("tag")
            if not right or path.startswith("data/") != (name == "manifest-sha256.txt"):
                self.wrong(name, f"清单此行不合规定 malformed line: {line[:99]}")
            elif path not in self.sizes or path in self.listed:
                self.wrong(path, "清单所列文件缺失或重复 listed, but missing, or listed twice")
            else:
                self.listed[path] = digest
        return hashlib.sha256(data).hexdigest()

    def check_lists(self):
        """1. The bag is whole by its own lists. That proves little: whoever alters a file can make the lists anew."""
        for path in sorted(ALWAYS - set(self.sizes)):
            self.wrong(path, "文件缺失 missing")
        self.read_manifest("tagmanifest-sha256.txt")
        self.manifest = self.read_manifest("manifest-sha256.txt")
        for path in sorted(set(self.sizes) - set(self.listed) - {"tagmanifest-sha256.txt"}):
            self.wrong(path, "清单未列出 not listed by any manifest")
        before = self.findings.altered
        declaration, info = self.read("bagit.txt"), self.read("bag-info.txt") or b""
        self.wrong("bagit.txt", "不是 BagIt 1.0 no declaration of BagIt 1.0",
                   declaration != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        self.wrong("bag-info.txt", "说明文件不合规定 malformed", re.search(rb"[\x00-\x09\x0b-\x1f]", info) or not info.endswith(b"\n"))
        values = {}
        for line in info.decode(errors="replace").split("\n"):
            values.setdefault(line.partition(": ")[0].lower(), []).append(line.partition(": ")[2])
        formats = values.get("zhilu-format")
        need(self.findings.altered > before or formats in (None, ["zhilu-export/1"]), "此版本不认识的格式 an unknown format", Unverifiable)
        self.wrong("bag-info.txt", "没有格式 it does not say zhilu-export/1", formats != ["zhilu-export/1"])
        payload = [size for path, size in self.sizes.items() if path.startswith("data/")]
        self.wrong("bag-info.txt", "大小或件数不符 not this payload", values.get("payload-oxum") != [f"{sum(payload)}.{len(payload)}"])
        self.export = values.get("external-identifier")

    def check_entries(self):
        """2. Every entry is in the log, under one checkpoint that the pinned policy accepts.
        3. Every private detail is the one that its entry commits to: HMAC-SHA256 with its salt."""
        names = [path for path in self.sizes if path.startswith(("log/", "data/details/"))]
        for index in sorted({int(re.search("[0-9]+", path)[0]) for path in names}):
            line, proof = self.read(f"log/{index}.json"), self.read(f"log/{index}.tlog-proof")
            proved = self.findings.attempt(f"log/{index}.tlog-proof", self.check_proof, index, line, proof)
            try:
                self.entries[index] = parse_entry(line or b"")
            except (Altered, Unverifiable) as problem:
                self.unknown |= bool(proved) and isinstance(problem, Unverifiable)
                self.findings.add(index, problem if proved else Altered(problem))
            for in_payload, detail, salt in ((True, f"data/details/{index}.json", f"data/details/{index}.salt"),
                                             (False, f"log/{index}.detail.json", f"log/{index}.salt")):
                if detail in self.sizes or salt in self.sizes:
                    found = self.findings.attempt(detail, self.check_detail, index, self.read(detail), self.read(salt))
                    self.wrong(detail, "内容重复 the detail stands in two places", found is not None and index in self.details)
                    if found is not None:
                        self.details[index] = (in_payload, found)

    def check_proof(self, index, line, data):
        need(line is not None and data is not None, "条目或证明缺失 the entry or its proof is missing")
        number, extra, path, note = parse_proof(data)
        if self.note is None:
            self.note = note
            self.vouched = self.findings.attempt("checkpoint", accept, self.policy, note)
        need(note.note == self.note.note, "各证明的检查点不一致 not the checkpoint of the other proofs")
        need(number == index and extra == line, "证明与条目不符 a proof of another entry")
        check_inclusion(line, index, path, note)
        return True

    def check_detail(self, index, detail, salt):
        need(detail is not None and re.fullmatch(rb"[0-9a-f]{64}\n", salt or b""), "内容或盐值缺失 detail or salt is missing or malformed")
        commit = hmac.new(bytes.fromhex(salt.decode()), detail, hashlib.sha256).hexdigest()
        if index not in self.entries:
            return None
        need(commit == self.entries[index]["commit"], "内容被改动 not what the entry commits to")
        return parse_canonical(detail)

    def check_policy(self):
        """The policy in the bag decides nothing; but one that does not fit its own bag was not put there by the court."""
        try:
            own = parse_policy(self.read("policy") or b"")
            if self.vouched:
                accept(own, self.note)
        except (Altered, Unverifiable) as problem:
            # A court may ask for more witnesses than it got; the auditor's policy says how many are enough.
            self.wrong("policy", problem, not str(problem).startswith("见证人不足"))

    def check_chains(self):
        """4. From its first entry to this export, or to its disposal, each clip's history has no gap, no fork and no other end.
        6. The last entry commits to this manifest, and so to every file of the payload."""
        after, self.chains = {}, []
        for index, entry in sorted(self.entries.items()):
            before = entry["prev"]
            bad = before is not None and (before >= index or before not in self.entries or before in after)
            self.wrong(index, f"记录链断开或分叉 the chain is broken or forked at entry {before}", bad)
            if before is not None and not bad:
                after[before] = index
        for index, entry in sorted(self.entries.items()):
            if entry["prev"] is None:
                chain = [index]
                while chain[-1] in after:
                    chain.append(after[chain[-1]])
                self.chains.append(chain)
                self.check_clip_chain(chain) if entry["kind"] == "clip" else self.check_other_chain(chain)
        ends = [chain[-1] for chain in self.chains if self.is_export(chain[-1])]
        self.wrong("log", "没有本次移送的记录 no entry commits to the manifest", not ends)
        for end in ends:
            count = self.details.get(end, (0, {}))[1].get("entries", len(self.entries) - len(ends))
            self.wrong(end, f"条目缺失或多余 the export had {count} entries beside its own", count != len(self.entries) - len(ends))

    def is_export(self, index):
        return self.entries[index]["kind"] == "event" and self.entries[index]["pub"].get("event") == "export"

    def check_place(self, index, in_payload, must):
        """A detail stands in the payload, which the export commits to; only that of the export itself cannot."""
        found = self.details.get(index, (in_payload, None))
        bad = found[0] != in_payload or must and found[1] is None
        self.wrong(index, "内容缺失、有误或放错位置 the private detail is missing, wrong or in the wrong place", bad)

    def check_other_chain(self, chain):
        """An incident or an action; or an entry that stands alone: rules, a start of the daemon, a batch of looks at many clips."""
        first = self.entries[chain[0]]
        kind, public = first["kind"], first["pub"]
        is_batch = kind == "event" and public.get("event") == "fixity_check" and "objects" in public
        alone = kind in ALONE or is_batch
        self.wrong(chain[0], "记录链断开 an entry without its chain", kind != "amend" and (not alone or len(chain) > 1))
        for index in chain:
            other = self.entries[index]
            same = other["kind"] == kind and {**other["pub"], "event": 0} == {**public, "event": 0}
            self.wrong(index, "记录链断开 an entry about something else", index != chain[0] and not same)
            self.check_place(index, True, kind not in ALONE)

    def check_clip_chain(self, chain):
        disposals, held = [index for index in chain if self.entries[index]["kind"] == "dispose"], set()
        for index in chain:
            public = self.entries[index]["pub"]
            held = held | {public.get("hold")} if public.get("event") == "hold" else held - {public.get("hold")}
            self.wrong(index, "保全期间销毁 disposed under a hold", index in disposals and held)
            self.wrong(index, "记录链断开 not an entry about a clip", index != chain[0] and self.entries[index]["kind"] not in ("event", "dispose"))
            # Of what was before a disposal, the private details are erased with it.
            self.check_place(index, not (index == chain[-1] and self.is_export(index)), index > max(disposals, default=-1))
        for index in disposals:
            public = self.entries[index]["pub"]
            rules = public.get("rules")
            named = type(rules) is int and rules < index and self.entries.get(rules, {}).get("kind") == "rules"
            self.wrong(index, "销毁与规则不符 not under rules that were announced", not named or public.get("clip") != chain[0])
            allowed = public.get("allowed_from")
            self.wrong(index, "未到期即销毁 disposed too early", not is_time(allowed) or allowed > self.entries[index]["at"])
        public = self.entries[chain[-1]]["pub"]
        if chain[-1] not in disposals and not self.is_export(chain[-1]):
            self.wrong(chain[0], "记录链不完整 the chain ends before this export")
        elif chain[-1] not in disposals:
            same = public.get("manifest") == self.manifest and [public.get("export")] == self.export
            self.wrong(chain[-1], "清单与账本所记不符 the ledger records another manifest or another export", not same)

    def check_clips(self):
        """5. The bytes of each clip are those that its first entry names. No clip without an entry, no entry without a clip."""
        copies, digests = {}, set()
        for path in sorted(path for path in self.sizes if re.fullmatch(CLIP, path)):
            index = int(re.search("[0-9]+", path)[0])
            self.wrong(path, "视频重复 a second file for a clip", index in copies)
            copies[index] = path
        for chain in (chain for chain in self.chains if self.entries[chain[0]]["kind"] == "clip"):
            index, copy = chain[0], copies.pop(chain[0], None)
            public, detail = self.entries[index]["pub"], self.details.get(index, (0, {}))[1]
            self.wrong(index, "同一视频有两条记录链 two histories of the same bytes", public.get("sha256") in digests)
            digests.add(public.get("sha256"))
            recorders = {public.get("recorder"), detail.get("recorder")} - {None}
            self.wrong(index, "记录仪自相矛盾 two recorders of one clip", len(recorders) > 1)
            times = [public[key] for key in ("start", "end") if key in public]
            self.wrong(index, "录制时间有误 no times, or an end before the start", not all(map(is_time, times)) or times != sorted(times))
            disposed = self.entries[chain[-1]]["kind"] == "dispose"
            self.wrong(index, "视频缺失，或已销毁仍在 missing, or there though disposed of", (copy is None) != disposed)
            if copy and not disposed:
                self.findings.attempt(copy, self.check_copy, copy, public)
        for path in copies.values():
            self.wrong(path, "账本中没有的视频 a clip that no entry is about")
        if "data/report.html" in self.sizes:
            report = self.findings.attempt("data/report.html", hash_file, os.path.join(self.root, "data/report.html"), ["sha256"])
            self.check_listed("data/report.html", (report or {}).get("sha256"))

    def check_copy(self, path, public):
        need(public.get("size") == self.sizes[path], "大小与账本不符 not of the size that the ledger says")
        names = ["sha256"] + ["sm3"] * ("sm3" in public and "sm3" in hashlib.algorithms_available)
        digests = hash_file(os.path.join(self.root, path), names)
        self.check_listed(path, digests["sha256"])
        need(all(public.get(name) == digest for name, digest in digests.items()), "内容与账本不符 not the bytes that the ledger says")

    def print_proved(self):
        """What is proved: what each thing is, and everything that was done with it."""
        for chain in self.chains:
            first = self.entries[chain[0]]
            if first["kind"] not in ("clip", "amend"):
                continue
            say(f"\n{'视频 clip' if first['kind'] == 'clip' else '记录 record'} {chain[0]}  "
                + shown(self.details.get(chain[0], (0, {}))[1].get("name", "")))
            for key, value in first["pub"].items():
                say(f"  {key} {shown(value)}")
            for index in chain:
                entry, actor = self.entries[index], self.details.get(index, (0, {}))[1].get("actor", "（已删除 erased）")
                word = entry["pub"].get("event", entry["kind"])
                rule = [entry["pub"]["rule"], entry["pub"]["allowed_from"]] if entry["kind"] == "dispose" else ""
                say(f"    {entry['at']} {WORDS.get(word, '')} {shown(word)} {shown(actor)} {shown(rule)} (条目 entry {index})")
        print_vouched(self.note, self.vouched)


def most_bytes(path):
    return next((most for pattern, most in FORMAT.items() if re.fullmatch(pattern, path)), None)


def print_vouched(note, vouched):
    (name, key_id, _), witnesses, witnessed = vouched
    say(f"\n作保 vouched for by\n  账本 ledger {shown(name)}+{key_id.hex()}, {note.size} 条 entries, 根值 root {note.root.hex()}")
    for witness, time in witnesses:
        when = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=time) if time < 1 << 37 else f"{time} s"
        say(f"  见证 witness {shown(witness)}, 见证时间 seen at {when} UTC")
    if not witnessed:
        say("  策略不要求见证：仅法院自己的密钥作保 no witness is asked for: only the court's own key vouches")


def audit_proof(path, policy, clip):
    """A single proof: the entry that it holds is in the log; the clip's bytes are those that the entry names."""
    try:
        index, line, way, note = parse_proof(read_small(path, 1 << 21))
    except Altered as problem:
        raise Unverifiable(problem) from problem
    vouched = accept(policy, note)
    check_inclusion(line, index, way, note)
    entry = parse_entry(line)
    if clip:
        digest = hash_file(clip, ["sha256"])["sha256"]
        need(entry["kind"] == "clip" and entry["pub"].get("sha256") == digest, "不是此条目的视频 not the clip that the entry is about")
    say(f"条目 entry {index}: {shown(line.decode())}")
    say(f"文件相符 the file has the digest {digest}" if clip else "未核对文件 no file was compared (--file)")
    print_vouched(note, vouched)


def check(bag, policy_file, clip=None):
    """The exit code; whatever is found is printed."""
    findings = Findings()
    try:
        policy = parse_policy(read_small(policy_file, 1 << 20))
        if os.path.isdir(bag):
            audit = Bag(bag, policy, findings)
            findings.attempt(bag, audit.audit)
            if not findings.altered and not findings.unverifiable:
                audit.print_proved()
        else:
            findings.attempt(bag, audit_proof, bag, policy, clip)
    except Exception as error:  # Whatever it is: nothing is proved.
        findings.add(bag, Unverifiable(f"{type(error).__name__} {error}"))
    if findings.altered:
        say("不成立：有内容被改动、添加或缺失，任何内容均未经证明 NOT PROVED: something was altered, added or is missing")
        return 1
    if findings.unverifiable:
        say("无法核验：未发现改动，但不能证明任何内容 CANNOT BE VERIFIED: nothing is known to be altered, nothing is proved")
        return 2
    say("成立 PROVED")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bag", help="an export (directory) or a .tlog-proof (file)")
    parser.add_argument("--policy", required=True, help="the policy that you keep")
    parser.add_argument("--file", help="the clip that a .tlog-proof is about")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(check(arguments.bag, arguments.policy, arguments.file))
