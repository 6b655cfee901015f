-- Logs of other courts that this one witnesses: what it saw of each last.
create table witnessed_logs (
    origin     text    collate "C" primary key,
    size       bigint  not null,                -- entries at the newest checkpoint that was cosigned
    root       bytea   not null,
    mirrored   bigint  not null,                -- entries of it that are kept here and hash to a cosigned root
    frontier   bytea   not null,                -- the tree's right edge over the entries that are kept, see mirrored_entries
    trouble    text    collate "C"                             -- why the mirror does not go on: the log is not what it signed
);

-- Every checkpoint that this court cosigned, with its cosignature.
create table witnessed_checkpoints (
    origin text    collate "C" not null,
    size   bigint  not null,
    at_us  bigint  not null,
    note   text    collate "C" not null,
    primary key (origin, size, at_us)
);

-- Entries of witnessed logs.
create table mirrored_entries (
    origin      text    collate "C" not null,
    entry_index bigint  not null,
    line        bytea   not null,               -- canonical JSON
    primary key (origin, entry_index)
);

-- Every checkpoint of this court's own ledger that witnesses cosigned, with their cosignatures.
create table cosigned_checkpoints (
    size  bigint  not null,
    at_us bigint  not null,
    note   text    collate "C" not null,
    primary key (size, at_us)
);
