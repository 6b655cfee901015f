-- Retention 保管期限, holds 保全 and disposals 销毁.

-- The retention tables as ledger entries put them in force; the newest one counts, see model/retention.rs.
create table retention_rules (
    entry_index bigint primary key,                 -- its `rules` entry
    at_us       bigint not null,
    rules       text collate "C" not null,          -- JSON: the table
    actor       text collate "C" not null,
    detail      bytea not null,                     -- canonical JSON; private
    salt        bytea not null                      -- 32 random bytes
);

create table holds (
    id          bigint primary key,
    subject     text collate "C" not null,          -- clip | case | incident
    subject_id  bigint not null,
    reason      text collate "C" not null,
    actor       text collate "C" not null,
    at_us       bigint not null,
    lifted_us   bigint,                             -- null: it holds
    lifted_by   text collate "C",
    lift_reason text collate "C",
    last_entry  bigint not null                     -- its newest ledger entry
);
create index holds_standing on holds (subject, subject_id) where lifted_us is null;
-- The clips in whose chain a hold stands: what it covered when it was placed. They are held until it is lifted, whatever becomes of the tie.
create table hold_clips (
    hold_id bigint not null references holds (id),
    clip_id bigint not null references clips (id),
    primary key (hold_id, clip_id)
);
create index hold_clips_clip on hold_clips (clip_id);

-- Proposals to destroy clips, and what became of them.
create table disposals (
    id          bigint primary key,
    scope       text collate "C" not null,          -- named | due: a list, or all that was due
    state       text collate "C" not null,          -- proposed | approved | refused | done
    reason      text collate "C" not null,
    proposed_by text collate "C" not null,
    proposed_us bigint not null,
    decided_by  text collate "C",
    decided_us  bigint,
    decision    text collate "C",                   -- what the second person said
    done_us     bigint,
    last_entry  bigint not null                     -- its newest ledger entry
);
create index disposals_approved on disposals (id) where state = 'approved';
create table disposal_clips (
    disposal_id bigint not null references disposals (id),
    clip_id     bigint not null references clips (id),
    outcome     text collate "C",                   -- disposed | kept; null: not decided yet
    why         text collate "C",                   -- of kept: JSON, the words for why it is not due any more
    primary key (disposal_id, clip_id)
);
create index disposal_clips_clip on disposal_clips (clip_id);

-- What was destroyed: for ever.
create table tombstones (
    entry_index     bigint primary key,             -- its `dispose` entry
    clip_id         bigint not null references clips (id),
    disposal_id     bigint not null references disposals (id),
    sha256          bytea not null,
    size_bytes      bigint not null,
    rule            text collate "C" not null,      -- the rule's id
    rules_entry     bigint not null,                -- the entry that announced its table
    from_entry      bigint not null,                -- the entry from which it was kept
    allowed_from_us bigint not null,
    at_us           bigint not null,
    object          text collate "C" not null,      -- due (to be removed) | removed | kept (the same bytes arrived again before)
    object_us       bigint,                         -- when it was removed
    revived_entry   bigint,                         -- the ingestion by which the same bytes came back
    revived_us      bigint
);
create index tombstones_clip on tombstones (clip_id, entry_index);
create index tombstones_due on tombstones (entry_index) where object = 'due';
