-- 暴力抗法事件.

-- What conduct a code means, and the law behind it: data, because both change.
create table conduct_codes (
    code          text    not null,             -- V1 …
    name          text    not null,
    valid_from_us integer not null,
    valid_to_us   integer,
    primary key (code, valid_from_us)
) strict;
create table conduct_laws (
    code          text    not null,
    position      integer not null,             -- order among the bases of a code
    law           text    not null,             -- short name and article, as cited: 刑法277(5)
    source        text    not null,             -- full title of the law or interpretation
    valid_from_us integer not null,
    valid_to_us   integer,
    primary key (code, position, valid_from_us)
) strict;

create table incidents (
    id          integer primary key,
    court       text    not null,               -- court code; empty: not said
    status      text    not null,               -- suspected | confirmed | closed | dismissed
    status_why  text    not null,               -- the reason of a dismissal; else empty or a remark
    source      text    not null,               -- person | mark | sidecar
    source_clip integer references clips (id),  -- of mark and sidecar: the clip that carries it
    severity    integer,                        -- 1 … 4; null: not judged
    begin_us    integer not null,
    end_us      integer,
    place       text    not null,
    narrative   text    not null,
    injuries    text    not null,
    weapons     text    not null,
    action_id   integer references actions (id),
    created_us  integer not null,
    updated_us  integer not null,
    version     integer not null,               -- rises with each change; what a change is based on
    last_entry  integer not null                -- its newest ledger entry
) strict;
create index incidents_begin on incidents (begin_us, id);
create unique index incidents_source_clip on incidents (source_clip) where source_clip is not null;

create table incident_codes (
    incident_id integer not null references incidents (id),
    code        text    not null,
    primary key (incident_id, code)
) strict;

create table incident_cases (
    incident_id integer not null references incidents (id),
    case_id     integer not null references cases (id),
    primary key (incident_id, case_id)
) strict;
create index incident_cases_case on incident_cases (case_id, incident_id);

create table incident_clips (
    incident_id integer not null references incidents (id),
    clip_id     integer not null references clips (id),
    from_ms     integer not null,               -- offset in the clip where it begins
    to_ms       integer,
    primary key (incident_id, clip_id)
) strict;
create index incident_clips_clip on incident_clips (clip_id, incident_id);

create table incident_people (
    incident_id integer not null references incidents (id),
    position    integer not null,
    side        text    not null,               -- subject | victim
    name        text    not null,               -- empty: not known
    role        text    not null,               -- of a subject 被执行人 …, of a victim 司法警察 …
    officer     text,                           -- a victim's officer number
    primary key (incident_id, position)
) strict;

create table incident_measures (
    id               integer primary key,
    incident_id      integer not null references incidents (id),
    kind             text    not null,          -- 训诫 … 自诉
    person           text    not null,          -- against whom
    against_unit     integer not null,          -- a unit (fine to 1,000,000), not a person (to 100,000)
    amount_yuan      integer,                   -- of a fine
    days             integer,                   -- of a detention
    decided_by       text    not null,
    decided_us       integer,
    approved_by      text    not null,          -- the president; empty: not yet
    approved_us      integer,
    urgent           integer not null,          -- detention first, reported at once
    served_us        integer,                   -- handed over: the term for 复议 runs from here
    family_told_us   integer,                   -- of a detention
    family_reason    text    not null,          -- why the family could not be told
    review_asked_us  integer,                   -- 复议
    review_done_us   integer,
    note             text    not null
) strict;
create index incident_measures_incident on incident_measures (incident_id, id);
