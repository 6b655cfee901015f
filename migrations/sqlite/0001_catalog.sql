-- Times are microseconds since 1970 UTC (_us); ids are 63-bit and rise with arrival; digests are 32 bytes.

-- Facts about the database itself.
create table meta (
    key   text primary key,
    value text not null
) strict;

-- One row a distinct run of bytes. A sidecar is a row too: it is evidence like any other file.
create table clips (
    id              integer primary key,
    sha256          blob    not null unique,
    sm3             blob,
    size_bytes      integer not null,
    role            text    not null,           -- clip | sidecar
    kind            text    not null,           -- what the content is, sniffed
    health          text    not null,
    state           text    not null,           -- accepted | matched | confirmed | released
    important       integer not null,           -- the OR of the marks of all its names
    recorded_us     integer not null,           -- the corrected time
    recorded_source text    not null,
    doubts          text    not null,           -- JSON array of words
    name_us         integer,                    -- the recorder's time in the file's name
    sidecar_us      integer,                    -- the recorder's time in a sidecar
    container_us    integer,
    file_us         integer,
    arrived_us      integer not null,
    duration_ms     integer,
    lat             real,
    lon             real,
    recorder        text,                       -- serial
    officer         text,                       -- officer number
    sequence        integer,                    -- the recorder's own file number
    facts           text    not null,           -- JSON of the probe's reading
    sidecar_facts   text,                       -- JSON; of a sidecar: its own reading
    sidecar_of      integer references clips (id), -- of a sidecar: the clip it belongs to
    unfiled         integer not null,           -- linked to no case
    unfiled_reason  text,                       -- JSON: why not
    entry_index     integer not null unique,    -- its clip entry in the ledger
    last_entry      integer not null,           -- the newest entry about it: the next entry's prev
    search_text     text    not null            -- what ?q= looks in, folded
) strict;
create index clips_recorded on clips (recorded_us, id);
create index clips_recorder on clips (recorder, recorded_us, id);
create index clips_officer on clips (officer, recorded_us, id);
create index clips_sidecar_of on clips (sidecar_of) where sidecar_of is not null;
create index clips_unconfirmed on clips (id) where state in ('accepted', 'matched');

-- One row an accepted arrival: a name and place that a clip arrived under.
create table uploads (
    id           integer primary key,
    clip_id      integer not null references clips (id),
    folder       blob    not null,              -- the upload folder, bytes as the file system has them
    dir          blob    not null,              -- below the folder; empty: the folder itself
    name         blob    not null,
    pair_key     blob    not null,              -- the name's stem, folded: what a sidecar and its clip share
    size_bytes   integer not null,
    mtime_ns     integer not null,
    ctime_ns     integer not null,
    inode        integer not null,
    important    integer not null,
    policy       text    not null,              -- keep | move | delete
    adopted      integer not null,              -- the file itself became the object: nothing is left to remove
    state        text    not null,              -- accepted | confirmed | released
    reason       text,                          -- why it does not go on, in a stable word with details (JSON)
    arrived_us   integer not null,
    accepted_us  integer not null,
    confirmed_us integer,
    released_us  integer,
    outcome      text                           -- kept | moved | deleted | gone | changed
) strict;
create index uploads_place on uploads (folder, dir, name);
create index uploads_pair on uploads (folder, dir, pair_key);
create index uploads_clip on uploads (clip_id);
create index uploads_open on uploads (id) where state <> 'released';

create table cases (
    id         integer primary key,
    number     text    not null unique,         -- canonical form
    year       integer,                         -- parts are null for a number of the old style
    court      text,
    type       text,
    serial     integer,
    cause      text,
    judge      text,
    status     text,
    stub       integer not null,                -- known only because a clip names it
    created_us integer not null,
    updated_us integer not null
) strict;
create index cases_parts on cases (court, type, year, serial);

create table parties (
    case_id  integer not null references cases (id),
    position integer not null,                  -- order in the import
    name     text    not null,
    primary key (case_id, position)
) strict;

create table case_links (
    clip_id integer not null references clips (id),
    case_id integer not null references cases (id),
    method  text    not null,                   -- name | path | sidecar
    reason  text    not null,                   -- a sentence for people
    at_us   integer not null,
    primary key (clip_id, case_id)
) strict;
create index case_links_case on case_links (case_id, clip_id);

-- What was done with clips. Each row has its ledger entry, which commits to the detail through the salt.
create table custody_events (
    id          integer primary key,
    clip_id     integer not null references clips (id),
    at_us       integer not null,
    kind        text    not null,
    actor       text    not null,
    detail      blob    not null,               -- canonical JSON; private
    salt        blob    not null,               -- 32 random bytes
    entry_index integer not null unique
) strict;
create index custody_events_clip on custody_events (clip_id, id);

create table ledger_entries (
    entry_index integer primary key,
    line        blob not null                   -- canonical JSON
) strict;

-- Hash tiles of C2SP tlog-tiles: up to 256 hashes of one level.
create table ledger_tiles (
    level      integer not null,
    tile_index integer not null,
    hashes     blob    not null,
    primary key (level, tile_index)
) strict;

-- The newest signed checkpoint; one row.
create table ledger_checkpoint (
    id   integer primary key check (id = 1),
    size integer not null,
    root blob    not null,
    note text    not null,
    at_us integer not null
) strict;

create table tokens (
    id         integer primary key,
    name       text    not null,
    role       text    not null,
    hash       blob    not null unique,         -- SHA-256 of the secret
    created_us integer not null,
    revoked_us integer
) strict;
