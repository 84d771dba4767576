/** Stands in the page itself, before the stylesheet: colours that were chosen must be there with the first paint. */
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden here; then the system's colours stay.
  document.documentElement.dataset.theme = 'auto';
}
