/** The version of this software, as relays and clients are told it; package.json says the same (test/house). */
export const VERSION = '0.1.0';
