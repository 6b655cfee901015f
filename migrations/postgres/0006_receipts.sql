-- Receipts that are written beside a source: one row a file. Also how the intake tells its own receipts from evidence: only a file of
-- these very bytes at this very place is one.
create table receipts (
    upload_id  bigint  not null references uploads (id),
    form       text    collate "C" not null,    -- json | html | tlog-proof
    folder     bytea   not null,                -- the upload folder, bytes as the file system has them
    dir        bytea   not null,                -- below the folder; empty: the folder itself
    name       bytea   not null,
    state      text    collate "C" not null,    -- due | placed | refused (another file has the name, or the directory is gone)
    sha256     bytea,                           -- of the bytes; null: not made yet
    content    bytea,                           -- the bytes, from when they are made until they are placed
    mtime_ns   bigint,                          -- of the file that was placed
    ctime_ns   bigint,
    size_bytes bigint,
    primary key (upload_id, form)
);
create index receipts_place on receipts (folder, dir, upload_id) where state = 'placed';
create index receipts_due on receipts (folder, upload_id) where state = 'due';
