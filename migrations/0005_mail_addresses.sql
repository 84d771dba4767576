CREATE TABLE `mail_addresses` (
	`hash` text PRIMARY KEY NOT NULL,
	`asked_for` text NOT NULL,
	`asked_at_ms` integer NOT NULL,
	`refused_at_ms` integer
);
