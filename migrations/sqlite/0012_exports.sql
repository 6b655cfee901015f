-- Exports 移送: clips that leave the court as a bag, each approved by another person than asked for it.
create table exports (
    id           integer primary key,
    scope        text    not null,              -- case | incident | clips
    case_id      integer references cases (id), -- of the scope case
    incident_id  integer references incidents (id), -- of the scope incident
    reason       text    not null,
    recipient    text    not null,
    requested_by text    not null,              -- a token's id and role, or the command line
    requested_us integer not null,
    decided_by   text,                          -- who approved or refused: a token's id and role, or a name given on the command line
    decided_us   integer,
    refusal      text    not null default '',   -- why it was refused
    state        text    not null,              -- requested | refused | approved | running | recorded | done | failed
    dir          text,                          -- where the bag is or will be, an absolute path; null: not begun
    files_total  integer not null default 0,    -- clips and sidecars
    bytes_total  integer not null default 0,
    files_done   integer not null default 0,
    bytes_done   integer not null default 0,
    manifest     blob,                          -- SHA-256 of manifest-sha256.txt, which the ledger commits to; null: not recorded yet
    error        text    not null default '',   -- why it failed, or waits
    done_us      integer,
    last_entry   integer not null               -- the newest ledger entry about the export itself
) strict;
create index exports_open on exports (id) where state in ('approved', 'running', 'recorded');

-- The clips of an export, sidecars among them; of a case or an incident from when it begins.
create table export_clips (
    export_id    integer not null references exports (id),
    clip_id      integer not null references clips (id),
    export_entry integer,                       -- the clip's ledger entry with the manifest's digest; null: not recorded yet
    primary key (export_id, clip_id)
) strict;
