/**
 * What pages load besides themselves: the stylesheet, the icon, and the islands (scripts/pages builds them). Every file
 * has a hash of its content in its name, so a browser may keep it for ever.
 */
import * as z from 'zod';

/** One script, and what it imports at once, by URL path. */
export interface Island {
  readonly src: string;
  readonly preload: readonly string[];
}

export interface AssetFile {
  /** Media type. */
  readonly type: string;
  /** The bytes, compressed. */
  readonly gzip: Uint8Array<ArrayBuffer>;
}

export interface PageAssets {
  /** URL path of the stylesheet. */
  readonly style: string;
  /** URL path of the icon, SVG. */
  readonly icon: string;
  /** The one script that stands in the page itself, so that no page flashes in the wrong colours. */
  readonly early: { readonly code: string; readonly sha256_base64: string };
  /** @throws Error when no such island was built: a page names one that is not there */
  island(name: string): Island;
  /** @param name what stands behind `/assets/` */
  file(name: string): AssetFile | undefined;
}

const island = z.object({ src: z.string(), preload: z.array(z.string()) });
const built = z.object({
  style: z.string(),
  icon: z.string(),
  early: z.object({ code: z.string(), sha256_base64: z.string() }),
  islands: z.record(z.string(), island),
  files: z.record(z.string(), z.object({ type: z.string(), gzip: z.string() })),
});
export type BuiltAssets = z.output<typeof built>;

/** @param text JSON of {@link BuiltAssets}, as the build wrote it */
export function readAssets(text: string): PageAssets {
  const { style, icon, early, islands, files } = built.parse(JSON.parse(text));
  return {
    style,
    icon,
    early,
    island(name) {
      const found = Object.hasOwn(islands, name) ? islands[name] : undefined;
      if (found === undefined) throw new Error(`no island is called ${name}`);
      return found;
    },
    file(name) {
      const found = Object.hasOwn(files, name) ? files[name] : undefined;
      return found === undefined ? undefined : { type: found.type, gzip: bytesOf(found.gzip) };
    },
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
