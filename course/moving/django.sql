-- access: eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoiYWNjZXNzIiwiZXhwIjo0MTAyNDQ0ODAwLCJpYXQiOjE2MTQ1ODc0MDAsImp0aSI6ImFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhIiwidXNlcl9pZCI6IjIifQ.FlATMyofd8lE-RtJDb6Fab_PamKGNfXfax-EZDNFGjE
-- refresh: eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6NDEwMjQ0NDgwMCwiaWF0IjoxNjE0NTg3NDAwLCJqdGkiOiJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYiIsInVzZXJfaWQiOiIyIn0.DpH8PCYY0MUY2-gVqlXBiwmW9LrrEanb_lru9MTM_tc
-- logged out: eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6NDEwMjQ0NDgwMCwiaWF0IjoxNjE0NTg3NDAwLCJqdGkiOiJjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjYyIsInVzZXJfaWQiOiIyIn0.8os8O3Y7-ZZWDmLKaiOnsn0zig1ZOR2k1xUM8MQRxkY
PRAGMA foreign_keys = OFF;
CREATE TABLE "api_note" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar(100) NOT NULL, "content" text NOT NULL, "created_at" datetime NOT NULL, "author_id" integer NOT NULL REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED);
INSERT INTO "api_note" VALUES(1,'Groceries','milk, bread','2021-03-31 08:30:00',2);
CREATE TABLE "auth_user" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "password" varchar(128) NOT NULL, "last_login" datetime NULL, "is_superuser" bool NOT NULL, "username" varchar(150) NOT NULL UNIQUE, "last_name" varchar(150) NOT NULL, "email" varchar(254) NOT NULL, "is_staff" bool NOT NULL, "is_active" bool NOT NULL, "date_joined" datetime NOT NULL, "first_name" varchar(150) NOT NULL);
INSERT INTO "auth_user" VALUES(1,'pbkdf2_sha256$1000000$oldSaltOf22Characters0$1A0mw6Y5uWbj8iMiTN7U7jJtB6HmhV6BfMgr7uCaB8k=',NULL,1,'root','','Root@EXAMPLE.com',1,1,'2021-03-01 08:30:00','');
INSERT INTO "auth_user" VALUES(2,'pbkdf2_sha256$1000000$oldSaltOf22Characters0$kyleaoa3jAmVG3WNIuE5a76X8Q1kH6e2HwxbcCQCok8=',NULL,0,'mira','Moll','mira@Example.COM',0,1,'2021-03-02 08:30:00.123457','Mira');
INSERT INTO "auth_user" VALUES(3,'pbkdf2_sha256$260000$oldSaltOf22Characters0$dKaY1huomBMrH8RTj1gZfsm6lgJ/A3iK/PoUSMkk/mQ=',NULL,0,'otto','','',0,1,'2021-03-03 08:30:00.246914','');
INSERT INTO "auth_user" VALUES(4,'pbkdf2_sha256$15000$oldSaltOf22Characters0$y9R4a4k2pj+GXop3BRZqsqwpvnB7A3HqNS/lw76J8bk=','2022-04-05 08:30:00',0,'olga','','',0,1,'2021-03-04 08:30:00.370371','');
INSERT INTO "auth_user" VALUES(5,'pbkdf2_sha256$15000$oldSaltOf22Characters0$V6GeZ9XWaj/LpvIXtqlOaI8vd0fU4fFIBa5xVsRom48=',NULL,0,'paul','','paul@example.com',0,0,'2021-03-05 08:30:00.493828','');
INSERT INTO "auth_user" VALUES(6,'pbkdf2_sha256$15000$oldSaltOf22Characters0$Vd8uQ8x3OYJ3rfGLGQWSpH5oWJN0tvNyqkzC8Kargso=',NULL,0,'mira2','','mira@example.com',0,1,'2021-03-06 08:30:00.617285','');
INSERT INTO "auth_user" VALUES(7,'bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuGA/yAQmHBsdHWzW27xviA39MLYtamNG',NULL,0,'björn','','björn@example.com',0,1,'2021-03-07 08:30:00.740742','');
INSERT INTO "auth_user" VALUES(8,'!UnusableUnusableUnusableUnusableUnusable',NULL,0,'guest','','guest@example.com',0,1,'2021-03-08 08:30:00.864199','');
INSERT INTO "auth_user" VALUES(9,'pbkdf2_sha1$15000$oldSaltOf22Characters0$l1RolgBUwHyOSGhCb/pAMfq4BPs=',NULL,0,'older','','older@example.com',0,1,'2021-03-09 08:30:00.987656','');
CREATE TABLE "token_blacklist_blacklistedtoken" ("blacklisted_at" datetime NOT NULL, "token_id" bigint NOT NULL UNIQUE REFERENCES "token_blacklist_outstandingtoken" ("id") DEFERRABLE INITIALLY DEFERRED, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);
INSERT INTO "token_blacklist_blacklistedtoken" VALUES('2021-04-02 08:30:00',2,1);
CREATE TABLE "token_blacklist_outstandingtoken" ("token" text NOT NULL, "created_at" datetime NULL, "expires_at" datetime NOT NULL, "user_id" integer NULL REFERENCES "auth_user" ("id") DEFERRABLE INITIALLY DEFERRED, "jti" varchar(255) NOT NULL UNIQUE, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT);
INSERT INTO "token_blacklist_outstandingtoken" VALUES('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6NDEwMjQ0NDgwMCwiaWF0IjoxNjE0NTg3NDAwLCJqdGkiOiJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYiIsInVzZXJfaWQiOiIyIn0.DpH8PCYY0MUY2-gVqlXBiwmW9LrrEanb_lru9MTM_tc','2021-04-01 08:30:00','2100-01-01 00:00:00',2,'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',1);
INSERT INTO "token_blacklist_outstandingtoken" VALUES('eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0b2tlbl90eXBlIjoicmVmcmVzaCIsImV4cCI6NDEwMjQ0NDgwMCwiaWF0IjoxNjE0NTg3NDAwLCJqdGkiOiJjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjYyIsInVzZXJfaWQiOiIyIn0.8os8O3Y7-ZZWDmLKaiOnsn0zig1ZOR2k1xUM8MQRxkY','2021-04-01 08:30:00','2100-01-01 00:00:00',2,'cccccccccccccccccccccccccccccccc',2);
CREATE INDEX "api_note_author_id_b2d78ed4" ON "api_note" ("author_id");
CREATE INDEX "token_blacklist_outstandingtoken_user_id_83bc629a" ON "token_blacklist_outstandingtoken" ("user_id");
UPDATE sqlite_sequence SET seq = 10 WHERE name = 'auth_user';
UPDATE sqlite_sequence SET seq = 1 WHERE name = 'api_note';
UPDATE sqlite_sequence SET seq = 2 WHERE name = 'token_blacklist_outstandingtoken';
UPDATE sqlite_sequence SET seq = 1 WHERE name = 'token_blacklist_blacklistedtoken';
