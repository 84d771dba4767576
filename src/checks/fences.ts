/** The fenced blocks of a text (CommonMark §4.5, without the indentation). */

export interface Fence {
  /** First word of the line that opens it, lower case; empty without one. */
  readonly tag: string;
  readonly body: string;
}

const OPENING = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*$/;

/** In their order. A block that is never closed is none: what was cut off is not taken for an answer. */
export function fencesOf(text: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: { readonly marker: string; readonly tag: string; readonly lines: string[] } | null = null;
  for (const line of text.split(/\r?\n/)) {
    if (open === null) {
      const [, marker, tag = ''] = OPENING.exec(line) ?? [];
      if (marker !== undefined) open = { marker, tag: tag.toLowerCase(), lines: [] };
    } else if (line.trim().startsWith(open.marker)) {
      fences.push({ tag: open.tag, body: open.lines.join('\n') });
      open = null;
    } else {
      open.lines.push(line);
    }
  }
  return fences;
}
