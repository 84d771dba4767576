/** @jsxImportSource preact */
/** An invoice as a picture for phones, drawn as one path. */

import { useMemo } from 'preact/hooks';
import encodeQR from 'qr';

/** Clear space around it, in modules; readers want four (ISO/IEC 18004 §6.3.8). */
const BORDER = 4;

export function Qr({ text }: { readonly text: string }) {
  const { size, path } = useMemo(() => draw(text), [text]);
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label="The invoice as a QR code"
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

function draw(text: string): { readonly size: number; readonly path: string } {
  // Upper case takes a third less room, and bech32 may be read in either.
  const rows = encodeQR(text.toUpperCase(), 'raw', { border: BORDER, ecc: 'low' });
  const path = rows
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('');
  return { size: rows.length, path };
}
