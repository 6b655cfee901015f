-- 执行行动: planned outings, and what follows from them for clips.

create table actions (
    id               integer primary key,
    reference        text    unique,            -- the court's own number for it, the key of repeated imports
    kind             text    not null,          -- 搜查, 查封扣押, 强制迁出, …
    place            text    not null,          -- empty: not said
    court            text    not null,          -- court code; empty: not said
    planned_from_us  integer not null,
    planned_to_us    integer not null,
    actual_from_us   integer,
    actual_to_us     integer,
    window_from_us   integer not null,          -- the window that counts: the real one where known, else the planned one
    window_to_us     integer not null,
    recorders_needed integer not null,
    note             text    not null,
    state            text    not null,          -- planned | done | cancelled
    created_us       integer not null,
    updated_us       integer not null,
    last_entry       integer not null,          -- its newest ledger entry
    rematch          text                     -- JSON: which clips are still to be matched anew since it changed; null: none
) strict;
create index actions_window on actions (window_from_us, id);
create index actions_rematch on actions (id) where rematch is not null;

create table action_cases (
    action_id integer not null references actions (id),
    case_id   integer not null references cases (id),
    primary key (action_id, case_id)
) strict;
create index action_cases_case on action_cases (case_id, action_id);

create table action_officers (
    action_id integer not null references actions (id),
    officer   text    not null,                 -- officer number
    from_us   integer not null,                 -- the action's window, so that a clip finds its actions by one range
    to_us     integer not null,
    primary key (action_id, officer)
) strict;
create index action_officers_officer on action_officers (officer, from_us, action_id);

create table action_recorders (
    action_id integer not null references actions (id),
    recorder  text    not null,                 -- serial
    from_us   integer not null,                 -- the action's window, so that a clip finds its actions by one range
    to_us     integer not null,
    primary key (action_id, recorder)
) strict;
create index action_recorders_recorder on action_recorders (recorder, from_us, action_id);

-- Methods are name | path | sidecar | action | recording | person from now on.
alter table case_links add column action_id integer references actions (id); -- of a link by an action
alter table case_links add column actor text not null default 'system:intake';
create index case_links_action on case_links (action_id) where action_id is not null;

-- What a person said a clip has nothing to do with; no machine links it again.
create table case_refusals (
    clip_id integer not null references clips (id),
    case_id integer not null references cases (id),
    actor   text    not null,
    reason  text    not null,
    at_us   integer not null,
    primary key (clip_id, case_id)
) strict;

create table clip_notes (
    id      integer primary key,
    clip_id integer not null references clips (id),
    actor   text    not null,
    note    text    not null,
    at_us   integer not null
) strict;
create index clip_notes_clip on clip_notes (clip_id, id);

-- A person's mark, apart from the device's in `important`: a clip is important when either says so.
alter table clips add column marked integer not null default 0;

-- Changes of what is no clip: who changed what, with the old value. Each row has its ledger entry, which commits to the detail.
create table amendments (
    id          integer primary key,
    subject     text    not null,               -- action | incident
    subject_id  integer not null,
    at_us       integer not null,
    kind        text    not null,               -- what was done, in a stable word
    actor       text    not null,
    detail      blob    not null,               -- canonical JSON; private
    salt        blob    not null,               -- 32 random bytes
    entry_index integer not null unique
) strict;
create index amendments_subject on amendments (subject, subject_id, id);
