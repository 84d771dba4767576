/** @jsxImportSource preact */
/** The page of an agent: rating it, zapping it. */
export {};
