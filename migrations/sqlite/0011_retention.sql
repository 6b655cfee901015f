-- Retention 保管期限, holds 保全 and disposals 销毁.

-- The retention tables as ledger entries put them in force; the newest one counts, see model/retention.rs.
create table retention_rules (
    entry_index integer primary key,            -- its `rules` entry
    at_us       integer not null,
    rules       text    not null,               -- JSON: the table
    actor       text    not null,
    detail      blob    not null,               -- canonical JSON; private
    salt        blob    not null                -- 32 random bytes
) strict;

create table holds (
    id          integer primary key,
    subject     text    not null,               -- clip | case | incident
    subject_id  integer not null,
    reason      text    not null,
    actor       text    not null,
    at_us       integer not null,
    lifted_us   integer,                        -- null: it holds
    lifted_by   text,
    lift_reason text,
    last_entry  integer not null                -- its newest ledger entry
) strict;
create index holds_standing on holds (subject, subject_id) where lifted_us is null;
-- The clips in whose chain a hold stands: what it covered when it was placed. They are held until it is lifted, whatever becomes of the tie.
create table hold_clips (
    hold_id integer not null references holds (id),
    clip_id integer not null references clips (id),
    primary key (hold_id, clip_id)
) strict;
create index hold_clips_clip on hold_clips (clip_id);

-- Proposals to destroy clips, and what became of them.
create table disposals (
    id          integer primary key,
    scope       text    not null,               -- named | due: a list, or all that was due
    state       text    not null,               -- proposed | approved | refused | done
    reason      text    not null,
    proposed_by text    not null,
    proposed_us integer not null,
    decided_by  text,
    decided_us  integer,
    decision    text,                           -- what the second person said
    done_us     integer,
    last_entry  integer not null                -- its newest ledger entry
) strict;
create index disposals_approved on disposals (id) where state = 'approved';
create table disposal_clips (
    disposal_id integer not null references disposals (id),
    clip_id     integer not null references clips (id),
    outcome     text,                           -- disposed | kept; null: not decided yet
    why         text,                           -- of kept: JSON, the words for why it is not due any more
    primary key (disposal_id, clip_id)
) strict;
create index disposal_clips_clip on disposal_clips (clip_id);

-- What was destroyed: for ever.
create table tombstones (
    entry_index     integer primary key,        -- its `dispose` entry
    clip_id         integer not null references clips (id),
    disposal_id     integer not null references disposals (id),
    sha256          blob    not null,
    size_bytes      integer not null,
    rule            text    not null,           -- the rule's id
    rules_entry     integer not null,           -- the entry that announced its table
    from_entry      integer not null,           -- the entry from which it was kept
    allowed_from_us integer not null,
    at_us           integer not null,
    object          text    not null,           -- due (to be removed) | removed | kept (the same bytes arrived again before)
    object_us       integer,                    -- when it was removed
    revived_entry   integer,                    -- the ingestion by which the same bytes came back
    revived_us      integer
) strict;
create index tombstones_clip on tombstones (clip_id, entry_index);
create index tombstones_due on tombstones (entry_index) where object = 'due';
