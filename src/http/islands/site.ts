/** On every page: the switch of colours, times told as seen from now, texts to copy. */
import { agoText } from '../pages/format.ts';
import { readStored, writeStored } from './lib/storage.ts';

const THEMES = ['auto', 'light', 'dark'] as const;

function themeSwitch(): void {
  const button = document.querySelector<HTMLButtonElement>('#theme');
  if (button === null) return;
  const stored = readStored('theme');
  let theme = THEMES.find((one) => one === stored) ?? 'auto';
  const show = () => {
    document.documentElement.dataset.theme = theme;
    button.textContent = `Colours: ${theme}`;
  };
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto';
    writeStored('theme', theme === 'auto' ? null : theme);
    show();
  });
  show();
  button.hidden = false;
}

/** `<time data-ago>`: the server's own words age with the page. */
function ages(): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>('time[data-ago]')) {
    const at = Date.parse(time.dateTime);
    if (!Number.isNaN(at)) time.textContent = agoText(Date.now() - at);
  }
}

/** `<button data-copy="…">`: copies that text, and says so for a moment. */
function copyButtons(): void {
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-copy]') : null;
    if (button === null) return;
    const said = button.textContent;
    navigator.clipboard.writeText(button.dataset.copy ?? '').then(
      () => say('Copied'),
      () => say('Not allowed to copy'),
    );
    function say(text: string): void {
      if (button === null || button.textContent === text) return;
      button.textContent = text;
      setTimeout(() => {
        button.textContent = said;
      }, 1_500);
    }
  });
}

themeSwitch();
ages();
setInterval(ages, 10_000);
copyButtons();
