/** The market's page: what was typed goes along to the form, choices apply at once, and new jobs show as they happen. */
import { leaveText } from './lib/box.ts';

/** The first paint comes first, ms. */
const NEWS_DELAY_MS = 300;

function atOnce(): void {
  const form = document.querySelector<HTMLFormElement>('[data-at-once]');
  const text = form?.querySelector('textarea');
  if (!form || !text) return;
  form.addEventListener('submit', () => {
    // The form's own address names the agent only: what is to be done has no place in a URL.
    if (text.value.trim() !== '') leaveText(text.value);
  });
}

function search(): void {
  const form = document.querySelector<HTMLFormElement>('[data-search]');
  for (const choice of form?.querySelectorAll('select') ?? [])
    choice.addEventListener('change', () => form?.requestSubmit());
}

atOnce();
search();
const list = document.querySelector<HTMLElement>('[data-news]');
if (list !== null) {
  // After the first paint: nothing of it is needed to read the page.
  setTimeout(() => {
    import('./lib/news.ts').then(
      ({ followNews }) => followNews(list),
      // The list stays as the server wrote it.
      () => list.removeAttribute('data-news'),
    );
  }, NEWS_DELAY_MS);
}
