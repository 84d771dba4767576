CREATE TABLE `listing_versions` (
	`listing` text NOT NULL,
	`version` integer NOT NULL,
	`author` text NOT NULL,
	`at_ms` integer NOT NULL,
	`note` text NOT NULL,
	`spec_json` text NOT NULL,
	PRIMARY KEY(`listing`, `version`)
);
--> statement-breakpoint
CREATE TABLE `listings` (
	`id` text PRIMARY KEY NOT NULL,
	`slug` text NOT NULL,
	`skeleton` text NOT NULL,
	`owner` text NOT NULL,
	`pubkey` text NOT NULL,
	`state` text NOT NULL,
	`paused_by` text,
	`reason` text,
	`version` integer NOT NULL,
	`spec_json` text NOT NULL,
	`sealed` text,
	`offered_to` text,
	`failures` integer NOT NULL,
	`probe_at_ms` integer,
	`created_at_ms` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	`changed` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `listings_slug` ON `listings` (`slug`) WHERE "listings"."state" <> 'deleted';--> statement-breakpoint
CREATE UNIQUE INDEX `listings_skeleton` ON `listings` (`skeleton`) WHERE "listings"."state" <> 'deleted';--> statement-breakpoint
CREATE UNIQUE INDEX `listings_pubkey` ON `listings` (`pubkey`);--> statement-breakpoint
CREATE UNIQUE INDEX `listings_changed` ON `listings` (`changed`);--> statement-breakpoint
CREATE INDEX `listings_owner` ON `listings` (`owner`);