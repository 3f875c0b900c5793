/** What a plain manifest says of itself, read from its text: parsing hundreds of manifests to find their names takes seconds. */
const header = /^kind: ([A-Z][A-Za-z]*)[ \t]*$/m;
const metadata = /^metadata:[ \t]*\n((?: {2,}\S.*\n)+)/m;
const special = /^(true|false|null|yes|no|on|off|y|n)$/i;

/** `Deployment ns/name` of a manifest in the usual form; undefined where only a parser can tell. */
export function plainName(text: string): string | undefined {
  const kind = header.exec(text)?.[1];
  const fields = metadata.exec(text)?.[1];
  if (kind === undefined || fields === undefined) return undefined;
  const field = (name: string): string | undefined =>
    new RegExp(`^ {2}${name}: ([a-z][a-z0-9.-]*)[ \\t]*$`, 'm').exec(fields)?.[1];
  const [name, namespace] = [field('name'), field('namespace')];
  if (name === undefined || special.test(name)) return undefined;
  if (namespace === undefined ? /^ {2}["']?namespace/m.test(fields) : special.test(namespace)) return undefined;
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/**
 * True where two texts certainly mean different things: they are the same up to a line that gives one key two different texts.
 * False says nothing.
 */
export function surelyDiffer(left: string, right: string): boolean {
  let start = 0;
  for (let at = 0; at < left.length && left[at] === right[at]; at += 1) if (left[at] === '\n') start = at + 1;
  const [one, other] = [setting(left, start), setting(right, start)];
  return one !== undefined && other !== undefined && one.key === other.key && one.value !== other.value;
}

/** `key: text` on a line; texts in double quotes, or such that begin with a letter and are nothing else in YAML. */
function setting(text: string, start: number): { key: string; value: string } | undefined {
  const end = text.indexOf('\n', start);
  const line = text.slice(start, end < 0 ? undefined : end);
  const match = /^( *(?:- )?[A-Za-z][\w./-]*): (?:"([\w ./:@-]*)"|([A-Za-z][\w./:@-]*))[ \t]*$/.exec(line);
  const value = match?.[2] ?? match?.[3];
  if (match?.[1] === undefined || value === undefined || (match[3] !== undefined && special.test(value)))
    return undefined;
  return { key: match[1], value };
}
