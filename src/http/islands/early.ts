/** Stands in the page itself, before the stylesheet: colours that were chosen must be there with the first paint. */
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden here; then the system's colours stay.
  document.documentElement.dataset.theme = 'auto';
}

// The policy of pages forbids to make code, and zod would try whether it may: the name is the one it looks under (zod/v4/core).
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });
