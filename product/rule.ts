/** Rules of one language, and where they stand. */
export interface RuleText {
  readonly text: string;
  /** `component:version resource name`, with the file in an archive. */
  readonly where: string;
}

/** What a rule rejects. */
export interface RuleFault {
  /** In all values, the pipeline first; as far as the rule says. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Place of the rule, as near as its language tells. */
  readonly rule: string;
}
