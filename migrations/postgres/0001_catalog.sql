-- Times are microseconds since 1970 UTC (_us); ids are 63-bit and rise with arrival; digests are 32 bytes.

-- Facts about the database itself.
create table meta (
    key   text primary key,
    value text not null
);

-- One row a distinct run of bytes. A sidecar is a row too: it is evidence like any other file.
create table clips (
    id              bigint primary key,
    sha256          bytea    not null unique,
    sm3             bytea,
    size_bytes      bigint not null,
    role            text    not null,           -- clip | sidecar
    kind            text    not null,           -- what the content is, sniffed
    health          text    not null,
    state           text    not null,           -- accepted | matched | confirmed | released
    important       bigint not null,           -- the OR of the marks of all its names
    recorded_us     bigint not null,           -- the corrected time
    recorded_source text    not null,
    doubts          text    not null,           -- JSON array of words
    name_us         bigint,                    -- the recorder's time in the file's name
    sidecar_us      bigint,                    -- the recorder's time in a sidecar
    container_us    bigint,
    file_us         bigint,
    arrived_us      bigint not null,
    duration_ms     bigint,
    lat             double precision,
    lon             double precision,
    recorder        text,                       -- serial
    officer         text,                       -- officer number
    sequence        bigint,                    -- the recorder's own file number
    facts           text    not null,           -- JSON of the probe's reading
    sidecar_facts   text,                       -- JSON; of a sidecar: its own reading
    sidecar_of      bigint references clips (id), -- of a sidecar: the clip it belongs to
    unfiled         bigint not null,           -- linked to no case
    unfiled_reason  text,                       -- JSON: why not
    entry_index     bigint not null unique,    -- its clip entry in the ledger
    last_entry      bigint not null,           -- the newest entry about it: the next entry's prev
    search_text     text    not null            -- what ?q= looks in, folded
);
create index clips_recorded on clips (recorded_us, id);
create index clips_recorder on clips (recorder, recorded_us, id);
create index clips_officer on clips (officer, recorded_us, id);
create index clips_sidecar_of on clips (sidecar_of) where sidecar_of is not null;
create index clips_unconfirmed on clips (id) where state in ('accepted', 'matched');

-- One row an accepted arrival: a name and place that a clip arrived under.
create table uploads (
    id           bigint primary key,
    clip_id      bigint not null references clips (id),
    folder       bytea    not null,              -- the upload folder, bytes as the file system has them
    dir          bytea    not null,              -- below the folder; empty: the folder itself
    name         bytea    not null,
    pair_key     bytea    not null,              -- the name's stem, folded: what a sidecar and its clip share
    size_bytes   bigint not null,
    mtime_ns     bigint not null,
    ctime_ns     bigint not null,
    inode        bigint not null,
    important    bigint not null,
    policy       text    not null,              -- keep | move | delete
    adopted      bigint not null,              -- the file itself became the object: nothing is left to remove
    state        text    not null,              -- accepted | confirmed | released
    reason       text,                          -- why it does not go on, in a stable word with details (JSON)
    arrived_us   bigint not null,
    accepted_us  bigint not null,
    confirmed_us bigint,
    released_us  bigint,
    outcome      text                           -- kept | moved | deleted | gone | changed
);
create index uploads_place on uploads (folder, dir, name);
create index uploads_pair on uploads (folder, dir, pair_key);
create index uploads_clip on uploads (clip_id);
create index uploads_open on uploads (id) where state <> 'released';

create table cases (
    id         bigint primary key,
    number     text    not null unique,         -- canonical form
    year       bigint,                         -- parts are null for a number of the old style
    court      text,
    type       text,
    serial     bigint,
    cause      text,
    judge      text,
    status     text,
    stub       bigint not null,                -- known only because a clip names it
    created_us bigint not null,
    updated_us bigint not null
);
create index cases_parts on cases (court, type, year, serial);

create table parties (
    case_id  bigint not null references cases (id),
    position bigint not null,                  -- order in the import
    name     text    not null,
    primary key (case_id, position)
);

create table case_links (
    clip_id bigint not null references clips (id),
    case_id bigint not null references cases (id),
    method  text    not null,                   -- name | path | sidecar
    reason  text    not null,                   -- a sentence for people
    at_us   bigint not null,
    primary key (clip_id, case_id)
);
create index case_links_case on case_links (case_id, clip_id);

-- What was done with clips. Each row has its ledger entry, which commits to the detail through the salt.
create table custody_events (
    id          bigint primary key,
    clip_id     bigint not null references clips (id),
    at_us       bigint not null,
    kind        text    not null,
    actor       text    not null,
    detail      bytea    not null,               -- canonical JSON; private
    salt        bytea    not null,               -- 32 random bytes
    entry_index bigint not null unique
);
create index custody_events_clip on custody_events (clip_id, id);

create table ledger_entries (
    entry_index bigint primary key,
    line        bytea not null                   -- canonical JSON
);

-- Hash tiles of C2SP tlog-tiles: up to 256 hashes of one level.
create table ledger_tiles (
    level      bigint not null,
    tile_index bigint not null,
    hashes     bytea    not null,
    primary key (level, tile_index)
);

-- The newest signed checkpoint; one row.
create table ledger_checkpoint (
    id   bigint primary key check (id = 1),
    size bigint not null,
    root bytea    not null,
    note text    not null,
    at_us bigint not null
);

create table tokens (
    id         bigint primary key,
    name       text    not null,
    role       text    not null,
    hash       bytea    not null unique,         -- SHA-256 of the secret
    created_us bigint not null,
    revoked_us bigint
);
