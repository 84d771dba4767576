CREATE TABLE `door_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`name` text NOT NULL,
	`secret_hash` text NOT NULL,
	`agents` text,
	`created_at_s` integer NOT NULL,
	`expires_at_s` integer,
	`revoked_at_s` integer,
	`used_at_s` integer
);
--> statement-breakpoint
CREATE INDEX `door_keys_owner` ON `door_keys` (`owner`);--> statement-breakpoint
CREATE INDEX `door_keys_secret_hash` ON `door_keys` (`secret_hash`);--> statement-breakpoint
CREATE TABLE `door_requests` (
	`client` text NOT NULL,
	`key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`job_id` text NOT NULL,
	`event_json` text NOT NULL,
	`created_at_ms` integer NOT NULL,
	PRIMARY KEY(`client`, `key`)
);
--> statement-breakpoint
CREATE INDEX `door_requests_created_at` ON `door_requests` (`created_at_ms`);