CREATE TABLE `blocked_key` (
	`pubkey` text PRIMARY KEY NOT NULL,
	`reason` text NOT NULL,
	`at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `review` (
	`job_id` text PRIMARY KEY NOT NULL,
	`agent` text NOT NULL,
	`client` text NOT NULL,
	`rating` integer,
	`event_json` text,
	`event_id` text NOT NULL,
	`created_at_s` integer NOT NULL,
	`taken_at_ms` integer NOT NULL,
	`paid` integer NOT NULL,
	`listed` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `review_by_agent` ON `review` (`agent`,`taken_at_ms`,`job_id`) WHERE "review"."rating" IS NOT NULL;--> statement-breakpoint
CREATE INDEX `review_by_event` ON `review` (`event_id`);