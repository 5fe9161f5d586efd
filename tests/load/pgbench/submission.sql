-- One submission as the registration service writes it when no other comes at the same time: the same statements in the same order, and rows of the
-- same size. `just load --smoke` compares them with what the server executes. What the program does beside it is not here: reading it back for the answer, the code, the offer,
-- their audit records, and the numbering of feed and audit, which is done in batches.
\set n :n + 1
\set one 1
\set now :base + :n
\set expire :now + 2592000000000
\set traveller (:base + :n) * 64 + :client_id
\set registration (:base + :n) * 64 + :client_id
\set request (:base + :n) * 64 + :client_id
\set document random(1, 9000000000000000000)
\set record (:base + :n) * 64 + :client_id
BEGIN;
SELECT "documents"."blind_index", "documents"."traveller_id", "registrations"."id" FROM "documents" LEFT JOIN "registrations" ON "documents"."traveller_id" = "registrations"."traveller_id" AND "registrations"."state" = :active WHERE "documents"."blind_index" IN (digest(:document));
INSERT INTO "answers" ("caller", "request_id", "sealed", "subject", "create_time") VALUES (:caller, word(:request), :answer, id(:traveller), :now) ON CONFLICT DO NOTHING RETURNING "caller", "request_id";
INSERT INTO "travellers" ("id", "create_time") VALUES (id(:traveller), :now);
INSERT INTO "data_keys" ("traveller_id", "key_id", "wrapped", "create_time") VALUES (id(:traveller), :key, :wrapped, :now);
INSERT INTO "documents" ("blind_index", "index_key_id", "document_id", "traveller_id", "sealed_document", "create_time") VALUES (digest(:document), :key, id(:document), id(:traveller), :number, :now);
INSERT INTO "registrations" ("id", "traveller_id", "reference", "state", "revision", "notice_version", "create_time", "update_time", "expire_time") VALUES (id(:registration), id(:traveller), word(:registration), :active, :one, :notice, :now, :now, :expire);
INSERT INTO "revisions" ("registration_id", "revision", "kind", "changed_paths", "document_type", "form_version", "sealed", "create_time", "sealed_reason") VALUES (id(:registration), :one, :registered, '', :type, :one, :form, :now, NULL);
INSERT INTO "changes" ("position", "registration_id", "traveller_id", "kind", "revision", "state", "companion_id", "expire_time", "create_time") VALUES (NULL, id(:registration), id(:traveller), :registered, :one, :active, NULL, :expire, :now);
INSERT INTO "audit_records" ("id", "time", "caller", "peer", "rpc", "purpose", "resource", "subject", "outcome", "trace_id", "key_id", "mac") VALUES (id(:record), :now, :caller, :peer, :rpc, NULL, :resource, id(:traveller), :ok, id(:document), :key, :mac);
COMMIT;
