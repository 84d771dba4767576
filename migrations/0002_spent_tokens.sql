CREATE TABLE `spent_tokens` (
	`until_s` integer NOT NULL,
	`id` text NOT NULL,
	PRIMARY KEY(`until_s`, `id`)
);
