-- Search: one document a clip, an incident and a case.

-- Documents in the order of when they happened: the key is (seconds since 1970) << 4 | tie, made dense and unique by search/key.rs.
create table search_docs (
    doc_key    integer primary key,
    kind       integer not null,            -- 1 clip, 2 case, 3 incident
    subject_id integer not null,
    at_us      integer not null,            -- when it happened
    digest     integer not null,            -- of the document as it was indexed: what did not change is not written again
    body       text    not null,            -- the fields as written: a letter and the text, each ended by U+001E
    filters    text    not null             -- the tokens of filters, separated by spaces; those of case numbers are read from the body
) strict;
create unique index search_docs_subject on search_docs (kind, subject_id);

-- The same columns as the table of this name on the other engine.
create view search_keys as select kind, subject_id, doc_key, at_us, digest from search_docs;

-- Bigrams of the folded fields and filter tokens, made by search/token.rs. The tokenizer takes every byte above 127 as a part of a
-- token, so a token of ours is one token of its.
create virtual table search_index using fts5(terms, content='', detail=none, contentless_delete=1, tokenize='ascii');
-- Merges are asked for after each group of writes: a merge by itself would stall a commit for seconds.
insert into search_index(search_index, rank) values ('automerge', 0);
insert into search_index(search_index, rank) values ('crisismerge', 64);

-- Facet values of the documents whose key >> 20 is the block, packed by search/packed.rs.
create table search_blocks (
    block   integer primary key,
    entries blob    not null
) strict;
create table search_values (
    id    integer primary key,
    facet text    not null,
    value text    not null,
    unique (facet, value)
) strict;

-- What is still to be renewed.
create table search_dirty (
    kind       integer not null,
    subject_id integer not null,
    primary key (kind, subject_id)
) strict, without rowid;

insert into search_dirty (kind, subject_id) select 1, id from clips where role = 'clip';
insert into search_dirty (kind, subject_id) select 2, id from cases;
insert into search_dirty (kind, subject_id) select 3, id from incidents;

alter table clips drop column search_text;
