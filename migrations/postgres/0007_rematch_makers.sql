-- Whose clips are still to be matched anew since a register changed.
create table rematch_makers (
    what     text collate "C" not null,         -- officer | recorder
    who      text collate "C" not null,         -- officer number or serial
    after_us bigint,                            -- the last clip that was looked at; null: none was
    after_id bigint,
    primary key (what, who)
);
