import { AirlockError } from '../../report';

/** Something that the vendor should correct before a release: an error refuses it, a warning does not. */
export interface LintFinding {
  readonly severity: 'error' | 'warning';
  /** `product.path-matches-nothing`, ... */
  readonly code: string;
  readonly message: string;
  /** `file:line:column`, as near as it is known. */
  readonly where: string;
  readonly remedy?: string;
}

/** Collects what is found, so that one run tells everything. */
export class Findings {
  readonly all: LintFinding[] = [];

  /** The result of a step; a typed error becomes a finding, and the step has no result. Defects and aborts are thrown on. */
  async step<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AirlockError) || /interrupted|aborted/.test(error.code)) throw error;
      const { code, message, remedy, where } = error;
      this.add({ severity: 'error', code, message, where: where ?? '', ...(remedy !== undefined && { remedy }) });
      return undefined;
    }
  }

  add(finding: LintFinding): void {
    const known = this.all.some(each => each.message === finding.message && each.where === finding.where);
    if (!known) this.all.push(finding);
  }
}
