-- Keys under which conversions have counted are segments of their own class: a row
-- under a random key each dirtied a page of its index with every order. No release
-- wrote this table.
DROP TABLE conversion_key;
