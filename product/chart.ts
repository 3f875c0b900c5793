import { AirlockError } from '../report';
import type { FileSet } from './file-set';
import { runProgram, type ProgramOptions, type ProgramResult } from './program-run';

/** What a chart is rendered for. */
export interface Release {
  readonly name: string;
  readonly namespace: string;
}

/** A chart that was rendered. */
export interface RenderedChart {
  /** One file per template, `templates/deployment.yaml`, and one per definition, `crds/...`. */
  readonly files: FileSet;
  /** What a reviewer should know. */
  readonly warnings: readonly string[];
}

/** Template functions that may give another text each time. */
const unsteady =
  /\b(rand(AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|shuffle|uuidv4|now|gen(CA|SelfSignedCert|SignedCert|PrivateKey)\w*|htpasswd|bcrypt|lookup)\b/;

/**
 * Renders a chart (from its own folder) with the real Helm. Hooks are left out and told: what is in a snapshot is applied, not
 * installed. The same chart and values must give the same text. `values` is given beside the chart's own, as text.
 * Throws `product.chart-invalid`, `product.chart-not-deterministic` and the bounds of `runProgram`.
 */
export async function renderChart(
  files: FileSet,
  release: Release,
  where: string,
  options: ProgramOptions,
  values?: string,
): Promise<RenderedChart> {
  const inside = new Map([...files].map(([path, content]) => [`chart/${path}`, content]));
  if (values !== undefined) inside.set('values.yaml', Buffer.from(values));
  // The salt makes a run one of its own: a result that is remembered says nothing about whether it comes again.
  const run = (salt: string): Promise<ProgramResult> =>
    runProgram(
      {
        name: 'helm',
        args: [
          'template',
          release.name,
          'chart',
          `--namespace=${release.namespace}`,
          '--include-crds',
          '--no-hooks',
          ...(values === undefined ? [] : ['--values=values.yaml']),
        ],
        files: salt === '' ? inside : new Map([...inside, [salt, Buffer.from(salt)]]),
        what: 'The chart cannot be rendered',
        where,
      },
      options,
    );
  const { code, stdout, stderr } = await run('');
  if (code !== 0) {
    throw new AirlockError({
      code: 'product.chart-invalid',
      message: `Helm cannot render the chart: ${said(stderr)}`,
      remedy:
        'Correct the values if it is they who do not fit; otherwise it is the vendor who has to correct the chart',
      where,
    });
  }
  const templates = [...files].filter(([path]) => /(^|\/)templates\//.test(path));
  const texts = templates.map(([path, content]) => ({ path, text: Buffer.from(content).toString('utf8') }));
  const suspect = texts.find(({ text }) => unsteady.test(text));
  if (suspect && (await run('again')).stdout !== stdout) {
    throw new AirlockError({
      code: 'product.chart-not-deterministic',
      message: `The chart gives another text each time it is rendered (${unsteady.exec(suspect.text)?.[0] ?? ''} in ${suspect.path})`,
      remedy: 'Set the value that it makes up by itself, such as a password, from an existing Secret',
      where,
    });
  }
  const hooks = texts.filter(({ path, text }) => /helm\.sh\/hook["']?:/.test(text) && !/(^|\/)tests?\//.test(path));
  return {
    files: templateFiles(stdout),
    warnings: hooks.map(({ path }) => `The chart's hook ${path} is not run: Flux applies what the chart renders.`),
  };
}

function said(stderr: string): string {
  const text = stderr
    .trim()
    .replace(/^Error: /, '')
    .replace(/\n+Use --debug flag.*$/s, '');
  return text.slice(0, 1500);
}

/** Helm writes one stream; `# Source: chart/templates/x.yaml` says where a document comes from. */
function templateFiles(stream: string): FileSet {
  const files = new Map<string, string>();
  for (const part of stream.split(/^---\n(?=# Source: )/m)) {
    const source = /^# Source: [^/\n]+\/(.+)\n/.exec(part);
    if (!source?.[1]) continue;
    const body = part.slice(source[0].length);
    const path = source[1];
    const before = files.get(path);
    files.set(path, before === undefined ? body : `${before}---\n${body}`);
  }
  return new Map([...files].map(([path, text]) => [path, Buffer.from(text)]));
}
