export { goFloat } from './go-number';
export * from './json';
export type { ReadLimits } from './problem';
export * from './read';
export type { ReadDocument } from './rich-text';
export { resolvePlainScalar } from './scalars';
export { writeYaml } from './write';
