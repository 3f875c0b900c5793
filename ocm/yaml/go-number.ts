/** As Go's `strconv.FormatFloat(value, 'g', -1, 64)`: an exponent from 1e+06 and below 1e-04, of two digits or more. */
export function goFloat(value: number): string {
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
