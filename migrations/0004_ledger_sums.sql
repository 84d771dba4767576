CREATE TABLE `ledger_sums` (
	`id` integer PRIMARY KEY NOT NULL,
	`upto` integer NOT NULL,
	`sums` text NOT NULL
);
