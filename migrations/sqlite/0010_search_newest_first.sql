-- The index is read forwards from the newest on: its row number falls as the key of the document rises (catalog/search/docs/sqlite.rs).
-- The engine skips forwards to a row number much more quickly than backwards, and the more so in small pages: a word with a court, codes
-- and three months took a third of the time. Everything is indexed anew in the background.
drop table search_index;
create virtual table search_index using fts5(terms, content='', detail=none, contentless_delete=1, tokenize='ascii');
insert into search_index(search_index, rank) values ('automerge', 0);
insert into search_index(search_index, rank) values ('crisismerge', 64);
insert into search_index(search_index, rank) values ('pgsz', 1000);

delete from search_docs;
delete from search_blocks;
insert into search_dirty (kind, subject_id) select 1, id from clips where role = 'clip' on conflict do nothing;
insert into search_dirty (kind, subject_id) select 2, id from cases where 1 = 1 on conflict do nothing;
insert into search_dirty (kind, subject_id) select 3, id from incidents where 1 = 1 on conflict do nothing;
