-- This engine orders text by its bytes already.
select 1;
