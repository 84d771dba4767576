/** The small world of the bench: notes whose words say which query finds them. */
import WebSocket from 'ws';
import { signEvent, type VerifiedEvent } from '../../src/nostr/event.ts';

const NOTES = 200;
/** Each query finds this many notes: below every default page size, so that the answer is the same everywhere. */
const NOTES_PER_WORD = 5;
const AUTHORS = 20;

export interface World {
  readonly notes: readonly VerifiedEvent[];
  /** A query and the ids it must find, for any job number. */
  question(job: number): { readonly query: string; readonly ids: ReadonlySet<string> };
}

/** @param now_s the notes were written in the minutes before, Unix s */
export function makeWorld(now_s: number): World {
  const notes = Array.from({ length: NOTES }, (_, i) =>
    signEvent(
      {
        kind: 1,
        created_at: now_s - 60 - i,
        tags: [],
        content: `note ${i} about ${wordOf(Math.floor(i / NOTES_PER_WORD))} and nothing else`,
      },
      authorKey(i % AUTHORS),
    ),
  );
  const words = NOTES / NOTES_PER_WORD;
  return {
    notes,
    question(job) {
      const word = job % words;
      const hits = notes.slice(word * NOTES_PER_WORD, (word + 1) * NOTES_PER_WORD);
      return { query: wordOf(word), ids: new Set(hits.map(({ id }) => id)) };
    },
  };
}

/** Publishes the notes and waits until the relay has taken each. @throws Error when it refuses one */
export async function publishNotes(relay: string, world: World): Promise<void> {
  const socket = new WebSocket(relay);
  const waiting = new Set(world.notes.map(({ id }) => id));
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => reject(new Error(`${relay} closed with ${waiting.size} notes to take`)));
      socket.on('open', () => {
        for (const note of world.notes) socket.send(JSON.stringify(['EVENT', note]));
      });
      socket.on('message', (data) => {
        const [type, id, accepted, reason]: unknown[] = JSON.parse(String(data));
        if (type !== 'OK') return;
        if (accepted !== true) reject(new Error(`a note was refused: ${String(reason)}`));
        waiting.delete(String(id));
        if (waiting.size === 0) resolve();
      });
    });
  } finally {
    socket.terminate();
  }
}

/** No stemmer may take two of them for one word. */
function wordOf(n: number): string {
  return `topic${String.fromCharCode(97 + (n % 26))}${String.fromCharCode(97 + Math.floor(n / 26))}q`;
}

function authorKey(n: number): Uint8Array {
  return new Uint8Array(32).fill(n + 1);
}
