-- Exports 移送: clips that leave the court as a bag, each approved by another person than asked for it.
create table exports (
    id           bigint primary key,
    scope        text collate "C" not null,                                  -- case | incident | clips
    case_id      bigint references cases (id),                               -- of the scope case
    incident_id  bigint references incidents (id),                           -- of the scope incident
    reason       text collate "C" not null,
    recipient    text collate "C" not null,
    requested_by text collate "C" not null,                                  -- a token's id and role, or the command line
    requested_us bigint not null,
    decided_by   text collate "C",                                           -- who approved or refused: a token's id and role, or a name given on the command line
    decided_us   bigint,
    refusal      text collate "C" not null default '',                       -- why it was refused
    state        text collate "C" not null,                                  -- requested | refused | approved | running | recorded | done | failed
    dir          text collate "C",                                           -- where the bag is or will be, an absolute path; null: not begun
    files_total  bigint not null default 0,                                  -- clips and sidecars
    bytes_total  bigint not null default 0,
    files_done   bigint not null default 0,
    bytes_done   bigint not null default 0,
    manifest     bytea,                                                      -- SHA-256 of manifest-sha256.txt, which the ledger commits to; null: not recorded yet
    error        text collate "C" not null default '',                       -- why it failed, or waits
    done_us      bigint,
    last_entry   bigint not null                                             -- the newest ledger entry about the export itself
);
create index exports_open on exports (id) where state in ('approved', 'running', 'recorded');

-- The clips of an export, sidecars among them; of a case or an incident from when it begins.
create table export_clips (
    export_id    bigint not null references exports (id),
    clip_id      bigint not null references clips (id),
    export_entry bigint,                                                     -- the clip's ledger entry with the manifest's digest; null: not recorded yet
    primary key (export_id, clip_id)
);
