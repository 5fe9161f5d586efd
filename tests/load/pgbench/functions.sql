-- pgbench has numbers only. Of each the script makes a value of the type that a column has; the planner takes the functions apart.
CREATE OR REPLACE FUNCTION public.id(bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
    AS $$ SELECT lpad(to_hex($1), 32, '0')::uuid $$;
CREATE OR REPLACE FUNCTION public.digest(bigint) RETURNS bytea IMMUTABLE LANGUAGE sql
    AS $$ SELECT decode(lpad(to_hex($1), 64, '0'), 'hex') $$;
CREATE OR REPLACE FUNCTION public.word(bigint) RETURNS text IMMUTABLE LANGUAGE sql
    AS $$ SELECT 'pgbench-' || $1::text $$;
