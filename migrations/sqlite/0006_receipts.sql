-- Receipts that are written beside a source: one row a file. Also how the intake tells its own receipts from evidence: only a file of
-- these very bytes at this very place is one.
create table receipts (
    upload_id  integer not null references uploads (id),
    form       text    not null,                -- json | html | tlog-proof
    folder     blob    not null,                -- the upload folder, bytes as the file system has them
    dir        blob    not null,                -- below the folder; empty: the folder itself
    name       blob    not null,
    state      text    not null,                -- due | placed | refused (another file has the name, or the directory is gone)
    sha256     blob,                            -- of the bytes; null: not made yet
    content    blob,                            -- the bytes, from when they are made until they are placed
    mtime_ns   integer,                         -- of the file that was placed
    ctime_ns   integer,
    size_bytes integer,
    primary key (upload_id, form)
) strict;
create index receipts_place on receipts (folder, dir, upload_id) where state = 'placed';
create index receipts_due on receipts (folder, upload_id) where state = 'due';
