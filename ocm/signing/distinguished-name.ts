/** Attributes of a distinguished name by their type: `CN`, `O`, `OU`, `C`, `L`, `ST`, `STREET`, `POSTALCODE`, `SN`. */
type Attributes = ReadonlyMap<string, readonly string[]>;

const complete = /^[^=]+=[^/;,+]+([/;,+][^=]+=[^/;,+]+)*$/;
const attribute = /[/;,+]([^=]+)=([^/;,+]+)/g;

/** Reads a name as the reference implementation does: `CN=x,O=y`, or a bare common name. */
function attributesOf(name: string): Attributes {
  const text = name.trim();
  if (!complete.test(text)) return new Map([['CN', [text]]]);
  const found = new Map<string, string[]>();
  for (const [, type = '', value = ''] of `+${text}`.matchAll(attribute))
    found.set(type.trim(), [...(found.get(type.trim()) ?? []), value]);
  return found;
}

/** Node's text of a certificate's subject, as Go writes it: `CN=name,O=organisation` (RFC 2253, last attribute first). */
export function distinguishedName(subject: string): string {
  return subject.split('\n').reverse().join(',');
}

/** Whether a subject (as Node writes it) has every attribute of the expected name. A bare name is a common name. */
export function subjectMatches(subject: string, expected: string): boolean {
  const present = new Map<string, string[]>();
  for (const line of subject.split('\n')) {
    const equals = line.indexOf('=');
    const type = line.slice(0, equals);
    present.set(type, [...(present.get(type) ?? []), line.slice(equals + 1).replace(/\\(.)/g, '$1')]);
  }
  return [...attributesOf(expected)].every(([type, values]) =>
    // Serial numbers are not compared.
    type === 'SN' ? true : values.every(value => present.get(type)?.includes(value) === true),
  );
}
