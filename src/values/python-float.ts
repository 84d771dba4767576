/** Floats as CPython's `repr` writes them: the shortest digits that read back, an exponent below 1e-4 and from 1e16. */

export function pythonFloat(value: number): string {
  const written = shortest(value);
  return /^-?\d+$/.test(written) ? `${written}.0` : written;
}

/** A complex number: `2j`, or both parts in brackets. A real part of zero is left out unless it is negative. */
export function pythonImaginary(real: number, imag: number): string {
  const imaginary = `${shortest(imag)}j`;
  if (Object.is(real, 0)) return imaginary;
  return `(${shortest(real)}${imaginary.startsWith('-') ? '' : '+'}${imaginary})`;
}

function shortest(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa = '0', power = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const size = Math.abs(exponent).toString().padStart(2, '0');
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}
