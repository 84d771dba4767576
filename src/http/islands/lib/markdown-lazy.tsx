/** @jsxImportSource preact */
/** Markdown, read by a script that comes when there is some. Until then, and where it cannot be read, the text as it is. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

type Read = (text: string) => ComponentChildren;
let reader: Read | undefined;

/** Longer texts stand as they are: they are data, or somebody's joke, characters. */
const MOST_CHARS = 200_000;

export function Markdown({ text }: { readonly text: string }) {
  const [read, setRead] = useState<Read | undefined>(() => reader);
  useEffect(() => {
    if (reader !== undefined || text === '') return;
    let over = false;
    import('./markdown.tsx').then(
      ({ markdown }) => {
        reader = markdown;
        if (!over) setRead(() => markdown);
      },
      // Without a connection the text stands as it is.
      () => setRead(undefined),
    );
    return () => {
      over = true;
    };
  }, [text]);
  if (read === undefined || text.length > MOST_CHARS) return <p class="said">{text}</p>;
  return <div class="markdown">{read(text)}</div>;
}
