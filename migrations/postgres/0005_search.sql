-- Search: one document a clip, an incident and a case.

-- Documents in the order of when they happened: the key is (seconds since 1970) << 4 | tie, made dense and unique by search/key.rs.
-- Partitions of 2^26 keys (48 days) are made as they are needed, so that newest first reads only the newest.
create table search_docs (
    doc_key    bigint   primary key,
    kind       bigint   not null,           -- 1 clip, 2 case, 3 incident
    subject_id bigint   not null,
    at_us      bigint   not null,           -- when it happened
    body       text     not null,           -- the fields as written: a letter and the text, each ended by U+001E
    filters    text     not null,           -- the tokens of filters, separated by spaces; those of case numbers are read from the body
    terms      tsvector not null            -- bigrams of the folded fields and filter tokens, made by search/token.rs; no positions
) partition by range (doc_key);
create index search_docs_terms on search_docs using gin (terms);
-- Before 2014-02-16 and from 2059-12-25 on: recorders whose clock was never set.
create table search_docs_early partition of search_docs for values from (minvalue) to (22280142848);
create table search_docs_late partition of search_docs for values from (45432700928) to (maxvalue);
-- The partitions between: span is doc_key >> 26.
create table search_spans (
    span bigint primary key
);

create table search_keys (
    kind       bigint not null,
    subject_id bigint not null,
    doc_key    bigint not null unique,
    at_us      bigint not null,
    digest     bigint not null,             -- of the document as it was indexed: what did not change is not written again
    primary key (kind, subject_id)
);

-- Facet values of the documents whose key >> 20 is the block, packed by search/packed.rs.
create table search_blocks (
    block   bigint primary key,
    entries bytea  not null
);
create table search_values (
    id    bigint primary key,
    facet text   not null,
    value text   not null,
    unique (facet, value)
);

-- What is still to be renewed.
create table search_dirty (
    kind       bigint not null,
    subject_id bigint not null,
    primary key (kind, subject_id)
);

insert into search_dirty (kind, subject_id) select 1, id from clips where role = 'clip';
insert into search_dirty (kind, subject_id) select 2, id from cases;
insert into search_dirty (kind, subject_id) select 3, id from incidents;

alter table clips drop column search_text;
