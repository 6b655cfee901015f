-- Concerns the other engine only.
select 1;
