-- When each object was looked at last, and what was found. A clip without a row was never read back.
create table fixity (
    clip_id     integer primary key references clips (id),
    checked_us  integer not null,               -- when it was looked at last
    result      text    not null,               -- equal | altered | truncated | missing | unreadable
    detail      text,                           -- what was found instead, when it is not equal
    verified_us integer,                        -- when it was found equal last; null: never
    source      text    not null,               -- confirm | verify | scrub: who looked last
    entry_index integer not null                -- the ledger entry that records this look: the clip's own, or that of a batch
) strict;
create index fixity_checked on fixity (checked_us, clip_id);
create index fixity_entry on fixity (entry_index);
create index fixity_failing on fixity (checked_us, clip_id) where result <> 'equal';

-- Objects that were found equal together: one ledger entry for all, which commits to the detail through the salt.
create table fixity_batches (
    id          integer primary key,
    at_us       integer not null,
    actor       text    not null,
    detail      blob    not null,               -- canonical JSON; names the objects by the runs of their clip entries
    salt        blob    not null,               -- 32 random bytes
    entry_index integer not null unique
) strict;

-- What was confirmed before this table was there.
insert into fixity (clip_id, checked_us, result, verified_us, source, entry_index)
    select e.clip_id, max(e.at_us), 'equal', max(e.at_us), 'confirm', max(e.entry_index)
    from custody_events e join uploads u on u.clip_id = e.clip_id and u.confirmed_us = e.at_us
    where e.kind = 'fixity_check' group by e.clip_id;
