-- The court's registers. A span of time is [from, to): 0 means since ever, null means still.

create table courts (
    id            bigint primary key,
    code          text    not null,             -- court code, such as 吉0721
    name          text    not null,
    parent        text,                         -- code of the court above it
    valid_from_us bigint not null,             -- codes outlive boundary changes, names do not
    valid_to_us   bigint,
    unique (code, valid_from_us)
);

-- One row a post of an officer: a transfer is a new row, and moves no old clip.
create table officers (
    id            bigint primary key,
    number        text    not null,             -- 警号
    name          text    not null,
    role          text    not null,             -- 法官, 司法警察, …; empty: not said
    court         text    not null,             -- court code; empty: not said
    valid_from_us bigint not null,
    valid_to_us   bigint,
    unique (number, valid_from_us)
);
create index officers_name on officers (name);

create table recorders (
    id     bigint primary key,
    serial text    not null unique,
    model  text    not null,                    -- empty: not said
    court  text    not null                     -- court code; empty: not said
);

-- Who had a recorder when.
create table recorder_holders (
    serial        text    not null references recorders (serial),
    officer       text    not null,             -- officer number
    valid_from_us bigint not null,
    valid_to_us   bigint,
    primary key (serial, valid_from_us)
);
create index recorder_holders_officer on recorder_holders (officer);

alter table parties add column role text;       -- 被执行人, 申请执行人, …; null: not said
create index parties_name on parties (name);

-- A dispute is a chain of cases: 财保 → 执保 → 执 → 执恢 / 执异 / 执复. One row a step.
create table case_relations (
    earlier_id bigint not null references cases (id),
    later_id   bigint not null references cases (id),
    at_us      bigint not null,
    primary key (earlier_id, later_id)
);
create index case_relations_later on case_relations (later_id);
