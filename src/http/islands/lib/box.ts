/** The one text of the market's box, on its way to the form. Apart from the whole draft, so that the front page stays small. */
import { readStored, writeStored } from './storage.ts';

const BOX = 'box';

/** Leaves a text for the form that is opened next. */
export function leaveText(text: string): void {
  writeStored(BOX, text, 'session');
}

/** Takes it; null when none was left. */
export function takeText(): string | null {
  const text = readStored(BOX, 'session');
  writeStored(BOX, null, 'session');
  return text;
}
