CREATE TABLE `assignment` (
	`job_id` text PRIMARY KEY NOT NULL,
	`agent` text NOT NULL,
	`session` text NOT NULL,
	`tried` text NOT NULL,
	`state` text NOT NULL,
	`failure` text,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `passed_on` (
	`agent` text NOT NULL,
	`at_ms` integer NOT NULL,
	`job_id` text NOT NULL,
	PRIMARY KEY(`agent`, `at_ms`, `job_id`)
);
--> statement-breakpoint
ALTER TABLE `jobs` ADD `turn` integer DEFAULT 0 NOT NULL;