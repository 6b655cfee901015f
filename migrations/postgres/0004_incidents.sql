-- 暴力抗法事件.

-- What conduct a code means, and the law behind it: data, because both change.
create table conduct_codes (
    code          text    not null,             -- V1 …
    name          text    not null,
    valid_from_us bigint not null,
    valid_to_us   bigint,
    primary key (code, valid_from_us)
);
create table conduct_laws (
    code          text    not null,
    position      bigint not null,             -- order among the bases of a code
    law           text    not null,             -- short name and article, as cited: 刑法277(5)
    source        text    not null,             -- full title of the law or interpretation
    valid_from_us bigint not null,
    valid_to_us   bigint,
    primary key (code, position, valid_from_us)
);

create table incidents (
    id          bigint primary key,
    court       text    not null,               -- court code; empty: not said
    status      text    not null,               -- suspected | confirmed | closed | dismissed
    status_why  text    not null,               -- the reason of a dismissal; else empty or a remark
    source      text    not null,               -- person | mark | sidecar
    source_clip bigint references clips (id),  -- of mark and sidecar: the clip that carries it
    severity    bigint,                        -- 1 … 4; null: not judged
    begin_us    bigint not null,
    end_us      bigint,
    place       text    not null,
    narrative   text    not null,
    injuries    text    not null,
    weapons     text    not null,
    action_id   bigint references actions (id),
    created_us  bigint not null,
    updated_us  bigint not null,
    version     bigint not null,               -- rises with each change; what a change is based on
    last_entry  bigint not null                -- its newest ledger entry
);
create index incidents_begin on incidents (begin_us, id);
create unique index incidents_source_clip on incidents (source_clip) where source_clip is not null;

create table incident_codes (
    incident_id bigint not null references incidents (id),
    code        text    not null,
    primary key (incident_id, code)
);

create table incident_cases (
    incident_id bigint not null references incidents (id),
    case_id     bigint not null references cases (id),
    primary key (incident_id, case_id)
);
create index incident_cases_case on incident_cases (case_id, incident_id);

create table incident_clips (
    incident_id bigint not null references incidents (id),
    clip_id     bigint not null references clips (id),
    from_ms     bigint not null,               -- offset in the clip where it begins
    to_ms       bigint,
    primary key (incident_id, clip_id)
);
create index incident_clips_clip on incident_clips (clip_id, incident_id);

create table incident_people (
    incident_id bigint not null references incidents (id),
    position    bigint not null,
    side        text    not null,               -- subject | victim
    name        text    not null,               -- empty: not known
    role        text    not null,               -- of a subject 被执行人 …, of a victim 司法警察 …
    officer     text,                           -- a victim's officer number
    primary key (incident_id, position)
);

create table incident_measures (
    id               bigint primary key,
    incident_id      bigint not null references incidents (id),
    kind             text    not null,          -- 训诫 … 自诉
    person           text    not null,          -- against whom
    against_unit     bigint not null,          -- a unit (fine to 1,000,000), not a person (to 100,000)
    amount_yuan      bigint,                   -- of a fine
    days             bigint,                   -- of a detention
    decided_by       text    not null,
    decided_us       bigint,
    approved_by      text    not null,          -- the president; empty: not yet
    approved_us      bigint,
    urgent           bigint not null,          -- detention first, reported at once
    served_us        bigint,                   -- handed over: the term for 复议 runs from here
    family_told_us   bigint,                   -- of a detention
    family_reason    text    not null,          -- why the family could not be told
    review_asked_us  bigint,                   -- 复议
    review_done_us   bigint,
    note             text    not null
);
create index incident_measures_incident on incident_measures (incident_id, id);

-- Text is ordered by its bytes, as SQLite orders it, whatever the database's collation: both engines give the same order, and no upgrade
-- of the operating system's collations spoils an index. Tables that come later say `collate "C"` themselves.
do $$
declare it record;
begin
    for it in
        select c.table_name, c.column_name from information_schema.columns c
            join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' and c.data_type = 'text'
            and c.collation_name is distinct from 'C' and c.table_name not like '\_sqlx%'
        order by c.table_name, c.ordinal_position
    loop
        execute format('alter table %I alter column %I type text collate "C"', it.table_name, it.column_name);
    end loop;
end $$;
