/** What scripts/pages builds, for the type check of a checkout where it has not run yet. */
declare module '*/assets.txt' {
  const text: string;
  export default text;
}
