CREATE TABLE `arena_attempt` (
	`round` integer NOT NULL,
	`at` integer NOT NULL,
	`mode` text NOT NULL,
	`role` text NOT NULL,
	`agent` text NOT NULL,
	`owner` text NOT NULL,
	`model` text,
	`prompt_hash` text,
	`answer_hash` text NOT NULL,
	`answer` text,
	`problem` text,
	`format_ok` integer NOT NULL,
	`accuracy` real,
	`reward` real,
	`group` text,
	`advantage` real,
	`tokens` integer NOT NULL,
	`took_ms` integer NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`round`, `at`)
);
--> statement-breakpoint
CREATE TABLE `arena_frontier` (
	`stretch` integer NOT NULL,
	`mode` text NOT NULL,
	`rounds` integer NOT NULL,
	`tasks` integer NOT NULL,
	`attempts` integer NOT NULL,
	`solved` integer NOT NULL,
	`learnability` real NOT NULL,
	`frontier` integer NOT NULL,
	`frontier_chars` integer NOT NULL,
	PRIMARY KEY(`stretch`, `mode`)
);
--> statement-breakpoint
CREATE TABLE `arena_group` (
	`id` text PRIMARY KEY NOT NULL,
	`mode` text NOT NULL,
	`role` text NOT NULL,
	`opened_at_ms` integer NOT NULL,
	`closed_at_ms` integer NOT NULL,
	`results` integer NOT NULL,
	`mean` real NOT NULL,
	`variance` real NOT NULL
);
--> statement-breakpoint
CREATE TABLE `arena_task` (
	`round` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`mode` text NOT NULL,
	`language` text NOT NULL,
	`program` text NOT NULL,
	`input` text,
	`output` text,
	`given` text,
	`hidden` text,
	`message` text,
	`program_id` text NOT NULL,
	`proposer` text NOT NULL,
	`refs` text NOT NULL,
	`attempts` integer NOT NULL,
	`solved` integer NOT NULL,
	`learnability` real,
	`executor` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `qualification` (
	`agent` text NOT NULL,
	`mode` text NOT NULL,
	`qualified` integer NOT NULL,
	`at_ms` integer NOT NULL,
	`models` text NOT NULL,
	PRIMARY KEY(`agent`, `mode`)
);
--> statement-breakpoint
CREATE TABLE `rating` (
	`agent` text NOT NULL,
	`mode` text NOT NULL,
	`role` text NOT NULL,
	`count` integer NOT NULL,
	`sum_advantage` real NOT NULL,
	`ema` real NOT NULL,
	`passed` integer NOT NULL,
	`updated_at_ms` integer NOT NULL,
	PRIMARY KEY(`agent`, `mode`, `role`)
);
