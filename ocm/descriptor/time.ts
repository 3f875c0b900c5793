const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([-+])(\d{2}):(\d{2}))$/;

/** Whole seconds since 1970 of an RFC 3339 time, rounded as Go does: half a second up. Undefined for other texts. */
function secondsOf(text: string): number | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [fraction, sign, hours = 0, minutes = 0] = [match[7], match[8], Number(match[9] ?? 0), Number(match[10] ?? 0)];
  // The constructor takes years below 100 for those of the 20th century.
  const date = new Date(Date.UTC(2000, 0, 1, hour, minute, second));
  date.setUTCFullYear(year, month - 1, day);
  const real =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    month > 0 &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  if (!real || hours > 24 || minutes > 59) return undefined;
  const offset = (hours * 60 + minutes) * 60 * (sign === '-' ? -1 : 1);
  return date.getTime() / 1000 - offset + (fraction !== undefined && fraction >= '5' ? 1 : 0);
}

export function isDateTime(text: string): boolean {
  return secondsOf(text) !== undefined;
}

/** The time in UTC and whole seconds, as the reference implementation keeps times; other texts as they are. */
export function utcSeconds(text: string): string {
  const seconds = secondsOf(text);
  return seconds === undefined ? text : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
