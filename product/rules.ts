import { cueFaults } from './cue';
import type { FileSet } from './file-set';
import type { ProgramOptions } from './program-run';
import { regoFaults } from './rego';
import type { RuleFault, RuleText } from './rule';
import { isTar, readTar } from './tar';
import type { ValueMap } from './value';

/** The validation rules that a component ships for a pipeline. */
export interface Rules {
  readonly language: 'cue' | 'rego';
  readonly files: readonly RuleText[];
}

/** Reads a resource of rules: one file of CUE or Rego, or an archive of files of one of them. */
export async function readRules(bytes: Uint8Array, where: string): Promise<Rules> {
  const files: FileSet = isTar(bytes) ? await readTar(bytes, where) : new Map([['', bytes]]);
  const texts = [...files]
    .filter(([path]) => path === '' || /\.(cue|rego)$/.test(path))
    .map(([path, content]) => ({
      path,
      text: Buffer.from(content).toString('utf8'),
      where: path === '' ? where : `${where} ${path}`,
    }));
  const rego = texts.some(({ path, text }) => (path === '' ? isRego(text) : path.endsWith('.rego')));
  return { language: rego ? 'rego' : 'cue', files: texts.map(({ text, where: place }) => ({ text, where: place })) };
}

/** Both languages begin with a package; only Rego has rules that deny, and `:=`. */
function isRego(text: string): boolean {
  const code = text.replace(/^\s*(#|\/\/).*$/gm, '');
  return (
    /^\s*package\s+[\w.]+/.test(code) &&
    /(^|\n)\s*(deny|violation|default|import\s+(rego|future|data|input))\b|:=/.test(code)
  );
}

/** What the rules of a pipeline reject in the values of all pipelines. Runs the real CUE or OPA. */
export function ruleFaults(
  rules: Rules,
  pipeline: string,
  values: ValueMap,
  options: ProgramOptions,
): Promise<RuleFault[]> {
  return rules.language === 'rego'
    ? regoFaults(rules.files, pipeline, values, options)
    : cueFaults(rules.files, values, options);
}
