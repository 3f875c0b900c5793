import { AirlockError } from '../report';

/** The languages that products are written in beside YAML, by the program that speaks them. */
export const programNames = ['cue', 'helm', 'kustomize', 'opa'] as const;
export type ProgramName = (typeof programNames)[number];

/**
 * The real programs, given from outside: each answers with the path of an executable, and is asked only when a product needs it,
 * so that nothing is built or downloaded for a product of plain manifests. Asking again is cheap.
 */
export type Programs = Readonly<Record<ProgramName, () => Promise<string>>>;

/** Where no programs are to be had: a product that needs one is `product.program-missing`. */
export const noPrograms: Programs = {
  cue: () => Promise.reject(missing('cue')),
  helm: () => Promise.reject(missing('helm')),
  kustomize: () => Promise.reject(missing('kustomize')),
  opa: () => Promise.reject(missing('opa')),
};

function missing(name: ProgramName): AirlockError {
  return new AirlockError({
    code: 'product.program-missing',
    message: `The product needs the program ${name}, which is not here`,
    remedy: 'Run where the programs of the rule languages are: `airlock images list` shows them',
  });
}
