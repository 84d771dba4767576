CREATE TABLE `ledger` (
	`key` text NOT NULL,
	`account` text NOT NULL,
	`amount_msats` integer NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`key`, `account`)
);
