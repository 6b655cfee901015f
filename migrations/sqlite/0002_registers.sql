-- The court's registers. A span of time is [from, to): 0 means since ever, null means still.

create table courts (
    id            integer primary key,
    code          text    not null,             -- court code, such as 吉0721
    name          text    not null,
    parent        text,                         -- code of the court above it
    valid_from_us integer not null,             -- codes outlive boundary changes, names do not
    valid_to_us   integer,
    unique (code, valid_from_us)
) strict;

-- One row a post of an officer: a transfer is a new row, and moves no old clip.
create table officers (
    id            integer primary key,
    number        text    not null,             -- 警号
    name          text    not null,
    role          text    not null,             -- 法官, 司法警察, …; empty: not said
    court         text    not null,             -- court code; empty: not said
    valid_from_us integer not null,
    valid_to_us   integer,
    unique (number, valid_from_us)
) strict;
create index officers_name on officers (name);

create table recorders (
    id     integer primary key,
    serial text    not null unique,
    model  text    not null,                    -- empty: not said
    court  text    not null                     -- court code; empty: not said
) strict;

-- Who had a recorder when.
create table recorder_holders (
    serial        text    not null references recorders (serial),
    officer       text    not null,             -- officer number
    valid_from_us integer not null,
    valid_to_us   integer,
    primary key (serial, valid_from_us)
) strict;
create index recorder_holders_officer on recorder_holders (officer);

alter table parties add column role text;       -- 被执行人, 申请执行人, …; null: not said
create index parties_name on parties (name);

-- A dispute is a chain of cases: 财保 → 执保 → 执 → 执恢 / 执异 / 执复. One row a step.
create table case_relations (
    earlier_id integer not null references cases (id),
    later_id   integer not null references cases (id),
    at_us      integer not null,
    primary key (earlier_id, later_id)
) strict;
create index case_relations_later on case_relations (later_id);
