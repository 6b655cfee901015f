-- Text is ordered by its bytes whatever the database's collation, as on the other engine.
alter table search_docs alter column body type text collate "C", alter column filters type text collate "C";
alter table search_values alter column facet type text collate "C", alter column value type text collate "C";
