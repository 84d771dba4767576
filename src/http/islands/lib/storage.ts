/** The browser's storage, which may be forbidden, full, or written by an earlier version of these pages. */

/** What stands under a name; null where nothing does, or where storage is forbidden. */
export function readStored(name: string, storage: 'local' | 'session' = 'local'): string | null {
  try {
    return storeOf(storage).getItem(name);
  } catch {
    return null;
  }
}

/** Keeps a text, or forgets it (null). Whether it is kept: money must not move on what was not. */
export function writeStored(
  name: string,
  text: string | null,
  storage: 'local' | 'session' = 'local',
): boolean {
  try {
    if (text === null) storeOf(storage).removeItem(name);
    else storeOf(storage).setItem(name, text);
    return true;
  } catch {
    return false;
  }
}

function storeOf(storage: 'local' | 'session'): Storage {
  return storage === 'local' ? localStorage : sessionStorage;
}
