CREATE TABLE `agents` (
	`slug` text PRIMARY KEY NOT NULL,
	`pubkey` text NOT NULL,
	`card_json` text NOT NULL,
	`card_version` text NOT NULL,
	`card_hash` text NOT NULL,
	`content_hash` text NOT NULL,
	`updated_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `announcements` (
	`agent` text NOT NULL,
	`kind` integer NOT NULL,
	`fingerprint` text NOT NULL,
	`event_id` text NOT NULL,
	`event_json` text NOT NULL,
	`published_at_ms` integer NOT NULL,
	PRIMARY KEY(`agent`, `kind`)
);
--> statement-breakpoint
-- WITHOUT ROWID is by hand: drizzle has no word for it. It saves the separate index of a text primary key, and with
-- it one of the five rows that D1 would bill for every new job.
CREATE TABLE `jobs` (
	`id` text PRIMARY KEY NOT NULL,
	`revision` integer NOT NULL,
	`agent` text NOT NULL,
	`client` text NOT NULL,
	`session` text NOT NULL,
	`dialect` text NOT NULL,
	`kind` integer NOT NULL,
	`sealing` text NOT NULL,
	`phase` text NOT NULL,
	`error` text,
	`via` text NOT NULL,
	`created_at_s` integer NOT NULL,
	`opened_at_ms` integer NOT NULL,
	`started_at_ms` integer,
	`closed_at_ms` integer,
	`request_event_id` text NOT NULL,
	`result_event_id` text,
	`attempts` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `jobs_by_time` ON `jobs` (`opened_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_by_agent` ON `jobs` (`agent`,`opened_at_ms`,`id`);--> statement-breakpoint
CREATE INDEX `jobs_by_client` ON `jobs` (`client`,`opened_at_ms`,`id`);