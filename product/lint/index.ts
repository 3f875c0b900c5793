export { constructorNames, constructorReaders, type ConstructorOptions } from './constructor-reader';
export { lintProduct } from './lint';
export type { LintFinding } from './findings';
