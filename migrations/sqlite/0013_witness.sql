-- Logs of other courts that this one witnesses: what it saw of each last.
create table witnessed_logs (
    origin     text    primary key,
    size       integer not null,                -- entries at the newest checkpoint that was cosigned
    root       blob    not null,
    mirrored   integer not null,                -- entries of it that are kept here and hash to a cosigned root
    frontier   blob    not null,                -- the tree's right edge over the entries that are kept, see mirrored_entries
    trouble    text                             -- why the mirror does not go on: the log is not what it signed
) strict;

-- Every checkpoint that this court cosigned, with its cosignature.
create table witnessed_checkpoints (
    origin text    not null,
    size   integer not null,
    at_us  integer not null,
    note   text    not null,
    primary key (origin, size, at_us)
) strict;

-- Entries of witnessed logs.
create table mirrored_entries (
    origin      text    not null,
    entry_index integer not null,
    line        blob    not null,               -- canonical JSON
    primary key (origin, entry_index)
) strict, without rowid;

-- Every checkpoint of this court's own ledger that witnesses cosigned, with their cosignatures.
create table cosigned_checkpoints (
    size  integer not null,
    at_us integer not null,
    note  text    not null,
    primary key (size, at_us)
) strict;
