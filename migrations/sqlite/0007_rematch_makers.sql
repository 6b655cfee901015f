-- Whose clips are still to be matched anew since a register changed.
create table rematch_makers (
    what     text   not null,                   -- officer | recorder
    who      text   not null,                   -- officer number or serial
    after_us integer,                           -- the last clip that was looked at; null: none was
    after_id integer,
    primary key (what, who)
) strict;
