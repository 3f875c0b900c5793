import { AirlockError } from '../report';
import { runProgram, type ProgramOptions } from './program-run';
import type { RuleFault, RuleText } from './rule';
import { isMap, plain, valueAt, type Value, type ValueMap } from './value';

/**
 * Checks a pipeline's values against Rego rules with the real OPA: `input` is the pipeline's values, and whatever `deny` and
 * `violation` of the files' packages hold is a fault: a text, or an object with `msg` and, as it likes, `path`. The rules are read
 * as Rego 1, or else as the Rego of before. Throws `product.rules-invalid`, and the bounds of `runProgram`.
 */
export async function regoFaults(
  files: readonly RuleText[],
  pipeline: string,
  values: ValueMap,
  options: ProgramOptions,
): Promise<RuleFault[]> {
  const where = files[0]?.where ?? 'rules';
  const input = values[pipeline] ?? {};
  const content = new Map<string, Uint8Array>([
    ['capabilities.json', Buffer.from(await capabilities(where, options))],
    ...files.map((file, at): [string, Uint8Array] => [fileName(at), Buffer.from(file.text)]),
  ]);
  const evaluate = (dialect: string) =>
    runProgram(
      {
        name: 'opa',
        args: [
          'eval',
          '--format=json',
          '--stdin-input',
          '--capabilities=capabilities.json',
          dialect,
          ...files.map((_file, at) => `--data=${fileName(at)}`),
          query(files),
        ],
        files: content,
        stdin: JSON.stringify(plain(input)),
        what: 'The Rego rules cannot be checked',
        where,
      },
      options,
    );
  let said = await evaluate('--v1-compatible');
  let output = parsed(said.stdout);
  // The Rego of before has rules without `if` and `contains`.
  if (output?.errors?.some(each => / keyword is required /.test(each.message ?? ''))) {
    said = await evaluate('--v0-compatible');
    output = parsed(said.stdout);
  }
  const [first] = output?.errors ?? [];
  if (first !== undefined || output === undefined) throw invalid(first, said.stderr, files, where);
  return denials(output).map(denial => faultOf(denial, pipeline, input, files));
}

const fileName = (at: number): string => `rules-${at}.rego`;

interface OpaError {
  readonly code?: string;
  readonly message?: string;
  readonly location?: { readonly file?: string; readonly row?: number; readonly col?: number };
}

interface OpaOutput {
  readonly result?: readonly { readonly expressions?: readonly { readonly value?: Value }[] }[];
  readonly errors?: readonly OpaError[];
}

function parsed(text: string): OpaOutput | undefined {
  try {
    return JSON.parse(text) as OpaOutput;
  } catch {
    return undefined;
  }
}

/** Everything that the packages of the files deny. */
function query(files: readonly RuleText[]): string {
  const packages = new Set(files.flatMap(({ text }) => /^\s*package\s+([\w.]+)/m.exec(text)?.[1] ?? []));
  const denied = [...packages].flatMap(name => [`data.${name}.deny`, `data.${name}.violation`]);
  return `[${denied.map(each => `[m | m := ${each}[_]]`).join(', ')}]`;
}

function denials(output: OpaOutput): Value[] {
  const value = output.result?.[0]?.expressions?.[0]?.value;
  return Array.isArray(value) ? (value as Value[]).flatMap(each => (Array.isArray(each) ? (each as Value[]) : [])) : [];
}

/** OPA's built-in functions without the network; asked for once per program. */
async function capabilities(where: string, options: ProgramOptions): Promise<string> {
  const { stdout } = await runProgram(
    { name: 'opa', args: ['capabilities', '--current'], what: 'The Rego rules cannot be checked', where },
    options,
  );
  const known = JSON.parse(stdout) as Record<string, unknown> & { builtins?: readonly { name?: string }[] };
  const builtins = (known.builtins ?? []).filter(
    each => !['http.send', 'net.lookup_ip_addr', 'opa.runtime'].includes(each.name ?? ''),
  );
  return JSON.stringify({ ...known, builtins, allow_net: [] });
}

function faultOf(denial: Value, pipeline: string, input: Value, files: readonly RuleText[]): RuleFault {
  const fields = isMap(denial) ? denial : {};
  const said = isMap(denial) ? (fields.msg ?? fields.message ?? denial) : denial;
  const message = typeof said === 'string' ? said : JSON.stringify(plain(said));
  const named = fields.path ?? fields.field;
  const path = Array.isArray(named)
    ? (named as readonly (string | number)[])
    : typeof named === 'string'
      ? named.split('.')
      : mentioned(message, input);
  return { path: [pipeline, ...path], message, rule: ruleOf(message, files) };
}

/** The setting that a message speaks of: the first of its words that is a path of the values. */
function mentioned(message: string, input: Value): string[] {
  for (const word of message.match(/[\w-]+(?:\.[\w-]+)*/g) ?? []) {
    const path = word.split('.');
    if (valueAt(input, path) !== undefined) return path;
  }
  return [];
}

/** The line that holds the message's text, or as much of it as comes before what is filled in. */
function ruleOf(message: string, files: readonly RuleText[]): string {
  for (const { text, where } of files) {
    const lines = text.split('\n');
    const at = lines.findIndex(line =>
      [...line.matchAll(/"((?:[^"\\]|\\.)*)"|`([^`]*)`/g)].some(match => {
        const fixed = (match[1] ?? match[2] ?? '').split('%')[0] ?? '';
        return fixed.length >= 4 && message.startsWith(fixed);
      }),
    );
    if (at >= 0) return `${where}:${at + 1}`;
  }
  return files[0]?.where ?? '';
}

function invalid(error: OpaError | undefined, stderr: string, files: readonly RuleText[], where: string): AirlockError {
  const { file = '', row, col } = error?.location ?? {};
  const owner = files.find((_each, at) => file.endsWith(fileName(at)))?.where ?? where;
  return new AirlockError({
    code: 'product.rules-invalid',
    message: `The Rego rules of the product cannot be evaluated: ${error?.message ?? stderr.trim().split('\n')[0] ?? ''}`,
    remedy: 'It is the vendor who has to correct them',
    where: row === undefined ? owner : `${owner}:${row}:${Math.max(col ?? 1, 1)}`,
  });
}
