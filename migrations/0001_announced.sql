CREATE TABLE `announced` (
	`relay` text NOT NULL,
	`event_id` text NOT NULL,
	`taken_at_ms` integer NOT NULL,
	PRIMARY KEY(`relay`, `event_id`)
);
