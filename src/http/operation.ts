/** How an operation of the API is written down. */
import type { z } from 'zod';
import type { ComponentName } from './schemas.ts';

export const JSON_TYPE = 'application/json';

export type Body =
  /** A named schema of this API. */
  | { readonly schema: ComponentName }
  /** JSON whose shape is defined elsewhere. */
  | { readonly defined: string }
  | { readonly text: string };

export interface Operation {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** OpenAPI spelling: `/jobs/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly query?: z.ZodObject;
  /** What it takes as JSON. */
  readonly body?: ComponentName;
  /** What it takes as JSON where its shape is defined elsewhere. */
  readonly takes?: string;
  readonly headers?: { readonly [name: string]: string };
  /** Needs NIP-98. */
  readonly authenticated?: true;
  /** What else may be shown instead: an API key or an L402 token (`bearer`), or a token alone. */
  readonly opens?: 'bearer' | 'l402';
  /** What errors are told as, where they are no problem documents. */
  readonly errors?: ComponentName;
  readonly success: { readonly status: number; readonly content: { readonly [mediaType: string]: Body } };
  /** Statuses of problem documents, or of other bodies where one is named. */
  readonly failures: readonly (number | { readonly status: number; readonly schema: ComponentName })[];
  readonly notModified?: true;
  /** A notification is taken with 202 and no body. */
  readonly accepted?: true;
}
