-- The users of the three services and their schemas, in one database. Nobody reads another's tables: a schema belongs to the user of the
-- same name, whom PostgreSQL sends there by itself (search_path "$user"), so that the URL alone says which tables are meant. The tables
-- are made by `entrypass migrate up`. For databases apart, run each pair in its own.
--
-- A list of passes holds up to 500 locks in one transaction, one list at a time on each copy of epass: keep max_locks_per_transaction (64) times
-- max_connections above 1000 and 500 more for each copy, as the defaults are for ten copies.
--
--     psql --set=ON_ERROR_STOP=1 --set=registration=PASSWORD --set=qr=PASSWORD --set=epass=PASSWORD --file=deploy/postgresql.sql URL

CREATE ROLE registration LOGIN PASSWORD :'registration';
CREATE SCHEMA registration AUTHORIZATION registration;

CREATE ROLE qr LOGIN PASSWORD :'qr';
CREATE SCHEMA qr AUTHORIZATION qr;

CREATE ROLE epass LOGIN PASSWORD :'epass';
CREATE SCHEMA epass AUTHORIZATION epass;
